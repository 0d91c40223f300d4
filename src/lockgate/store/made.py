"""What events make of balances, reservations, lists and cases, kept up event by event, and compared with the tables."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, TypeAlias

from sqlalchemy import CursorResult, Select, select

from lockgate.casework.case import Case
from lockgate.casework.folding import fold_event
from lockgate.casework.history import Event, Fault, canonical_json
from lockgate.casework.items import Item, project
from lockgate.casework.ledger import Account, Hold, PostingKind
from lockgate.store import access, schema

Stream: TypeAlias = Callable[[Select[Any], int], CursorResult[Any]]


@dataclass(slots=True)
class Made:
    """What the events so far make; each entry with the last event that touched it.

    Attributes:
        accounts: By id: in, out, held in, held out, last event.
        holds: By key: from, to, amount, remaining, expiry, last event.
        items: By kind and id.
        cases: By id: the case, when it was opened, when changed, last event.
        people: By id: roles, agency, organisation, whether shut out, last event.
        papers: By hash: the first event that attached the document when it was kept here, else the first that named it;
            and whether it was kept.
    """

    accounts: dict[str, list[int]] = field(default_factory=dict)
    holds: dict[str, list[Any]] = field(default_factory=dict)
    items: dict[tuple[str, str], tuple[Item | None, int]] = field(default_factory=dict)
    cases: dict[str, tuple[Case, str, str, int]] = field(default_factory=dict)
    people: dict[str, tuple[list[str], str, str, bool, int]] = field(default_factory=dict)
    papers: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def follow(self, event: Event) -> None:
        """Keep up with the lists and the case that an event touches."""
        kind, _, name = event.stream.partition(":")
        data = event.data
        if kind == "case":
            before = self.cases.get(name)
            case = fold_event(before[0] if before else None, event.type, data, event.actor)
            self.cases[name] = case, before[1] if before else event.at, event.at, event.seq
            if event.type == "DocumentAttached":
                digest, kept = data["form"]["sha256"], bool(data.get("kept"))
                if digest not in self.papers or (kept and not self.papers[digest][1]):
                    self.papers[digest] = event.seq, kept
        if kind == "access" and event.type in ("PersonAdded", "PersonChanged"):
            rest = data.get("agency", ""), data.get("organisation", ""), bool(data.get("disabled", False))
            self.people[name] = (sorted(data["roles"]), *rest, event.seq)
        for entry in project(event, lambda kind, name: self.items.get((kind, name), (None, 0))[0]):
            self.items[entry.kind, entry.id] = entry, event.seq

    def add_posting(
        self,
        seq: int,
        key: str,
        kind: str,
        from_account: str,
        to_account: str,
        amount: int,
        hold: str,
        expires_at: str,
    ) -> None:
        """Keep up with a posting of event ``seq``."""
        giving = self.accounts.setdefault(from_account, [0, 0, 0, 0, 0])
        taking = self.accounts.setdefault(to_account, [0, 0, 0, 0, 0])
        if kind in (PostingKind.MOVE, PostingKind.SETTLE, PostingKind.LOWER):
            giving[1] += amount
            taking[0] += amount
        held = amount if kind == PostingKind.RESERVE else -amount if hold else 0
        giving[3] += held
        taking[2] += held
        giving[4] = taking[4] = seq
        if kind == PostingKind.RESERVE:
            self.holds[key] = [from_account, to_account, amount, amount, expires_at, seq]
        elif hold and hold in self.holds:
            self.holds[hold][3] -= amount
            self.holds[hold][5] = seq

    def compare(self, stream: Stream, size: int) -> Iterator[Fault]:
        """What the tables have otherwise.

        Args:
            stream: Reads rows, so many at a time.
            size: Number of the last event: the place of what no event made.
        """
        yield from self._compare_balances(stream, size)
        yield from self._compare_items(stream, size)
        yield from self._compare_cases(stream, size)
        yield from self._compare_people(stream, size)
        yield from self._compare_papers(stream)

    def _compare_balances(self, stream: Stream, size: int) -> Iterator[Fault]:
        expected: dict[str, Account] = {}
        for name, (came, went, held_in, held_out, _) in self.accounts.items():
            account = Account(name, came, went, held_in, held_out)
            expected[name] = replace(account, breach=max(0, -account.headroom) if account.has_floor else 0)
        columns = [schema.account.c[name] for name in Account.__slots__]
        found = {row[0]: Account(*row) for row in stream(select(*columns), 5000)}
        for name in sorted(
            {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
        ):
            seq = self.accounts[name][4] if name in self.accounts else size
            yield (Fault(seq, f"the balance of {name} is not the sum of its postings"))
        holds = {
            key: Hold(key, giver, taker, amount, left, expires)
            for key, (giver, taker, amount, left, expires, _) in self.holds.items()
        }
        columns = [schema.hold.c[name] for name in Hold.__slots__]
        stored = {row[0]: Hold(*tuple(row)) for row in stream(select(*columns), 5000)}
        for key in sorted({key for key in holds.keys() | stored.keys() if holds.get(key) != stored.get(key)}):
            seq = self.holds[key][5] if key in self.holds else size
            yield (Fault(seq, f"the reservation {key} is not what its postings make of it"))

    def _compare_items(self, stream: Stream, size: int) -> Iterator[Fault]:
        table = schema.item
        names = ("kind", "id", "case_id", "state", "subject", "due_on", "data", "event_seq")
        left = dict(self.items)
        for row in stream(select(*(table.c[name] for name in names)), 2000):
            expected, seq = left.pop((row.kind, row.id), (None, size))
            if expected is None:
                yield (Fault(seq, f"no event made the {row.kind} {row.id}"))
                continue
            plain = (expected.case_id, expected.state, expected.subject, expected.due_on)
            data = canonical_json(expected.data).decode()
            if (*plain, data, seq) != tuple(row[2:]):
                yield (Fault(seq, f"the {row.kind} {row.id} is not what its events make of it"))
        for (kind, name), (_, seq) in left.items():
            yield (Fault(seq, f"the {kind} {name} is missing"))

    def _compare_cases(self, stream: Stream, size: int) -> Iterator[Fault]:
        """The rows that lists of cases show, but for their titles, which are words only."""
        table = schema.case_file
        names = (
            "id",
            "kind",
            "state",
            "applicant",
            "queue",
            "assigned_to",
            "opened_at",
            "changed_at",
            "version",
        )
        left = dict(self.cases)
        for row in stream(select(*(table.c[name] for name in names)), 2000):
            found = left.pop(row.id, None)
            if found is None:
                yield (Fault(size, f"no event made the case {row.id}"))
                continue
            case, opened, changed, seq = found
            own = (
                case.id,
                case.kind,
                case.state.value,
                case.applicant,
                case.queue,
                case.assigned_to,
                opened,
                changed,
            )
            if (*own, case.version) != tuple(row):
                yield (Fault(seq, f"the list's row of case {row.id} is not what its events make of it"))
        for case_id, (_, _, _, seq) in left.items():
            yield (Fault(seq, f"case {case_id} is missing from the lists"))

    def _compare_people(self, stream: Stream, size: int) -> Iterator[Fault]:
        columns = [access.person.c[name] for name in ("id", "roles", "agency", "organisation", "disabled")]
        left = dict(self.people)
        for row in stream(select(*columns), 2000):
            found = left.pop(row.id, None)
            try:
                own = (sorted(json.loads(row.roles)), row.agency, row.organisation, bool(row.disabled))
            except (ValueError, TypeError):
                own = None
            if found is None or own != found[:4]:
                seq = found[4] if found else size
                yield Fault(seq, f"what {row.id} may do is not what the record says")
        for name, (*_, seq) in left.items():
            yield Fault(seq, f"the person {name} is missing")

    def _compare_papers(self, stream: Stream) -> Iterator[Fault]:
        """Documents whose bytes are others than were attached, or gone; those never kept here stay in ``papers``."""
        columns = [schema.document.c.sha256, schema.document.c.content]
        for row in stream(select(*columns), 20):
            seq, _ = self.papers.pop(row.sha256, (1, False))
            if sha256(bytes(row.content or b"")).hexdigest() != row.sha256:
                yield Fault(seq, f"the document {row.sha256[:12]}… is not the one that was attached")
        for digest, (seq, kept) in list(self.papers.items()):
            if kept:
                yield Fault(seq, f"the document {digest[:12]}… that it attached is gone")
