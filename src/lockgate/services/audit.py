"""Proving the record: verification, checkpoints, proofs."""

import secrets
from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import insert, select

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import Signer
from lockgate.casework.roles import Actor, Role
from lockgate.casework.tree import prove_consistency, prove_inclusion
from lockgate.services.ledger import OFFICIALS, require_role
from lockgate.services.registry import RECORD, Registry, origin_of, write_key_file
from lockgate.store import schema
from lockgate.store.audit import Verification, audit_record
from lockgate.store.audit import make_checkpoint as compute_checkpoint


def verify_record(registry: Registry, *, public_key: str = "", notes: Sequence[str] = ()) -> Verification:
    """Check the whole record.

    Args:
        registry: Whose record.
        public_key: The record's first public key as known from elsewhere; empty: the key file's where it is here, else
            the one that the first event names.
        notes: Signed checkpoints kept elsewhere.
    """
    with registry.read() as work:
        return audit_record(work.connection, public_key=public_key, notes=notes)


def make_checkpoint(registry: Registry) -> str:
    """Sign how long the record is now and its root; keep the note here, and elsewhere too."""
    with registry.work() as work:
        origin = origin_of(work)
        checkpoint, frontier = compute_checkpoint(work.connection, origin, work.at)
        stored = work.connection.execute(
            select(schema.checkpoint.c.note).where(schema.checkpoint.c.size == checkpoint.size)
        ).scalar()
        if stored:
            return str(stored)
        note = registry.signer.sign_note(checkpoint.text, origin)
        row = {
            "size": checkpoint.size,
            "note": note,
            "frontier": " ".join(part.hex() for part in frontier.hashes),
        }
        work.connection.execute(insert(schema.checkpoint), row)
        return note


def prove_event(registry: Registry, seq: int, size: int | None = None) -> dict[str, Any]:
    """The hashes that prove event ``seq`` to be in the record as it was at ``size`` events (None: now).

    Raises:
        LockgateError: ``unknown-event``.
    """
    leaves = read_leaves(registry, size)
    if not 0 < seq <= len(leaves):
        raise LockgateError(f"no event {seq} among {len(leaves)}", code="unknown-event")
    path = prove_inclusion(leaves, seq - 1)
    return {
        "seq": seq,
        "size": len(leaves),
        "leaf": leaves[seq - 1].hex(),
        "path": [step.hex() for step in path],
    }


def prove_growth(registry: Registry, old_size: int, size: int | None = None) -> dict[str, Any]:
    """The hashes that prove that the record at ``size`` events (None: now) begins with the one at ``old_size``.

    Raises:
        LockgateError: ``unknown-event``.
    """
    leaves = read_leaves(registry, size)
    if not 0 < old_size <= len(leaves):
        raise LockgateError(f"no {old_size} events among {len(leaves)}", code="unknown-event")
    path = prove_consistency(leaves, old_size)
    return {"old_size": old_size, "size": len(leaves), "path": [step.hex() for step in path]}


def read_leaves(registry: Registry, size: int | None = None) -> list[bytes]:
    """Leaf hashes of the record, up to ``size`` of them."""
    query = select(schema.event.c.hash).order_by(schema.event.c.seq)
    if size is not None:
        query = query.where(schema.event.c.seq <= size)
    with registry.read() as work:
        return [bytes.fromhex(leaf) for leaf in work.connection.execute(query).scalars()]


def list_events(
    registry: Registry,
    person: Actor,
    *,
    stream: str = "",
    type: str = "",  # noqa: A002
    after: int = 0,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Events as they stand in the record: secrets as commitments.

    Officials read all; anybody reads those about the record itself.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if stream != RECORD:
        require_role(person, *OFFICIALS, to="read the log")
    with registry.read() as work:
        found = islice(work.events(stream, after=after, type=type), limit)
        return [
            {"seq": event.seq, "at": event.at, "actor": event.actor, "stream": event.stream, "version": event.version,
             "type": event.type, "data": event.data, "hash": event.hash}
            for event in found
        ]  # fmt: skip


def rotate_key(registry: Registry, person: Actor) -> str:
    """Sign from now on with a new key; the event that says so is the last one under the old. Returns the new public key.

    Raises:
        LockgateError: ``not-allowed``.
    """
    require_role(person, Role.ADMINISTRATOR, to="replace the signing key")
    seed = secrets.token_bytes(32)
    public_key = Signer(seed).public_key
    fresh = registry.key_file.with_suffix(".new")
    write_key_file(fresh, seed)  # kept before the record names it: a crash between leaves both
    with registry.work() as work:
        work.append(RECORD, "SigningKeyReplaced", {"public_key": public_key}, actor=person.id)
    fresh.replace(registry.key_file)
    registry.forget_key()
    return public_key
