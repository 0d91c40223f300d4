"""The record: events in canonical JSON, each bound to the one before it and signed; secrets as salted commitments.

An event's ``payload`` is the whole event as canonical JSON. Its hash is the RFC 6962 leaf hash of those bytes, and the
payload of the next event carries that hash as ``previous``: one hash serves the chain and the tree.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.tree import hash_leaf

GENESIS = "0" * 64  # what the first event names as its predecessor


def canonical_json(value: Any) -> bytes:
    """The one spelling of plain data: keys sorted, no spaces, UTF-8, whole numbers only.

    Args:
        value: Mappings with text keys, sequences, text, integers, true, false, None. A quantity that is no whole number
            is carried as text.

    Raises:
        LockgateError: ``not-canonical``, where the value holds anything else.

    >>> canonical_json({"b": [1, None], "a": "算力"}).decode()
    '{"a":"算力","b":[1,null]}'
    >>> canonical_json({"share": 0.5})
    Traceback (most recent call last):
    lockgate.base.errors.LockgateError: share: 0.5 (float) cannot stand in the record (write a fraction or a date as text)
    """
    _check_plain(value, ())
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        raise LockgateError(
            "the text holds half a character", code="not-canonical", hint="send it as valid UTF-8"
        ) from None


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict).encode
_PLAIN = frozenset({str, int, bool, type(None)})  # asked first: nearly everything is one of these


def _check_plain(value: Any, where: tuple[str | int, ...]) -> None:
    if type(value) in _PLAIN or isinstance(value, str | int):
        return
    parts: Iterable[tuple[str | int, Any]]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    else:
        raise LockgateError(
            f"{value!r} ({type(value).__name__}) cannot stand in the record",
            code="not-canonical",
            where=where,
            hint="write a fraction or a date as text",
        )
    for name, part in parts:
        if type(part) not in _PLAIN:
            _check_plain(part, (*where, name))


encode_row = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def digest_rows(rows: Iterable[Any]) -> dict[str, Any]:
    """What binds rows of a table to an event: how many they are, and one hash over them in order.

    >>> digest_rows([["move", 3]])["count"]
    1
    """
    running, count = sha256(), 0
    for row in rows:
        running.update(encode_row(row).encode())
        running.update(b"\n")
        count += 1
    return {"count": count, "sha256": running.hexdigest()}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; never changed, corrected by a later one.

    Attributes:
        seq: Position in the record, from 1 without gaps.
        stream: What it is about: a case, a licence, the ledger, the record itself.
        version: Position in its stream, from 1 without gaps.
        type: Name in the past tense, such as ``BatchReleased``.
        at: UTC instant as ISO text with microseconds and ``Z``.
        actor: Who did it.
        data: What happened, as plain data; secrets only as commitments.
        previous: Hash of the event before it, in hexadecimal.
        key: Idempotency key the caller gave; empty without one.
        request: Hash of what the caller asked for under that key.
        bound: Table name -> digest of the rows that belong to this event, such as its postings.
    """

    seq: int
    stream: str
    version: int
    type: str
    at: str
    actor: str
    data: Mapping[str, Any]
    previous: str
    key: str = ""
    request: str = ""
    bound: Mapping[str, Any] | None = None

    @property
    def payload(self) -> bytes:
        """The event as canonical JSON; empty optional fields are left out."""
        fields: dict[str, Any] = {
            "seq": self.seq,
            "stream": self.stream,
            "version": self.version,
            "type": self.type,
            "at": self.at,
            "actor": self.actor,
            "data": self.data,
            "previous": self.previous,
        }
        fields |= {name: value for name in ("key", "request", "bound") if (value := getattr(self, name))}
        return canonical_json(fields)

    @property
    def hash(self) -> str:
        """Leaf hash of the payload, in hexadecimal."""
        return hash_leaf(self.payload).hex()


def read_event(payload: bytes) -> Event:
    """An event from its payload.

    Raises:
        LockgateError: ``bad-event``, where the bytes are not the canonical JSON of an event.
    """
    try:
        fields = json.loads(payload)
        event = Event(**fields)
        same = event.payload == payload
    except (ValueError, TypeError, LockgateError, RecursionError):
        same = False
    if not same:
        raise LockgateError("this is not the canonical JSON of an event", code="bad-event")
    return event


# ---------------------------------------------------------------------------------------------------- secrets
COMMITMENT = "commitment"


def commit_to(value: Any, salt: bytes) -> dict[str, str]:
    """What stands in an event instead of a secret value: a hash nobody can guess a value from without its salt.

    Args:
        value: Plain data.
        salt: 32 random bytes, used once.

    >>> commit_to("ByteDance", bytes(32)) == commit_to("ByteDance", bytes(32)) != commit_to("Tencent", bytes(32))
    True
    """
    if len(salt) != 32:
        raise ValueError("a salt has 32 bytes")
    return {COMMITMENT: sha256(b"lockgate secret\x00" + salt + canonical_json(value)).hexdigest()}


def is_commitment(value: Any) -> bool:
    """Whether the value is a commitment to a secret."""
    return isinstance(value, Mapping) and set(value) == {COMMITMENT}


def find_commitments(value: Any) -> list[str]:
    """Every commitment in plain data, as hexadecimal text, in order of appearance.

    >>> find_commitments({"recipient": {"commitment": "ab"}, "rows": [{"commitment": "cd"}]})
    ['ab', 'cd']
    """
    if is_commitment(value):
        return [value[COMMITMENT]]
    parts: Iterable[Any] = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    return [found for part in parts for found in find_commitments(part)]


def reveal(value: Any, openings: Mapping[str, Any], masked: Any = None) -> Any:
    """Plain data with each commitment replaced by its value where ``openings`` has it, else by ``masked``."""
    if is_commitment(value):
        return openings.get(value[COMMITMENT], masked)
    if isinstance(value, Mapping):
        return {name: reveal(part, openings, masked) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [reveal(part, openings, masked) for part in value]
    return value


# --------------------------------------------------------------------------------------------------- verifying
@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as found in a store or an export: not yet believed.

    Attributes:
        seq: Position the row claims.
        payload: The bytes found.
        hash: The hash the row claims, in hexadecimal.
        signature: The signature the row carries.
        columns: Other columns of the row that repeat a field of the payload.
    """

    seq: int
    payload: bytes
    hash: str
    signature: bytes
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that does not hold.

    Attributes:
        seq: Sequence number of the event.
        reason: What is wrong with it.
    """

    seq: int
    reason: str


class ChainCheck:
    """Reads events in order and stops at the first that does not hold.

    An event holds where its payload is canonical, hashes to the hash stored with it, is signed, stands at its own number,
    agrees with its columns, follows its stream's last version and names the hash of the event before it.

    Args:
        is_signed: Whether the signature is one over the hash, by the key in force at that event.
    """

    def __init__(self, is_signed: Callable[[Event, bytes], bool]) -> None:
        self._is_signed = is_signed
        self._versions: dict[str, int] = {}
        self.size = 0
        self.head = GENESIS

    def read(self, row: StoredEvent) -> Event | Fault:
        """The next event, or why the record breaks here."""
        expected = self.size + 1
        if row.seq != expected:
            missing = row.seq > expected or row.seq < 1
            return Fault(
                expected if missing else row.seq, "the event is missing" if missing else "it stands twice"
            )
        if hash_leaf(row.payload).hex() != row.hash:
            return Fault(expected, "its payload does not hash to the hash stored with it")
        try:
            event = read_event(row.payload)
        except LockgateError as error:
            return Fault(expected, error.message)
        reason = self._why_not(event, row)
        if reason:
            return Fault(expected, reason)
        self._versions[event.stream] = event.version
        self.size, self.head = expected, row.hash
        return event

    def _why_not(self, event: Event, row: StoredEvent) -> str:
        if event.seq != row.seq:
            return f"it is event {event.seq}, moved here"
        for name, value in row.columns.items():
            if getattr(event, name) != value:
                return f"its column {name} says {value!r}, its payload {getattr(event, name)!r}"
        if event.previous != self.head:
            return "it does not follow the event before it"
        if event.version != self._versions.get(event.stream, 0) + 1:
            return f"it is version {event.version} of {event.stream}, out of turn"
        if not self._is_signed(event, row.signature):
            return "its signature is not one of this record's key"
        return ""

    def finish(self, size: int, head: str) -> Fault | None:
        """Whether the record ends where ``size`` and ``head`` (hash of the last event), kept apart from it, say."""
        if self.size < size:
            return Fault(self.size + 1, f"{size} events were recorded, {self.size} are here")
        if self.size > size:
            return Fault(size + 1, f"only {size} events were recorded")
        if self.head != head:
            return Fault(max(size, 1), "it is not the last event that was recorded")
        return None
