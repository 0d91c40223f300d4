"""Case kinds with their clocks and calendars, put together from the catalogue's files."""

from functools import cache
from pathlib import Path

from lockgate.casework.calendars import WEEKENDS, parse_calendar
from lockgate.casework.clocks import parse_procedure
from lockgate.casework.kinds import Practice, parse_kind
from lockgate.casework.measures import AnyMeasure, parse_measure
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.catalogue.procedures import find_procedure, read_procedures


@cache
def load_practice(kind: str, data_folder: Path | None = None) -> Practice:
    """A case kind by its id or another name, with the clocks and the calendar it runs by.

    Args:
        kind: Such as ``export-licence``.
        data_folder: The user's own folder, over ours.

    Raises:
        LockgateError: ``unknown-procedure``, with near names.

    >>> load_practice("export-licence").procedure.id
    'us-bis'
    """
    manifest = parse_kind(find_procedure("kinds", kind, data_folder))
    if not manifest.procedure:
        return Practice(manifest)
    procedure = parse_procedure(find_procedure("clocks", manifest.procedure, data_folder))
    calendar = WEEKENDS
    if procedure.calendar:
        calendar = parse_calendar(find_procedure("calendars", procedure.calendar, data_folder))
    return Practice(manifest, procedure, calendar)


def list_kinds(data_folder: Path | None = None) -> tuple[str, ...]:
    """Ids of every case kind."""
    return tuple(read_procedures("kinds", data_folder))


def load_rule(rule: str, data_folder: Path | None = None) -> AllocationRule:
    """An order rule by its id or another name.

    Raises:
        LockgateError: ``unknown-procedure``, with near names.

    >>> load_rule("by-day").title
    'First come, first served by day; the day that overruns is shared in proportion to what was asked'
    """
    return parse_rule(find_procedure("rules", rule, data_folder))


def list_rules(data_folder: Path | None = None) -> tuple[AllocationRule, ...]:
    """Every order rule, by id."""
    return tuple(parse_rule(raw) for raw in read_procedures("rules", data_folder).values())


def load_measure(measure: str, data_folder: Path | None = None) -> AnyMeasure:
    """A measure, such as a tolerance or a ratio cap, by its id or another name.

    Raises:
        LockgateError: ``unknown-procedure``, with near names.
    """
    return parse_measure(find_procedure("measures", measure, data_folder))
