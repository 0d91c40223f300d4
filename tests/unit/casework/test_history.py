"""The record without a database: canonical JSON, commitments, the chain and what breaks it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import Checkpoint, Signer, open_note, read_note, signs_event
from lockgate.casework.history import (
    GENESIS,
    ChainCheck,
    Event,
    Fault,
    StoredEvent,
    canonical_json,
    commit_to,
    digest_rows,
    find_commitments,
    read_event,
    reveal,
)
from lockgate.casework.tree import hash_leaf

SIGNER = Signer(bytes(range(32)))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abz", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def make_record(count: int) -> list[StoredEvent]:
    rows: list[StoredEvent] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        stream = f"case:{seq % 2}"
        event = Event(
            seq, stream, (seq + 1) // 2, "Noted", "2026-01-28T00:00:00.000000Z", "a", {"n": seq}, previous
        )
        rows.append(stored(event))
        previous = event.hash
    return rows


def stored(event: Event) -> StoredEvent:
    columns = {"stream": event.stream, "actor": event.actor}
    return StoredEvent(event.seq, event.payload, event.hash, SIGNER.sign_event(event.hash), columns)


def check(rows: list[StoredEvent], size: int, head: str) -> Fault | None:
    chain = ChainCheck(lambda event, signature: signs_event(SIGNER.public_key, signature, event.hash))
    for row in rows:
        found = chain.read(row)
        if isinstance(found, Fault):
            return found
    return chain.finish(size, head)


def test_a_record_holds() -> None:
    rows = make_record(7)
    assert check(rows, 7, rows[-1].hash) is None


def rewritten(row: StoredEvent, **changes: Any) -> StoredEvent:
    """The event changed and its hash made to fit, by somebody without the key."""
    event = replace(read_event(row.payload), **changes)
    return replace(row, payload=event.payload, hash=event.hash)


@pytest.mark.parametrize("seq", range(1, 8))
def test_every_change_is_found_where_it_was_made(seq: int) -> None:
    rows = make_record(7)
    head = rows[-1].hash
    index = seq - 1
    row = rows[index]
    changed: Mapping[str, StoredEvent] = {
        "payload": replace(row, payload=row.payload.replace(b'"n"', b'"m"')),
        "payload and hash": rewritten(row, actor="b"),
        "spelling": replace(row, payload=b" " + row.payload, hash=hash_leaf(b" " + row.payload).hex()),
        "no json": replace(row, payload=b"{", hash=hash_leaf(b"{").hex()),
        "a field more": replace(row, payload=b'{"x":1}', hash=hash_leaf(b'{"x":1}').hex()),
        "column": replace(row, columns={"stream": row.columns["stream"], "actor": "b"}),
        "hash": replace(row, hash="00" * 32),
        "signature": replace(row, signature=bytes(64)),
        "short signature": replace(row, signature=b""),
        "previous": rewritten(row, previous="11" * 32),
        "version": rewritten(row, version=9),
    }
    for name, other in changed.items():
        fault = check([*rows[:index], other, *rows[index + 1 :]], 7, head)
        assert fault is not None, name
        assert fault.seq == seq, name
    assert check(rows[:index] + rows[index + 1 :], 7, head) == Fault(
        seq, "7 events were recorded, 6 are here" if seq == 7 else "the event is missing"
    )
    for other_index in range(index + 1, 7):
        swapped = list(rows)
        swapped[index], swapped[other_index] = (
            replace(rows[other_index], seq=seq),
            replace(rows[index], seq=other_index + 1),
        )
        fault = check(swapped, 7, head)
        assert fault is not None
        assert fault.seq == seq


def test_a_record_ends_where_it_ended() -> None:
    rows = make_record(4)
    assert check(rows, 3, rows[2].hash) == Fault(4, "only 3 events were recorded")
    assert check(rows, 4, rows[2].hash) == Fault(4, "it is not the last event that was recorded")
    assert check([], 1, "ab") == Fault(1, "1 events were recorded, 0 are here")
    assert check([rows[0], rows[0]], 2, "") == Fault(1, "it stands twice")


@given(plain)
def test_canonical_json_has_one_spelling(value: Any) -> None:
    import json

    spelled = canonical_json(value)
    assert canonical_json(json.loads(spelled)) == spelled


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, {1: 2}, b"x", {"a": {1, 2}}, "\ud800"])
def test_what_cannot_stand_in_the_record(value: Any) -> None:
    with pytest.raises(LockgateError) as caught:
        canonical_json(value)
    assert caught.value.code == "not-canonical"


def test_commitments_hide_and_bind() -> None:
    one, two = commit_to("ByteDance", bytes(32)), commit_to("ByteDance", bytes([1] * 32))
    assert one != two
    assert "ByteDance" not in str(one)
    data = {"recipient": one, "others": [two, 3], "quantity": 8}
    assert find_commitments(data) == [one["commitment"], two["commitment"]]
    assert reveal(data, {one["commitment"]: "ByteDance"}, "withheld") == {
        "recipient": "ByteDance",
        "others": ["withheld", 3],
        "quantity": 8,
    }
    with pytest.raises(ValueError, match="32 bytes"):
        commit_to("x", b"short")


def test_a_digest_binds_rows_and_their_order() -> None:
    assert digest_rows([[1], [2]]) != digest_rows([[2], [1]])
    assert digest_rows([]) == {"count": 0, "sha256": digest_rows(iter(()))["sha256"]}


# ---------------------------------------------------------------------------------------------- checkpoints
NOTE = SIGNER.sign_note(
    Checkpoint("lockgate/demo", 5, "ab" * 32, "2026-01-28T00:00:00.000000Z").text, "lockgate/demo"
)


def test_a_checkpoint_reads_back() -> None:
    assert open_note(NOTE, SIGNER.public_key).size == 5


@pytest.mark.parametrize(
    "note",
    ["", NOTE.replace("\n\n", "\n"), NOTE.replace("—", "-"), NOTE.replace("5", "x", 1), NOTE.replace("5", "05", 1),
     NOTE.replace("\n— lockgate/demo", "\n— other"), NOTE[:-10], "a\n1\n??\nb\n\n— a ??\n"],
)  # fmt: skip
def test_what_is_no_checkpoint(note: str) -> None:
    with pytest.raises(LockgateError) as caught:
        read_note(note)
    assert caught.value.code == "bad-checkpoint"


def test_a_checkpoint_by_another_key_or_over_another_size() -> None:
    for note, key in (
        (NOTE, Signer(bytes(32)).public_key),
        (NOTE.replace("\n5\n", "\n4\n"), SIGNER.public_key),
    ):
        with pytest.raises(LockgateError) as caught:
            open_note(note, key)
        assert caught.value.code == "bad-signature"
