"""The catalogue: shelves of records, each file read when it is asked for; a folder of the user's own lies over ours."""

import datetime as dt
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.catalogue.calibration import read_calibration
from lockgate.catalogue.chips import Chip
from lockgate.catalogue.models import ModelArchitecture
from lockgate.catalogue.parties import PartyRecord
from lockgate.catalogue.places import Place
from lockgate.catalogue.records import Origin
from lockgate.catalogue.shelf import Shelf, names_of, near_names, read_toml
from lockgate.catalogue.sources import Source
from lockgate.catalogue.systems import System

if TYPE_CHECKING:
    from lockgate.catalogue.law import Law, Provision

DATA = Path(__file__).parents[1] / "data"


class Catalogue:
    """Everything Lockgate knows before it is asked: ours, with a folder of the user's own over it.

    To add an area, give it a shelf here and a method that reads it.

    Args:
        folders: Folder of each origin, ours first.
    """

    def __init__(self, folders: Mapping[Origin, Path]) -> None:
        self.folders = folders
        self.chip_shelf = Shelf("chips", Chip, "chip", folders)
        self.system_shelf = Shelf("systems", System, "system", folders)
        self.place_shelf = Shelf("places", Place, "place", folders)
        self.party_shelf = Shelf("parties", PartyRecord, "party", folders)
        self.model_shelf = Shelf("models", ModelArchitecture, "model", folders)
        self._calibrations: dict[str, Mapping[str, Any]] = {}
        self.source_shelf = Shelf("sources", Source, "source", folders)

    @property
    def shelves(self) -> tuple[Shelf[Any], ...]:
        """Every shelf."""
        return tuple(value for value in vars(self).values() if isinstance(value, Shelf))

    def check_user_folder(self) -> None:
        """Read everything in the user's folder and check it against the whole catalogue.

        Raises:
            InvalidInputError: Every problem of every file at once: what a schema refuses, a source that does not exist,
                a name another record has, a folder or file that would be ignored.
        """
        problems = ProblemCollector()
        areas = {shelf.area for shelf in self.shelves} | {"calibration"}
        folder = self.folders["user"]
        strange = [
            entry.name
            for entry in sorted(folder.iterdir())
            if not entry.name.startswith(".")
            and ((entry.is_dir() and entry.name not in areas) or entry.suffix == ".toml")
        ]
        if strange:
            shown = ", ".join(strange[:5]) + (f" and {len(strange) - 5} more" if len(strange) > 5 else "")
            hint = f"folders are {', '.join(sorted(areas))}, with TOML files inside"
            problems.add(f"would be ignored: {shown}", code="unknown-area", where=str(folder), hint=hint)
        for shelf in self.shelves:
            for record_id in shelf.ids_of_user():
                with problems.at():
                    self.check_user_record(shelf, record_id, problems)
        problems.raise_if_any()

    def check_user_record(self, shelf: Shelf[Any], record_id: str, problems: ProblemCollector) -> None:
        """Read one record of the user's and note what does not fit the rest of the catalogue.

        Raises:
            InvalidInputError: Where its schema refuses it.
        """
        record = shelf[record_id]
        where = str(shelf.path(record_id))
        for source in record.sources() if hasattr(record, "sources") else ():
            if source not in self.source_shelf:
                hint = near_names(source, self.source_shelf.ids()) or f"add sources/{source}.toml"
                problems.add(f"there is no source {source!r}", code="unknown-source", where=where, hint=hint)
        if shelf is self.source_shelf:
            return
        for other in shelf.ids():
            shared = (
                set()
                if other == record_id or shelf.is_broken(other)
                else names_of(record) & names_of(shelf[other])
            )
            if shared:
                problems.add(
                    f"has the name {min(shared)!r} of {other!r}",
                    code="name-taken",
                    where=where,
                    hint="give it another",
                )

    def chip(self, name: str) -> Chip:
        """A chip by its id, name or alias.

        Raises:
            LockgateError: ``unknown-chip``, with near names.
        """
        return self.chip_shelf.find(name)

    def chips(self) -> tuple[Chip, ...]:
        """Every chip, by id."""
        return tuple(self.chip_shelf)

    def system(self, name: str) -> System:
        """A system by its id, name or alias.

        Raises:
            LockgateError: ``unknown-system``, with near names.
        """
        return self.system_shelf.find(name)

    def systems(self) -> tuple[System, ...]:
        """Every system, by id."""
        return tuple(self.system_shelf)

    def place(self, name: str) -> Place:
        """A place by its two-letter code, name or alias.

        Raises:
            LockgateError: ``unknown-place``, with near names.
        """
        return self.place_shelf.find(name.lower() if len(name) == 2 and name.isascii() else name)

    def places(self) -> tuple[Place, ...]:
        """Every place, by code."""
        return tuple(self.place_shelf)

    def party(self, name: str) -> PartyRecord:
        """A known party by its id, name or alias.

        Raises:
            LockgateError: ``unknown-party``, with near names.
        """
        return self.party_shelf.find(name)

    def parties(self) -> tuple[PartyRecord, ...]:
        """Every known party, by id."""
        return tuple(self.party_shelf)

    def model(self, name: str) -> ModelArchitecture:
        """A model architecture by its id, name or alias.

        Raises:
            LockgateError: ``unknown-model``, with near names.
        """
        return self.model_shelf.find(name)

    def models(self) -> tuple[ModelArchitecture, ...]:
        """Every model architecture, by id."""
        return tuple(self.model_shelf)

    @cached_property
    def alpha_2(self) -> Mapping[str, str]:
        """Three-letter code of a place to its two-letter code (ISO 3166)."""
        lines = (DATA / "codes" / "iso3166.csv").read_text(encoding="utf-8").split()[1:]
        return dict(line.split(",") for line in lines)

    @cached_property
    def law(self) -> "Law":
        """Every provision, and which of them hold on a day."""
        from lockgate.catalogue.law import read_law

        @lru_cache(maxsize=65536)
        def groups(code: str, on: dt.date, known_at: dt.date | None) -> frozenset[str]:
            return self.place(code).groups(on, known_at) if code.lower() in self.place_shelf else frozenset()

        def group_days() -> set[dt.date]:
            held = (membership for place in self.place_shelf for membership in place.memberships)
            return {day for each in held for day in (each.from_on, each.until_on) if day is not None}

        return read_law(self.folders["lockgate"] / "law", groups, group_days)

    def provision(self, provision_id: str) -> "Provision":
        """A provision by its id.

        Raises:
            LockgateError: ``unknown-provision``.
        """
        return self.law.provision(provision_id)

    def provisions(self, prefix: str = "") -> "tuple[Provision, ...]":
        """Every provision whose id begins with ``prefix``, by id."""
        return self.law.provisions(prefix)

    def calibration(self, name: str) -> Mapping[str, Any]:
        """A calibration, with the user's own tables (``calibration/NAME.toml``) over ours.

        Args:
            name: Such as ``kernels``.

        Raises:
            LockgateError: ``unknown-calibration``, or where the user's file cannot be read.
        """
        if name not in self._calibrations:
            found = dict(read_calibration(name))
            own = self.folders.get("user")
            path = own / "calibration" / f"{name}.toml" if own else None
            if path and path.is_file():
                for key, value in read_toml(path, exact=False).items():
                    held = found.get(key)
                    found[key] = {**held, **value} if isinstance(held, dict) else value
            self._calibrations[name] = found
        return self._calibrations[name]

    def source(self, source_id: str) -> Source:
        """A source by its id.

        Raises:
            LockgateError: ``unknown-source``, with near names.
        """
        return self.source_shelf[source_id]

    def sources(self) -> tuple[Source, ...]:
        """Every source, by id."""
        return tuple(self.source_shelf)


@cache
def load_catalogue(data_folder: Path | None = None) -> Catalogue:
    """The catalogue, with the user's folder over it where one is given.

    Args:
        data_folder: The user's own folder, laid out as ours: ``chips/my-chip.toml``, ``sources/my-source.toml`` ….

    Raises:
        LockgateError: ``no-such-folder``.
        InvalidInputError: Every problem of every file in the user's folder.
    """
    if data_folder is None:
        return Catalogue({"lockgate": DATA})
    if not data_folder.is_dir():
        raise LockgateError(
            f"{str(data_folder)!r} is not a folder", code="no-such-folder",
            hint="give --data, or LOCKGATE_DATA, a folder with chips/, systems/, parties/, places/ or sources/",
        )  # fmt: skip
    catalogue = Catalogue({"lockgate": DATA, "user": data_folder})
    catalogue.check_user_folder()
    return catalogue
