"""The catalogue: shelves of records, each file read when it is asked for; a folder of the user's own lies over ours."""

import datetime as dt
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError

from lockgate.base.errors import InvalidInputError, LockgateError, ProblemCollector, problems_from_validation
from lockgate.catalogue.calibration import read_calibration
from lockgate.catalogue.chips import Chip
from lockgate.catalogue.models import ModelArchitecture
from lockgate.catalogue.parties import PartyRecord
from lockgate.catalogue.places import Place
from lockgate.catalogue.records import CatalogueRecord, Origin
from lockgate.catalogue.sources import Source
from lockgate.catalogue.systems import System

if TYPE_CHECKING:
    from lockgate.catalogue.law import Law, Provision

DATA = Path(__file__).parents[1] / "data"
Item = TypeVar("Item", bound=CatalogueRecord)


def near_names(name: str, names: Mapping[str, str] | Iterable[str]) -> str:
    """A hint that names what is nearest to ``name``; empty where nothing is near.

    Args:
        name: What was asked for.
        names: The names there are; or folded names, each with what to call it in the hint.

    >>> near_names("h200-sxn", ["h200-sxm", "h100-sxm", "mi300x"])
    'did you mean h200-sxm, h100-sxm?'
    """
    from rapidfuzz import fuzz, process

    called = names if isinstance(names, Mapping) else {fold_name(known): known for known in names}
    found = process.extract(fold_name(name), list(called), scorer=fuzz.ratio, limit=8, score_cutoff=70)
    near = list(dict.fromkeys(called[known] for known, _, _ in found))[:3]
    return f"did you mean {', '.join(near)}?" if near else ""


class Shelf(Generic[Item]):
    """The records of one area: a mapping from id to record that reads a file when it is asked for.

    Args:
        area: Name of the folder under ``data/`` and under the user's folder: ``chips``.
        record: Schema of a file.
        noun: What one is called in messages: ``chip``. An unknown id is the error ``unknown-chip``.
        folders: Folders with that area, ours first; a later one overrides an earlier one.
    """

    def __init__(self, area: str, record: type[Item], noun: str, folders: Mapping[Origin, Path]) -> None:
        self.area = area
        self._record = record
        self._noun = noun
        self._folders = folders
        self._read: dict[str, Item] = {}

    @cached_property
    def _files(self) -> dict[str, tuple[Origin, Path]]:
        found: dict[str, tuple[Origin, Path]] = {}
        for origin, folder in self._folders.items():
            root = folder / self.area
            for path in sorted(root.rglob("*.toml")):
                found[".".join(path.relative_to(root).with_suffix("").parts)] = (origin, path)
        return found

    def ids(self) -> list[str]:
        """Every id, sorted."""
        return sorted(self._files)

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._files

    def __getitem__(self, record_id: str) -> Item:
        if record_id not in self._read:
            if record_id not in self._files:
                raise LockgateError(
                    f"there is no {self._noun} {record_id!r}",
                    code=f"unknown-{self._noun}",
                    hint=near_names(record_id, self.ids()),
                )
            self._read[record_id] = read_record(*self._files[record_id], record_id, self._record)
        return self._read[record_id]

    def __iter__(self) -> Iterator[Item]:
        """Every record, by id.

        Raises:
            InvalidInputError: Every problem of every file of the area at once.
        """
        problems = ProblemCollector()
        records = []
        for record_id in self.ids():
            with problems.at():
                records.append(self[record_id])
        problems.raise_if_any()
        return iter(records)

    def ids_of_user(self) -> list[str]:
        """Ids of the records from the user's own folder, sorted."""
        return [record_id for record_id in self.ids() if self._files[record_id][0] == "user"]

    def is_broken(self, record_id: str) -> bool:
        """Whether the file of a record cannot be read."""
        try:
            self[record_id]
        except LockgateError:
            return True
        return False

    def path(self, record_id: str) -> Path:
        """The file of a record."""
        return self._files[record_id][1]

    def find(self, name: str) -> Item:
        """The record with this id, name or alias; letters large or small, spaces and hyphens alike.

        Raises:
            LockgateError: ``unknown-…``, with near names.
        """
        if name in self._files:
            return self[name]
        record_id = self._ids_by_name.get(fold_name(name))
        if record_id is not None:
            return self[record_id]
        raise LockgateError(
            f"there is no {self._noun} {name!r}",
            code=f"unknown-{self._noun}",
            hint=near_names(name, self._ids_by_name),
        )

    @cached_property
    def _ids_by_name(self) -> dict[str, str]:
        return {name: record.id for record in self for name in names_of(record)}


def fold_name(name: str) -> str:
    """A name without the differences people do not mean.

    >>> fold_name("H200  SXM") == fold_name("h200-sxm")
    True
    """
    return "-".join(name.casefold().replace("-", " ").replace("_", " ").split())


def names_of(record: CatalogueRecord) -> set[str]:
    """The folded names a record is found by: id, name and aliases."""
    names = (record.id, getattr(record, "name", ""), *getattr(record, "aliases", ()))
    return {fold_name(name) for name in names if name}


def read_record(origin: Origin, path: Path, record_id: str, record: type[Item]) -> Item:
    """One file as a record.

    Raises:
        InvalidInputError: Every problem of the file, each with the file's name and the path inside it.
    """
    try:
        return check_record(read_toml(path), origin, record_id, record)
    except LockgateError as error:
        raise InvalidInputError([error]).within(str(path)) from None


def check_record(data: dict[str, Any], origin: Origin, record_id: str, record: type[Item]) -> Item:
    """What a file holds, as a record with the id its name gives it.

    Raises:
        LockgateError: Every problem of the data at once.
    """
    problems = ProblemCollector()
    if data.setdefault("id", record_id) != record_id:
        hint = f"name the file {data['id']}.toml, or leave the id out"
        problems.add(
            f"the file holds the id {data['id']!r}", code="id-is-not-file-name", where=("id",), hint=hint
        )
    if data.pop("origin", origin) != origin:
        problems.add("the folder gives the origin, not the file", code="unknown-field", where=("origin",))
    try:
        checked = record.model_validate({**data, "origin": origin})
    except ValidationError as error:
        raise InvalidInputError([*problems.problems, problems_from_validation(error)]) from None
    problems.raise_if_any()
    return checked


def read_toml(path: Path, *, exact: bool = True) -> dict[str, Any]:
    """A TOML file with its numbers exact.

    Args:
        path: Of the file.
        exact: Decimals; floats if not.

    Raises:
        LockgateError: ``unreadable-file`` or ``bad-toml``.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal if exact else float)
    except (OSError, UnicodeDecodeError) as error:
        raise LockgateError(f"cannot be read: {error}", code="unreadable-file") from None
    except (
        ValueError,
        ArithmeticError,
        RecursionError,
    ) as error:  # besides a syntax error: a number beyond all bounds
        raise LockgateError(f"is not TOML that can be read: {error}", code="bad-toml") from None


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
