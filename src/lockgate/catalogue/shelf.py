"""A shelf: the records of one kind in folders of files, each read when it is asked for, by id, name or alias."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from lockgate.base.errors import InvalidInputError, LockgateError, ProblemCollector, problems_from_validation
from lockgate.catalogue.records import CatalogueRecord, Origin

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
