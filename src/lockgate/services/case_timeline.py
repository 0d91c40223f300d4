"""What happened to a case: its events as a person may see them, their check, and the proof of one that verifies offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import signs_event
from lockgate.casework.history import GENESIS, Event, read_event, reveal
from lockgate.casework.states import Action
from lockgate.casework.tree import hash_leaf
from lockgate.services.audit import make_checkpoint, prove_event
from lockgate.services.case_reading import CaseReading
from lockgate.services.case_record import case_stream
from lockgate.services.people import WITHHELD
from lockgate.services.registry import RECORD, Registry
from lockgate.store import schema

PARTIES_SEE = frozenset(
    {
        Action.EDIT, Action.ATTACH_DOCUMENT, Action.SUBMIT, Action.WITHDRAW, Action.BEGIN_REVIEW, Action.HOLD, Action.RELEASE,
        Action.PAUSE, Action.RESUME, Action.REQUEST_INFORMATION, Action.ANSWER_INFORMATION, Action.STOP_CLOCK,
        Action.RESTART_CLOCK, Action.COUNTERSIGN, Action.REPLY, Action.MAKE_FINAL, Action.APPEAL, Action.ALLOW_APPEAL,
        Action.DISMISS_APPEAL, Action.EVIDENCE_CONDITION, Action.CHECK_CONDITION, Action.REMOVE_CONDITION,
        Action.REPORT_BREACH, Action.SUSPEND, Action.REINSTATE, Action.EXPIRE, Action.EXHAUST, Action.SURRENDER,
        Action.SUPERSEDE, Action.CLOSE,
    }
)  # fmt: skip
"""Actions whose events the applicant reads too; the rest is the office's own deliberation."""
HOLDS = frozenset({Action.PLACE_LEGAL_HOLD, Action.LIFT_LEGAL_HOLD})
"""Actions whose events carry a restricted part in the open."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event as a person may see it.

    Attributes:
        seq: Position in the record.
        version: Position in the case.
        type: Its name; ``withheld`` where the person may not see what it is.
        at: UTC instant.
        actor: Who; empty where withheld.
        action: What was done; empty for the opening.
        data: What it carries, secrets and parts not to be seen as ``withheld``.
        hash: Its hash, in hexadecimal.
    """

    seq: int
    version: int
    type: str
    at: str
    actor: str
    action: str
    data: Mapping[str, Any]
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """The entry as plain data."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "data"} | {
            "data": dict(self.data)
        }


def list_timeline(reading: CaseReading) -> list[TimelineEntry]:
    """The events of a case, the first first."""
    return [entry_of(reading, event) for event in reading.events]


def entry_of(reading: CaseReading, event: Event) -> TimelineEntry:
    """One event as the person who reads the case may see it."""
    action = str(event.data.get("action", ""))
    if not sees_event(reading, action):
        return TimelineEntry(
            event.seq, event.version, WITHHELD, event.at, "", "", MappingProxyType({}), event.hash
        )
    data = dict(reveal(event.data.get("form", {}), {}, WITHHELD))
    answers = data.get("fields")
    if isinstance(answers, Mapping):
        data["fields"] = {
            name: answer if reading.shows(f"fields.{name}") or answer is None else WITHHELD
            for name, answer in answers.items()
        }
    if action in HOLDS and not reading.shows("legal_holds"):
        data = dict.fromkeys(data, WITHHELD)
    return TimelineEntry(
        event.seq, event.version, event.type, event.at, event.actor, action, data, event.hash
    )


def sees_event(reading: CaseReading, action: str) -> bool:
    """Whether the person who reads the case may see what an event is about."""
    if reading.is_review:
        return True
    return reading.is_party and (not action or action in PARTIES_SEE)


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """What a check of a case's events found.

    Attributes:
        count: Events looked at.
        faults: Sequence number and reason of each that does not hold.
    """

    count: int
    faults: tuple[tuple[int, str], ...]

    @property
    def holds(self) -> bool:
        """Whether every event holds."""
        return not self.faults


def verify_case(registry: Registry, case_id: str) -> CaseCheck:
    """Check every event of a case: its bytes, its hash, its signature, its predecessor, its place in the case."""
    table = schema.event
    columns = (table.c.seq, table.c.payload, table.c.hash, table.c.signature)
    query = select(*columns).where(table.c.stream == case_stream(case_id)).order_by(table.c.seq)
    with registry.read() as work:
        rows = work.connection.execute(query).all()
        before = dict(
            work.connection.execute(
                select(table.c.seq, table.c.hash).where(table.c.seq.in_([row.seq - 1 for row in rows]))
            ).all()
        )
        keys = [
            (event.seq, str(event.data["public_key"]))
            for event in work.events(RECORD)
            if event.type in ("RecordOpened", "SigningKeyReplaced")
        ]
    faults = []
    for version, row in enumerate(rows, start=1):
        key = next((key for seq, key in reversed(keys) if seq < row.seq), "")
        reason = why_not(row, version, before.get(row.seq - 1, GENESIS), key)
        if reason:
            faults.append((row.seq, reason))
    return CaseCheck(len(rows), tuple(faults))


def why_not(row: Any, version: int, previous: str, key: str) -> str:
    """Why a stored event does not hold; empty where it does."""
    payload = row.payload.encode() if isinstance(row.payload, str) else bytes(row.payload)
    if hash_leaf(payload).hex() != row.hash:
        return "its payload does not hash to the hash stored with it"
    try:
        event = read_event(payload)
    except LockgateError as error:
        return error.message
    if event.seq != row.seq or event.version != version:
        return f"it is event {event.seq}, version {event.version}, moved here"
    if event.previous != previous:
        return "it does not follow the event before it"
    if not signs_event(key, bytes(row.signature), row.hash):
        return "its signature is not one of this record's key"
    return ""


def prove_case_event(registry: Registry, reading: CaseReading, seq: int) -> dict[str, Any]:
    """The proof that an event of a case is in the record: payload, path to the root, signed checkpoint.

    Where the person may not see all that the event carries, its payload is withheld and its hash alone is proved.

    Raises:
        LockgateError: ``unknown-event``, where the case has no such event or the person may not see it.
    """
    event = next((item for item in reading.events if item.seq == seq), None)
    if event is None or not sees_event(reading, str(event.data.get("action", ""))):
        raise LockgateError(
            f"{reading.case.id} has no event {seq} for you", code="unknown-event", where="seq"
        )
    note = covering_checkpoint(registry, seq)
    size = int(note.splitlines()[1])
    whole = entry_of(reading, event).data == reveal(event.data.get("form", {}), {}, WITHHELD)
    return {
        "format": "lockgate event proof, version 1",
        "case": reading.case.id,
        "payload": event.payload.decode() if whole else WITHHELD,
        "hash": event.hash,
        "public_key": registry.public_key,
        "proof": prove_event(registry, seq, size),
        "checkpoint": note,
    }


def covering_checkpoint(registry: Registry, seq: int) -> str:
    """The latest signed checkpoint that covers an event; a new one where none does yet."""
    table = schema.checkpoint
    query = select(table.c.note).where(table.c.size >= seq).order_by(table.c.size.desc()).limit(1)
    with registry.read() as work:
        note = work.connection.execute(query).scalar()
    return str(note) if note else make_checkpoint(registry)
