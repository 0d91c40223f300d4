"""One case as one person reads it: what they may see, what is withheld, what they may do; reading the restricted parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.advice import Consolidation, consolidate
from lockgate.casework.authorisation import sees, view_case
from lockgate.casework.case import Case
from lockgate.casework.clocks import Deadline
from lockgate.casework.completeness import Task
from lockgate.casework.history import Event
from lockgate.casework.kinds import Practice, Routing
from lockgate.casework.roles import Actor, Visibility
from lockgate.casework.states import Action, CaseState
from lockgate.services.case_lists import open_clocks
from lockgate.services.case_record import (
    case_actions,
    case_deadlines,
    case_routing,
    case_stream,
    case_tasks,
    read_case,
    removable_conditions,
)
from lockgate.services.case_view import plain
from lockgate.services.ledger import OFFICIALS
from lockgate.services.people import WITHHELD, masked_party
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store.work import Work

RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class CaseReading:
    """A case as one person may read it.

    Attributes:
        case: All of it: for forms and decisions, never to be shown as it is.
        practice: Its kind, clocks and calendar.
        events: Its events.
        shown: Attribute, or ``fields.…``, to its value.
        withheld: Names of what is there and not shown.
        restricted: Names that the person may have shown by giving a reason.
        actions: What the person may do to it now.
        tasks: What the application needs.
        deadlines: Its clocks.
        parties: Party id to name, ``withheld`` where the name is.
        removable: Ids of the conditions that the person may remove.
    """

    case: Case
    practice: Practice
    events: tuple[Event, ...]
    shown: Mapping[str, Any]
    withheld: tuple[str, ...]
    restricted: tuple[str, ...]
    actions: tuple[str, ...]
    tasks: tuple[Task, ...]
    deadlines: Mapping[str, Deadline]
    parties: Mapping[str, str]
    removable: tuple[str, ...] = ()

    def shows(self, name: str) -> bool:
        """Whether a part is shown."""
        return name in self.shown

    @property
    def is_party(self) -> bool:
        """Whether the person sees what the parties see."""
        return "applicant" in self.shown

    @property
    def is_review(self) -> bool:
        """Whether the person sees what the reviewers see, so that an empty list of advice means that there is none."""
        return "review" in self.shown

    def positions(self, registry: Registry) -> Consolidation | None:
        """The agencies' positions today; None where the person may not see them."""
        return consolidate(self.case, registry.today()) if self.is_review else None

    def routing(self) -> Routing | None:
        """Where the rules send the case; None where the person may not see it."""
        found: Routing = case_routing(self.case)
        return found if self.is_review else None

    def running(self) -> frozenset[str]:
        """Ids of the clocks that still matter."""
        return frozenset(open_clocks(self.case, self.deadlines))

    def as_dict(self) -> dict[str, Any]:
        """The case as plain data; what is there and not shown says ``withheld``."""
        fields = {
            name.removeprefix("fields."): plain(value)
            for name, value in self.shown.items()
            if name.startswith("fields.")
        }
        own = {
            name: plain(value)
            for name, value in self.shown.items()
            if "." not in name and name not in ("review", "fields")
        }
        for name in self.withheld:
            if name.startswith("fields."):
                fields[name.removeprefix("fields.")] = WITHHELD
            else:
                own[name] = WITHHELD
        found = {**own, "version": self.case.version, "fields": fields, "actions": list(self.actions)}
        if self.is_party:
            found["tasks"] = [plain(task) for task in self.tasks]
            found["deadlines"] = {
                name: plain(item) for name, item in self.deadlines.items() if item.started_on or item.standing
            }
        return found


def open_reading(
    registry: Registry, person: Actor, case_id: str, *, reason: str = "", key: str = ""
) -> CaseReading:
    """Read a case.

    Parts that only few may read stay withheld until a reason is given; that they were read, by whom and why, is recorded.

    Args:
        registry: Whose record.
        person: Who reads.
        case_id: Which case.
        reason: Why the restricted parts are read; empty: they are not.
        key: Idempotency key of the record of that.

    Raises:
        LockgateError: ``unknown-case``: where there is none, or the person has nothing to do with it;
            ``not-allowed``, where a reason is given by somebody not entitled.
    """
    if not case_id.isprintable():  # no number is like that, and a database may refuse to look for it
        raise LockgateError("there is no such case", code="unknown-case", where="case")
    with registry.read() as work:
        events = tuple(work.events(case_stream(case_id)))
        case = read_case(work, events) if events else None
        if case is None or not may_open(case, person):
            raise LockgateError(f"there is no case {case_id!r}", code="unknown-case", where="case")
        practice = load_practice(case.kind)
        removable = tuple(removable_conditions(registry, case, person))
        actions = (
            *case_actions(registry, case, person),
            *([str(Action.REMOVE_CONDITION)] if removable else []),
        )
        view = view_case(case, practice.kind, person)
        shown, withheld, restricted = dict(view.shown), list(view.withheld), list(view.restricted)
        if case.state is CaseState.DRAFT and str(Action.EDIT) in actions:  # those who write it read it
            shown |= {f"fields.{name}": answer for name, answer in case.fields.items()}
            withheld = [name for name in withheld if not name.startswith("fields.")]
            restricted = []
        if not reason:
            for name in restricted:
                del shown[name]
        if Visibility.REVIEW in sees(case, person):
            shown["review"] = True
        parties = party_names(work, named_parties(practice, shown))
    if reason:
        note_reading(registry, person, case, restricted, reason, key)
        restricted = []
    return CaseReading(
        case, practice, events, shown, (*withheld, *restricted), tuple(restricted), actions, case_tasks(case),
        case_deadlines(registry, case, person), parties, removable,
    )  # fmt: skip


def may_open(case: Case, person: Actor) -> bool:
    """Whether a person may open a case's page: whoever sees more than the public does, and officials in any case."""
    return any(person.holds(role) for role in OFFICIALS) or sees(case, person) > {Visibility.PUBLIC}


def note_reading(
    registry: Registry, person: Actor, case: Case, names: Iterable[str], reason: str, key: str = ""
) -> None:
    """Record that somebody entitled read restricted parts of a case.

    Raises:
        LockgateError: ``not-allowed``, where there is nothing restricted that the person may read.
    """
    read = sorted(names)
    if not read:
        raise LockgateError(f"{case.id} has nothing restricted that {person.id} may read", code="not-allowed")
    with registry.work() as work:
        if key and work.lock().event_with_key(key):
            return
        data = {"case": case.id, "fields": read, "reason": reason}
        work.append(f"person:{person.id}", "SecretRead", data, actor=person.id, key=key)


def named_parties(practice: Practice, shown: Mapping[str, Any]) -> list[str]:
    """Ids of the parties that the shown parts of a case name."""
    answers = [shown.get("applicant")]
    answers += [
        shown.get(f"fields.{item.id}") for item in practice.kind.fields if item.type in ("party", "parties")
    ]
    found = [one for answer in answers for one in ([answer] if isinstance(answer, str) else answer or ())]
    return list(dict.fromkeys(str(one) for one in found))


def party_names(work: Work, ids: Iterable[str]) -> dict[str, str]:
    """Names of those parties that are entered here; ``withheld`` where the name is."""
    wanted = list(ids)
    if not wanted:
        return {}
    return {item.id: str(masked_party(item)["name"]) for item in work.items("party", ids=wanted)}
