"""Who may act: persons with their roles, and the parties that records are about, whose names can be withheld."""

import secrets
from collections.abc import Iterable
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.history import is_commitment, reveal
from lockgate.casework.items import Item
from lockgate.casework.roles import Actor, Role
from lockgate.services import access
from lockgate.services.access import Visitor
from lockgate.services.ledger import require_role
from lockgate.services.registry import Registry
from lockgate.store.access import PersonRow, people, person_by_id
from lockgate.store.work import Secret, Work

FOUNDER = Actor("lockgate", frozenset({Role.ADMINISTRATOR}))  # adds the first administrator
READERS = (Role.OFFICER, Role.COUNTERSIGNER, Role.AUDITOR)  # may read who a party is
WITHHELD = "withheld"


def enrol_person(
    registry: Registry,
    person: Actor,
    new: str,
    roles: Iterable[str],
    *,
    agency: str = "",
    organisation: str = "",
) -> Actor:
    """Let a person act. Their one-time link for the browser comes from the administration pages.

    Args:
        registry: Whose record.
        person: An administrator.
        new: Id of the person enrolled.
        roles: Their roles, all of them.
        agency: The agency an adviser, officer or countersigner speaks for.
        organisation: Party id of the company an applicant or a laboratory works for.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-role``, ``bad-id``.
    """
    with registry.work() as work:
        by = Visitor(PersonRow(person.id, person.id, tuple(sorted(role.value for role in person.roles))))
        access.add_person(work, by, new, new, roles, agency, organisation)
    return find_person(registry, new)


def check_id(text: str) -> str:
    """An id as people may choose one: it must be safe in a path, an account and a URL.

    Raises:
        LockgateError: ``bad-id``.

    >>> check_id("cn-2026-001")
    'cn-2026-001'
    """
    if (
        not text
        or len(text) > 64
        or not text.isascii()
        or not all(char.isalnum() or char in "-_." for char in text)
    ):
        raise LockgateError(
            f"{text!r} cannot be an id",
            code="bad-id",
            hint="at most 64 letters, digits, hyphens, underscores and points",
        )
    return text


def find_person(registry: Registry, person_id: str) -> Actor:
    """A person who may act.

    Raises:
        LockgateError: ``unknown-person``.
    """
    with registry.read() as work:
        row = person_by_id(work.connection, person_id)
        known = [item.id for item in people(work.connection) if not item.disabled]
    if row is None or row.disabled:
        raise LockgateError(
            f"no person {person_id!r} may act here",
            code="unknown-person",
            where="as",
            hint="there are " + ", ".join(known[:12]) if known else "`lockgate person add` adds one",
        )
    return Visitor(row).actor


def list_people(registry: Registry) -> list[Actor]:
    """Everybody who may act."""
    with registry.read() as work:
        return [Visitor(row).actor for row in people(work.connection) if not row.disabled]


# ---------------------------------------------------------------------------------------------------- parties
def register_party(
    registry: Registry,
    person: Actor,
    name: str,
    *,
    country: str,
    party: str = "",
    withheld: bool = True,
    party_class: str = "",
) -> str:
    """Enter a party: a recipient, an applicant, a laboratory.

    Everything else in the record speaks of it by its id, so that the name can stay withheld, or be destroyed later.

    Args:
        registry: Whose record.
        person: An officer or an administrator.
        name: Its name; kept apart from the record where withheld.
        country: Code of the place of its headquarters.
        party: Its id; empty: a random one, from which nobody can tell the name.
        withheld: Whether the name stands in the record as a commitment only.
        party_class: Class that an order rule may reserve a share for, such as ``small``.

    Raises:
        LockgateError: ``not-allowed``, ``bad-id``, ``conflict`` where the id is taken.
    """
    require_role(person, Role.OFFICER, Role.ADMINISTRATOR, to="enter parties")
    identity = check_id(party) if party else f"p-{secrets.token_hex(5)}"
    data = {
        "id": identity,
        "name": Secret(name, "party-name", identity) if withheld else name,
        "country": country,
        "class": party_class,
    }
    with registry.work() as work:
        if work.lock().item("party", identity):
            raise LockgateError(f"the party {identity!r} is entered already", code="conflict", where="party")
        work.append(f"party:{identity}", "PartyRegistered", data, actor=person.id)
    return identity


def list_parties(registry: Registry) -> list[dict[str, Any]]:
    """Parties as everybody may see them: withheld names stay withheld."""
    with registry.read() as work:
        return [masked_party(item) for item in work.items("party")]


def masked_party(item: Item) -> dict[str, Any]:
    """A party without its withheld name."""
    return {**reveal(item.data, {}, WITHHELD), "state": item.state}


def require_party(work: Work, party: str) -> Item:
    """A party by id.

    Raises:
        LockgateError: ``unknown-party``.
    """
    found = work.item("party", party)
    if found is None:
        raise LockgateError(
            f"no party {party!r} is entered here",
            code="unknown-party",
            where="party",
            hint="`lockgate case party` enters one",
        )
    return found


def read_names(registry: Registry, person: Actor, parties: Iterable[str], *, reason: str) -> dict[str, str]:
    """Names of parties, for somebody entitled to them. That they were read, by whom and why, is recorded.

    Args:
        registry: Whose record.
        person: An officer, a countersigner or an auditor; an applicant or laboratory only for its own organisation.
        parties: Ids.
        reason: Why.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-party``.
    """
    wanted = list(dict.fromkeys(parties))
    own = [party for party in wanted if person.organisation == party]
    if len(own) < len(wanted):
        require_role(person, *READERS, to="read withheld names")
    with registry.work() as work:
        items = {party: require_party(work.lock(), party) for party in wanted}
        sealed = {
            party: item.data["name"]["commitment"]
            for party, item in items.items()
            if is_commitment(item.data["name"])
        }
        opened = work.openings(sealed.values())
        if sealed:
            data = {"parties": sorted(sealed), "field": "name", "reason": reason}
            work.append(f"person:{person.id}", "SecretRead", data, actor=person.id)
    return {
        party: opened.get(sealed[party], "destroyed") if party in sealed else str(item.data["name"])
        for party, item in items.items()
    }


def shred_party(registry: Registry, person: Actor, party: str, *, reason: str) -> int:
    """Destroy the name of a party for good. Every proof still holds: the record has only its commitment.

    Returns how many secrets were destroyed.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-party``, ``legal-hold``.
    """
    require_role(person, Role.ADMINISTRATOR, to="destroy secrets")
    with registry.work() as work:
        require_party(work.lock(), party)
        for hold in work.items("legal-hold", state="placed"):
            raise LockgateError(
                f"case {hold.case_id} is under legal hold",
                code="legal-hold",
                hint="lift it first; nothing is destroyed under a hold",
            )
        count = work.shred(party)
        data = {"party": party, "count": count, "reason": reason}
        work.append(f"party:{party}", "PartyShredded", data, actor=person.id)
    return count
