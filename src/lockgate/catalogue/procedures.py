"""The files of ``data/casework``: procedures, order rules, measures, case kinds. Read here, given their meaning by casework."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.catalogue.loading import DATA
from lockgate.catalogue.shelf import fold_name, near_names, read_toml

Tables = Mapping[str, Any]


@cache
def read_procedures(area: str, data_folder: Path | None = None) -> Mapping[str, Tables]:
    """Every file of an area of ``casework``, by id: its name without the ending, with folders joined by dots.

    Args:
        area: ``rules``, ``measures``, ``clocks``, ``calendars`` or ``kinds``.
        data_folder: The user's own folder; its files override ours of the same id.

    Raises:
        InvalidInputError: Where a file is no TOML or holds another id than its name gives it.
    """
    found: dict[str, Tables] = {}
    for folder in (DATA, *([data_folder] if data_folder else [])):
        root = folder / "casework" / area
        for path in sorted(root.rglob("*.toml")):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            try:
                raw = read_toml(path)
            except LockgateError as error:
                raise InvalidInputError([error]).within(str(path)) from None
            if raw.setdefault("id", name) != name:
                raise LockgateError(
                    f"the file holds the id {raw['id']!r}", code="id-is-not-file-name", where=(str(path), "id"),
                    hint=f"name the file {raw['id']}.toml, or leave the id out",
                )  # fmt: skip
            found[name] = raw
    return found


def find_procedure(area: str, name: str, data_folder: Path | None = None) -> Tables:
    """The tables of one file, by id or alias; letters large or small, spaces, hyphens and underscores alike.

    Raises:
        LockgateError: ``unknown-procedure``, with near names.

    >>> find_procedure("rules", "SIMULTANEOUS_COEFFICIENT")["id"]
    'eu-quota.coefficient'
    """
    every, wanted = read_procedures(area, data_folder), fold_name(name)
    for raw in every.values():
        if wanted in {fold_name(alias) for alias in (raw["id"], *raw.get("aliases", ()))}:
            return raw
    names = [alias for raw in every.values() for alias in (raw["id"], *raw.get("aliases", ()))]
    raise LockgateError(
        f"there is no {name!r} among the {area} of casework", code="unknown-procedure",
        hint=near_names(name, names) or "one of " + ", ".join(sorted(every)),
    )  # fmt: skip
