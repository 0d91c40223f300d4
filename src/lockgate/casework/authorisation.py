"""Who may do what, made from the table; who may see what, field by field; what the public sees instead."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lockgate.casework.case import Case
from lockgate.casework.kinds import CaseKind
from lockgate.casework.requests import AllocationResult
from lockgate.casework.roles import Actor, Role, Visibility
from lockgate.casework.states import Action, CaseState, Guard
from lockgate.casework.table import TABLE
from lockgate.casework.waiting_list import measure_concentration


@dataclass(frozen=True, slots=True)
class Right:
    """That a role may do something to a case in a state, where the guards agree."""

    role: Role
    action: Action
    state: CaseState
    guards: tuple[Guard, ...]


def list_rights() -> tuple[Right, ...]:
    """Every right there is, by role, action and state; what is not listed is not allowed."""
    rights = [Right(role, row.action, row.source, row.guards) for row in TABLE for role in row.roles]
    order = [list(kind) for kind in (Role, Action, CaseState)]
    return tuple(
        sorted(
            rights,
            key=lambda one: (order[0].index(one.role), order[1].index(one.action), order[2].index(one.state)),
        )
    )


# What may be seen

ATTRIBUTES: Mapping[str, Visibility] = MappingProxyType(
    {
        "id": Visibility.PUBLIC,
        "kind": Visibility.PUBLIC,
        "state": Visibility.PUBLIC,
        "about": Visibility.OFFICE,
        "version": Visibility.OFFICE,
        "queue": Visibility.OFFICE,
        "assigned_to": Visibility.OFFICE,
        "flags": Visibility.OFFICE,
        "dates": Visibility.PARTIES,
        "applicant": Visibility.PARTIES,
        "filed_by": Visibility.PARTIES,
        "granted": Visibility.PARTIES,
        "documents": Visibility.PARTIES,
        "conditions": Visibility.PARTIES,
        "decisions": Visibility.PARTIES,
        "information_requests": Visibility.PARTIES,
        "pauses": Visibility.PARTIES,
        "stops": Visibility.PARTIES,
        "referrals": Visibility.REVIEW,
        "advice": Visibility.REVIEW,
        "proposal": Visibility.REVIEW,
        "recused": Visibility.REVIEW,
        "discrepancies": Visibility.REVIEW,
        "legal_holds": Visibility.RESTRICTED,
    }
)
"""Who may see each part of a case besides the form, whose fields say so themselves."""

EVERYTHING = frozenset(Visibility)
_P, _O, _R = Visibility.PARTIES, Visibility.OFFICE, Visibility.REVIEW
BY_ROLE: Mapping[Role, frozenset[Visibility]] = MappingProxyType(
    {
        Role.PUBLIC: frozenset({Visibility.PUBLIC}),
        Role.APPLICANT: frozenset({Visibility.PUBLIC, _P}),
        Role.LAB: frozenset({Visibility.PUBLIC, _P}),
        Role.ADMINISTRATOR: frozenset({Visibility.PUBLIC, _O}),
        Role.ADVISER: frozenset({Visibility.PUBLIC, _O, _P, _R}),
        Role.OFFICER: EVERYTHING,
        Role.COUNTERSIGNER: EVERYTHING,
        Role.AUDITOR: EVERYTHING,
    }
)
"""What a role sees of a case it has to do with."""


def concerns(case: Case, actor: Actor, role: Role) -> bool:
    """Whether a person has to do with a case in a role, so that they see what the role sees.

    An applicant: the own organisation's case. A laboratory: where the application names it. An adviser: once the agency was
    asked. An official with a tie to the applicant, or who has withdrawn, has nothing to do with it.
    """
    if role is Role.APPLICANT:
        return bool(actor.organisation) and actor.organisation == case.applicant
    if role is Role.LAB:
        named = case.fields.get("laboratory", ())
        return bool(actor.organisation) and actor.organisation in (
            [named] if isinstance(named, str) else named
        )
    if role is Role.ADVISER and actor.agency not in {item.agency for item in case.referrals}:
        return False
    if role in {Role.OFFICER, Role.COUNTERSIGNER, Role.ADVISER}:
        return actor.id not in case.recused and (
            not actor.organisation or actor.organisation != case.applicant
        )
    return True


def sees(case: Case, actor: Actor) -> frozenset[Visibility]:
    """What somebody may see of a case."""
    return frozenset().union(
        *(BY_ROLE[role] for role in Role if actor.holds(role) and concerns(case, actor, role))
    )


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as one person may see it.

    Attributes:
        shown: Attribute or ``fields.…`` to its value.
        withheld: Names of what is there and not shown.
        restricted: Names shown that only a few may read: that they were read is to be recorded.
    """

    shown: Mapping[str, Any]
    withheld: tuple[str, ...]
    restricted: tuple[str, ...]


def view_case(case: Case, kind: CaseKind, actor: Actor) -> CaseView:
    """A case as somebody may see it, field by field."""
    allowed, shown, withheld, restricted = sees(case, actor), dict[str, Any](), list[str](), list[str]()
    for name, value, visibility in _parts(case, kind):
        if visibility not in allowed:
            withheld.append(name)
            continue
        shown[name] = value
        if visibility is Visibility.RESTRICTED:
            restricted.append(name)
    return CaseView(MappingProxyType(shown), tuple(withheld), tuple(restricted))


def _parts(case: Case, kind: CaseKind) -> Iterator[tuple[str, Any, Visibility]]:
    for name, visibility in ATTRIBUTES.items():
        value = getattr(case, name)
        if value or name in {"id", "kind", "state"}:
            yield name, value, visibility
    visible = {item.id: item.visible for item in kind.fields}
    for name, answer in case.fields.items():
        yield f"fields.{name}", answer, visible.get(name, Visibility.REVIEW)


# What the public sees of quantities


def mask_party(party: str, salt: str) -> str:
    """A name that stands for a party throughout one publication, and for nobody without the salt.

    >>> mask_party("bytedance", "a secret of the office") == mask_party("bytedance", "a secret of the office")
    True
    """
    return "party-" + hashlib.sha256(f"{salt}\n{party}".encode()).hexdigest()[:8]


def round_public(units: int) -> str:
    """A quantity as the public sees it: two figures, and nothing exact below ten.

    >>> round_public(0), round_public(7), round_public(48), round_public(413_250)
    ('0', 'fewer than 10', '50', '410,000')
    """
    if units == 0:
        return "0"
    if units < 10:
        return "fewer than 10"
    step = 10 ** max(1, len(str(units)) - 2)
    return f"{(units + step // 2) // step * step:,}"


def publish_result(result: AllocationResult, salt: str) -> dict[str, Any]:
    """An allocation as the public sees it: the rule, rounded totals, masked recipients, how concentrated it is."""
    spread = measure_concentration(result.quantities)
    parties = {
        mask_party(who, salt): round_public(units) for who, units in result.quantities.items() if units
    }
    return {
        "rule": result.rule,
        "supply": round_public(result.supply),
        "allocated": round_public(result.allocated),
        "recipient_count": len(parties),
        "parties": dict(sorted(parties.items())),
        "hhi": round(spread.hhi, -2),
    }
