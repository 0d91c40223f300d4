"""How many cases stand where: counts by queue, state and kind, for whoever may see them; assigning many at once."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import func, select

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action
from lockgate.services.case_lists import listed_applicant
from lockgate.services.case_record import case_stream
from lockgate.services.cases import act
from lockgate.services.people import WITHHELD
from lockgate.services.registry import Registry
from lockgate.store import schema

COUNTS_KEPT_S = 5.0
"""Counts over all cases are read at most this often: they are the same for every official."""
COUNTS_KEPT_AFTER_WRITE_S = 1.0
"""The same after something was done here: whoever did it expects to see it, yet writing must not make reading slow."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Numbers of cases by queue, by state and by kind; what is assigned to the person, and to nobody."""

    queues: Mapping[str, int]
    states: Mapping[str, int]
    kinds: Mapping[str, int]
    mine: int
    unassigned: int

    @property
    def total(self) -> int:
        """All cases counted."""
        return sum(self.states.values())


@dataclass(slots=True)
class CaseCounter:
    """Counts cases, and keeps the counts for a few seconds.

    Attributes:
        kept: Record and applicant (empty: all) -> when it was counted, and rows of queue, state, kind, assigned to, count.
        written_at: When something was last done here.
        counting: Held by the thread that counts anew; the others go on with the last counts meanwhile.
    """

    kept: dict[tuple[str, str], tuple[float, list[tuple[str, str, str, str, int]]]] = field(
        default_factory=dict
    )
    written_at: float = 0.0
    counting: Lock = field(default_factory=Lock)

    def count(self, registry: Registry, person: Actor) -> QueueCounts:
        """The counts for a person.

        Raises:
            LockgateError: ``not-allowed``.
        """
        rows = self._rows(registry, listed_applicant(person))
        queues, states, kinds = Counter[str](), Counter[str](), Counter[str]()
        mine = unassigned = 0
        for queue, state, kind, assigned_to, count in rows:
            queues[queue] += count
            states[state] += count
            kinds[kind] += count
            mine += count if assigned_to == person.id else 0
            unassigned += count if not assigned_to else 0
        return QueueCounts(
            dict(sorted(queues.items())),
            dict(sorted(states.items())),
            dict(sorted(kinds.items())),
            mine,
            unassigned,
        )

    def _rows(self, registry: Registry, applicant: str) -> list[tuple[str, str, str, str, int]]:
        name = str(registry.url), applicant
        known = self.kept.get(name)
        if known is None:
            self.counting.acquire()
        elif self._is_fresh(known[0]) or not self.counting.acquire(blocking=False):
            return known[1]
        try:
            known = self.kept.get(name)
            if known and self._is_fresh(known[0]):
                return known[1]
            now, rows = time.monotonic(), count_rows(registry, applicant)
            if len(self.kept) > 1000:
                self.kept.clear()
            self.kept[name] = now, rows
            return rows
        finally:
            self.counting.release()

    def _is_fresh(self, counted_at: float) -> bool:
        kept_s = COUNTS_KEPT_S if counted_at > self.written_at else COUNTS_KEPT_AFTER_WRITE_S
        return time.monotonic() - counted_at < kept_s

    def forget(self) -> None:
        """Something was done here: count anew soon."""
        self.written_at = time.monotonic()


def count_rows(registry: Registry, applicant: str) -> list[tuple[str, str, str, str, int]]:
    """Queue, state, kind, assigned to, count of the cases; of one applicant, or of all where it is empty."""
    table = schema.case_file
    columns = (table.c.queue, table.c.state, table.c.kind, table.c.assigned_to)
    query = select(*columns, func.count()).group_by(*columns)
    if applicant:
        query = query.where(table.c.applicant == applicant)
    with registry.read() as work:
        return [(row[0], row[1], row[2], row[3], row[4]) for row in work.connection.execute(query)]


def assign_cases(
    registry: Registry, person: Actor, cases: Iterable[str], *, to: str = "", queue: str = "", key: str = ""
) -> dict[str, LockgateError | None]:
    """Assign many cases; each on its own, so that one that cannot be assigned spoils no other.

    Args:
        registry: Whose record.
        person: An officer or administrator.
        cases: Their ids.
        to: Who takes them; empty: stays.
        queue: The queue they go to; empty: stays.
        key: Idempotency key; each case's is made from it.

    Raises:
        LockgateError: ``nothing-given``, where neither a person nor a queue is named.
    """
    form: dict[str, Any] = {name: value for name, value in (("to", to), ("queue", queue)) if value}
    if not form:
        raise LockgateError("name a person or a queue", code="nothing-given", where="to")
    found: dict[str, LockgateError | None] = {}
    for case_id in dict.fromkeys(cases):
        try:
            act(registry, person, case_id, Action.ASSIGN, form, key=f"{key}/{case_id}" if key else "")
            found[case_id] = None
        except LockgateError as error:
            found[case_id] = error
    return found


def mask_rows(registry: Registry, person: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a list as a person may see them: the applicant withheld where they have no part in the case.

    Officers, countersigners and auditors see them, except where they have a tie to the applicant; advisers once their
    agency was asked; administrators never.
    """
    full = bool({Role.OFFICER, Role.COUNTERSIGNER, Role.AUDITOR} & person.roles)
    asked: set[str] = set()
    if not full and person.holds(Role.ADVISER) and rows:
        asked = referred_to(registry, person.agency, [row["id"] for row in rows])
    own = person.organisation
    found = []
    for row in rows:
        tied = bool(own) and row["applicant"] == own
        seen = (tied and person.holds(Role.APPLICANT)) or ((row["id"] in asked or full) and not tied)
        found.append(row if seen else {**row, "applicant": WITHHELD})
    return found


def referred_to(registry: Registry, agency: str, cases: list[str]) -> set[str]:
    """Those of the cases that an agency was asked about."""
    table = schema.event
    query = select(table.c.stream, table.c.payload).where(
        table.c.stream.in_([case_stream(case_id) for case_id in cases]), table.c.type == "CaseReferred"
    )
    with registry.read() as work:
        return {
            stream.removeprefix("case:")
            for stream, payload in work.connection.execute(query)
            if agency in json.loads(payload)["data"]["form"]["agencies"]
        }


def cases_naming(registry: Registry, person: Actor, limit: int = 50) -> list[dict[str, Any]]:
    """Rows of the cases that name the laboratory a person works for, the latest changed first; none for anybody else."""
    if not person.holds(Role.LAB) or not person.organisation:
        return []
    table = schema.case_file
    with registry.read() as work:
        named = {item.case_id for item in work.items("dependency", subject=person.organisation)}
        query = select(table).where(table.c.id.in_(sorted(named)), table.c.applicant != person.organisation)
        query = query.order_by(table.c.changed_at.desc(), table.c.id.desc()).limit(limit)
        return [dict(row) for row in work.connection.execute(query).mappings()]
