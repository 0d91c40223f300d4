"""Cases as pages and API share them: one case as the visitor reads it, the filters of the list and its rows, page by page."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi import Request

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.casework.states import CaseState
from lockgate.services.access import Visitor
from lockgate.services.case_lists import list_cases
from lockgate.services.case_queues import CaseCounter, mask_rows
from lockgate.services.case_reading import CaseReading, open_reading
from lockgate.services.people import list_people
from lockgate.services.practice import list_kinds, load_practice
from lockgate.services.registry import Registry
from lockgate.web.site import site_of

FILTERS = ("state", "kind", "applicant", "assigned_to", "queue")
PENDING = (
    "registered,initial_review,held,referred,recommendations_in,operating_committee,advisory_committee,"
    "review_board,president"
)
PROPOSED = "approval_proposed,denial_proposed,return_proposed,no_licence_needed_proposed,revocation_proposed"
STATE_TAGS: Mapping[str, str] = {
    "approved": "met", "denied": "not-met", "revoked": "not-met", "suspended": "not-met", "intent_to_deny": "not-met",
    "referred": "undetermined", "paused": "undetermined", "held": "undetermined",
    **dict.fromkeys(PROPOSED.split(","), "undetermined"),
}  # fmt: skip
COUNTER = CaseCounter()


def reading_of(request: Request, visitor: Visitor, case_id: str) -> CaseReading:
    """A case as the visitor reads it.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed``.
    """
    return open_reading(site_of(request).registry, visitor.actor, case_id)


@cache
def kind_titles() -> Mapping[str, str]:
    """Title of every kind of case, by id."""
    return {name: load_practice(name).kind.title for name in list_kinds()}


@cache
def clock_titles(kind: str) -> Mapping[str, str]:
    """Title of every clock of a kind, by id."""
    procedure = load_practice(kind).procedure
    return {clock.id: clock.title for clock in procedure.clocks} if procedure else {}


def list_rows(
    registry: Registry, visitor: Visitor, filters: Mapping[str, str], after: tuple[str, str] | None, limit: int
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of a page, with what the visitor may not see of them withheld.

    Raises:
        LockgateError: ``bad-filter``, ``not-allowed``.
    """
    for name, value in [*filters.items(), ("after", "".join(after or ()))]:
        if not value.isprintable():
            raise LockgateError("this cannot be looked for", code="bad-filter", where=name)
    person = visitor.actor
    rows = list_cases(registry, person, **filters, after=after, limit=limit)
    return mask_rows(registry, person, rows)


def every_row(registry: Registry, visitor: Visitor, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Every row under the filters, page by page."""
    after: tuple[str, str] | None = None
    while rows := list_rows(registry, visitor, filters, after, 200):
        yield from rows
        after = rows[-1]["changed_at"], rows[-1]["id"]


def mark_of(row: Mapping[str, Any]) -> str:
    """Where the next page goes on."""
    return f"{row['changed_at']}~{row['id']}"


def read_after(text: str) -> tuple[str, str] | None:
    """Where a page begins.

    Raises:
        LockgateError: ``bad-mark``.
    """
    if not text:
        return None
    changed_at, mark, case_id = text.partition("~")
    if not mark or not case_id:
        raise LockgateError(
            "the page's mark is broken", code="bad-mark", where="after", hint="take it from the page before"
        )
    return changed_at, case_id


def check_states(text: str) -> None:
    """Make sure that a filter names states.

    Raises:
        InvalidInputError: ``bad-choice`` for each that is none.
    """
    known = {state.value for state in CaseState}
    wrong = [
        LockgateError(f"there is no state {name!r}", code="bad-choice", where="state", hint=", ".join(sorted(known)))
        for name in text.split(",")
        if name and name not in known
    ]  # fmt: skip
    if wrong:
        raise InvalidInputError(wrong)


def officer_ids(registry: Registry) -> list[str]:
    """Ids of the people a case can be assigned to."""
    return [
        person.id for person in list_people(registry) if "officer" in {str(role) for role in person.roles}
    ]
