"""The complete case file: one zip with JSON, documents, proofs and a page to read, which proves itself without a database.

What is in it:

- ``events.jsonl``: every event of the case and of its goods, each with its hash, signature, bound rows and the path that
  proves it (RFC 6962) to be in the record under the checkpoint;
- ``related.jsonl``: events of other streams that belong to it, such as shipments recorded on the export licence's case,
  proved the same way;
- ``keys.jsonl``: the events that name the signing keys, proved the same way;
- ``checkpoint.txt``: the signed note;
- ``openings.json``: salts and values of the secrets the exporter may read; without it commitments stay closed;
- ``documents/<sha256>``: the papers; ``case.json``: the case as it stands; ``index.html``: all of it to read.
"""

import base64
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import open_note, signs_event
from lockgate.casework.history import Event, Fault, commit_to, digest_rows, find_commitments, read_event
from lockgate.casework.roles import Actor
from lockgate.casework.tree import Tree, hash_leaf, includes
from lockgate.services.audit import make_checkpoint, read_leaves
from lockgate.services.case_record import case_stream, load_case
from lockgate.services.case_view import may_see, view_case
from lockgate.services.documents import read_document
from lockgate.services.people import READERS
from lockgate.services.registry import RECORD, Registry
from lockgate.store import schema
from lockgate.store.audit import BOUND, Verification
from lockgate.store.work import Work

FORMAT = "lockgate-case-file/1"
KEY_EVENTS = ("RecordOpened", "SigningKeyReplaced")
SIZE_MAX = 2**31  # bytes of one member that are read


def export_case(registry: Registry, person: Actor, case_id: str, out: Path) -> int:
    """Write a case file; returns how many events it proves.

    Args:
        registry: Whose record; a checkpoint is signed first.
        person: An official, or somebody of the applicant's organisation.
        case_id: The case.
        out: The zip to write.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed``, ``cannot-write``.
    """
    with registry.read() as work:
        case = load_case(work, case_id)
    if not may_see(person, case, "parties"):
        raise LockgateError(f"{person.id} may not take this case file", code="not-allowed")
    view = view_case(registry, person, case_id)
    with registry.work() as work:
        work.append(f"person:{person.id}", "CaseFileExported", {"case": case_id}, actor=person.id)
    note = make_checkpoint(registry)
    tree = Tree(read_leaves(registry, int(note.split("\n")[1])))
    with registry.read() as work:
        own = [dict(row, path=_path(tree, row["seq"])) for row in _events(work, case_id, len(tree))]
        keys = [dict(row, path=_path(tree, row["seq"])) for row in _key_events(work, len(tree))]
        related = [
            dict(row, path=_path(tree, row["seq"])) for row in _related_events(work, case_id, len(tree))
        ]
        entitled = any(person.holds(role) for role in READERS)
        openings = _openings(work, [row["payload"] for row in own]) if entitled else {}
    documents = {
        item.sha256: read_document(registry, item.sha256)[0]
        for item in case.documents
        if _kept(registry, item.sha256)
    }
    try:
        _write(out, view, own, related, keys, note, openings, documents)
    except OSError as error:
        raise LockgateError(
            f"{out} cannot be written: {error.strerror}", code="cannot-write", where=str(out)
        ) from error
    return len(own)


def _path(tree: Tree, seq: int) -> list[str]:
    return [step.hex() for step in tree.prove_inclusion(seq - 1)]


def _kept(registry: Registry, digest: str) -> bool:
    with registry.read() as work:
        table = schema.document
        return (
            work.connection.execute(select(table.c.size).where(table.c.sha256 == digest)).first() is not None
        )


def _events(work: Work, case_id: str, size: int) -> Iterator[dict[str, Any]]:
    table = schema.event
    streams = (case_stream(case_id), f"goods:{case_id}")
    yield from _rows(
        work, select(table).where(table.c.stream.in_(streams), table.c.seq <= size).order_by(table.c.seq)
    )


def _related_events(work: Work, case_id: str, size: int) -> Iterator[dict[str, Any]]:
    """Deals the case is joined in, and what was shipped under them on the other side's case."""
    deals = [
        item for item in work.items("deal") if case_id in (item.data["import_case"], item.data["export_case"])
    ]
    streams = [f"deal:{item.id}" for item in deals]
    others = {case_stream(item.data[side]) for item in deals for side in ("import_case", "export_case")}
    table = schema.event
    shipped = and_(table.c.type == "ShipmentRecorded", table.c.stream.in_(others - {case_stream(case_id)}))
    where = (table.c.seq <= size, or_(table.c.stream.in_(streams), shipped))
    yield from _rows(work, select(table).where(*where).order_by(table.c.seq))


def _key_events(work: Work, size: int) -> Iterator[dict[str, Any]]:
    table = schema.event
    where = (table.c.stream == RECORD, table.c.type.in_(KEY_EVENTS), table.c.seq <= size)
    yield from _rows(work, select(table).where(*where).order_by(table.c.seq))


def _rows(work: Work, query: Any) -> Iterator[dict[str, Any]]:
    for row in work.connection.execute(query).mappings():
        bound = {}
        for table, names in BOUND.items():
            columns = [table.c[name] for name in names]
            found = work.connection.execute(
                select(*columns).where(table.c.event_seq == row["seq"]).order_by(table.c.position)
            )
            if rows := [list(values) for values in found]:
                bound[table.name] = rows
        yield {
            "seq": row["seq"],
            "payload": row["payload"],
            "hash": row["hash"],
            "signature": base64.b64encode(row["signature"]).decode(),
            "bound": bound,
        }


def _openings(work: Work, payloads: Sequence[str]) -> dict[str, Any]:
    commitments = [found for payload in payloads for found in find_commitments(json.loads(payload)["data"])]
    table = schema.secret
    rows = work.connection.execute(
        select(table.c.commitment, table.c.salt, table.c.value).where(
            or_(*(table.c.commitment == one for one in commitments))
        )
        if commitments
        else select(table.c.commitment, table.c.salt, table.c.value).where(table.c.commitment == "")
    )
    return {row.commitment: {"salt": row.salt.hex(), "value": json.loads(row.value)} for row in rows}


def _write(
    out: Path,
    view: Mapping[str, Any],
    own: Sequence[Mapping[str, Any]],
    related: Sequence[Mapping[str, Any]],
    keys: Sequence[Mapping[str, Any]],
    note: str,
    openings: Mapping[str, Any],
    documents: Mapping[str, bytes],
) -> None:
    from lockgate.reports.case_file import case_page

    about = {
        "format": FORMAT,
        "case": view["id"],
        "events": [row["seq"] for row in own],
        "documents": sorted(documents),
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", _json(about))
        archive.writestr("case.json", _json(view))
        archive.writestr("events.jsonl", "".join(_json(row) for row in own))
        archive.writestr("related.jsonl", "".join(_json(row) for row in related))
        archive.writestr("keys.jsonl", "".join(_json(row) for row in keys))
        archive.writestr("checkpoint.txt", note)
        archive.writestr("openings.json", _json(openings))
        archive.writestr("index.html", case_page(view, [json.loads(row["payload"]) for row in own], note))
        for digest, content in documents.items():
            archive.writestr(f"documents/{digest}", content)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n"


# ---------------------------------------------------------------------------------------------------- proving
def verify_export(path: Path, *, public_key: str = "", notes: Sequence[str] = ()) -> Verification:
    """Prove an exported case file without a database.

    It proves that every event in it stands in the record under the signed checkpoint, unchanged and at its place, that none
    is missing between the first and the last of each stream, and that rows, documents and opened secrets are the ones the
    events speak of. That no later event was left out, only a newer checkpoint's holder can show.

    Args:
        path: The zip.
        public_key: The record's first public key as known from elsewhere; empty: the one its first event names.
        notes: Checkpoints kept elsewhere: one of the file's own size must be the same.

    Raises:
        LockgateError: ``no-such-file``, ``bad-case-file`` where it is no case file at all.
    """
    members = _read_members(path)
    try:
        about = json.loads(members["about.json"])
        own = [json.loads(line) for line in members["events.jsonl"].splitlines()]
        related = [json.loads(line) for line in members["related.jsonl"].splitlines()]
        keys = [json.loads(line) for line in members["keys.jsonl"].splitlines()]
        openings = json.loads(members["openings.json"])
        note = members["checkpoint.txt"].decode()
        known = about["format"] == FORMAT
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _no_case_file(path) from error
    if not known:
        raise _no_case_file(path)
    return _Proof(about, own, related, keys, note, openings, members, public_key, notes).run()


def _no_case_file(path: Path) -> LockgateError:
    return LockgateError(
        f"{path} is not an exported case file",
        code="bad-case-file",
        where=str(path),
        hint="`lockgate case export` writes one",
    )


def _read_members(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            sound = all(item.file_size <= SIZE_MAX for item in members)
            return {item.filename: archive.read(item) for item in members if sound}
    except FileNotFoundError as error:
        raise LockgateError(f"there is no {path}", code="no-such-file", where=str(path)) from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _no_case_file(path) from error


class _Proof:
    """One check of a case file."""

    def __init__(
        self, about: Any, own: Any, related: Any, keys: Any, note: str, openings: Any, members: Mapping[str, bytes], pinned: str,
        notes: Sequence[str],
    ) -> None:  # fmt: skip
        self.about, self.own, self.related, self.key_rows, self.note = about, own, related, keys, note
        self.openings, self.members, self.pinned, self.notes = openings, members, pinned, notes
        self.faults: list[Fault] = []
        self.keys: list[tuple[int, str]] = []  # from event on, public key
        self.size, self.root, self.postings = 0, "", 0

    def run(self) -> Verification:
        """Check everything; the first fault of each event counts."""
        events: list[Event] = []
        try:
            self._check_keys()
            self._check_note()
            for row in self.own:
                event = self._check_row(row)
                if event:
                    events.append(event)
            for row in self.related:
                self._check_row(row)
            self._check_streams(events)
            if not self.faults:
                self._check_contents(events)
        except (LockgateError, KeyError, TypeError, ValueError, AttributeError) as error:
            self._fault(1, f"the file is damaged: {error!r}")
        faults = tuple(sorted(self.faults, key=lambda fault: fault.seq))
        return Verification(len(events), self.root, int(bool(self.root)), self.postings, faults)

    def _fault(self, seq: int, reason: str) -> None:
        self.faults.append(Fault(seq, reason))

    def _check_keys(self) -> None:
        """The keys, each named by an event that the key before it signed."""
        for number, row in enumerate(self.key_rows):
            event = read_event(row["payload"].encode())
            if event.type not in KEY_EVENTS or event.stream != RECORD or (number == 0) != (event.seq == 1):
                raise ValueError("the keys do not begin with the record's first event")
            named = str(event.data["public_key"])
            signer = self.keys[-1][1] if self.keys else (self.pinned or named)
            if hash_leaf(event.payload).hex() != row["hash"] or not signs_event(
                signer, base64.b64decode(row["signature"]), row["hash"]
            ):
                self._fault(
                    event.seq, "the event that names the signing key is not signed by the key before it"
                )
            if not self.keys and self.pinned and named != self.pinned:
                self._fault(1, "the record names another key than the one you know")
            self.keys.append((event.seq + (0 if event.seq == 1 else 1), named))

    def _key_at(self, seq: int) -> str:
        return next((key for start, key in reversed(self.keys) if start <= seq), "")

    def _check_note(self) -> None:
        size = int(self.note.split("\n")[1])
        try:
            checkpoint = open_note(self.note, self._key_at(size))
        except LockgateError as error:
            self._fault(max(1, size), error.message)
            return
        self.size, self.root = checkpoint.size, checkpoint.root
        for note in self.notes:
            if note.split("\n")[1:2] == [str(size)] and note.split("\n")[2] != self.note.split("\n")[2]:
                self._fault(size, "the checkpoint you keep has another root")
        for row in self.key_rows:
            self._check_inclusion(row)

    def _check_inclusion(self, row: Mapping[str, Any]) -> bool:
        leaf = hash_leaf(row["payload"].encode())
        path = [bytes.fromhex(step) for step in row["path"]]
        held = bool(self.root) and includes(leaf, row["seq"] - 1, self.size, path, bytes.fromhex(self.root))
        if not held:
            self._fault(row["seq"], "the checkpoint does not prove it")
        return held

    def _check_row(self, row: Mapping[str, Any]) -> Event | None:
        seq = row["seq"]
        if not self._check_inclusion(row):
            return None
        event = read_event(row["payload"].encode())
        if event.seq != seq or hash_leaf(event.payload).hex() != row["hash"]:
            self._fault(seq, "its number or hash is not its own")
        if not signs_event(self._key_at(seq), base64.b64decode(row["signature"]), row["hash"]):
            self._fault(seq, "its signature is not one of this record's key")
        said, found = event.bound or {}, row["bound"]
        for name in sorted({*said, *found}):
            if said.get(name) != digest_rows(found.get(name, [])):
                self._fault(seq, f"its rows in {name} are not the ones it was recorded with")
        self.postings += len(found.get("posting", []))
        return event

    def _check_streams(self, events: Sequence[Event]) -> None:
        versions: dict[str, int] = {}
        for event in events:
            if event.version != versions.get(event.stream, 0) + 1:
                self._fault(event.seq, f"an event of {event.stream} before it is missing")
            versions[event.stream] = event.version
        missing = sorted(set(self.about["events"]) - {row["seq"] for row in self.own})
        for seq in missing:
            self._fault(seq, "the event is missing")

    def _check_contents(self, events: Sequence[Event]) -> None:
        """Documents and opened secrets are those that the events speak of; the case is the one they make."""
        by_commitment = {found: event.seq for event in events for found in find_commitments(event.data)}
        for commitment, opening in self.openings.items():
            made = commit_to(opening["value"], bytes.fromhex(opening["salt"]))["commitment"]
            if made != commitment or commitment not in by_commitment:
                self._fault(by_commitment.get(commitment, 1), "an opened secret is not the one committed to")
        attached = {
            event.data["form"]["sha256"]: event.seq for event in events if event.type == "DocumentAttached"
        }
        for name, content in self.members.items():
            digest = name.removeprefix("documents/")
            if name != digest and (sha256(content).hexdigest() != digest or digest not in attached):
                self._fault(attached.get(digest, 1), f"the document {digest[:12]}… is not the one attached")
        for digest in self.about["documents"]:
            if f"documents/{digest}" not in self.members:
                self._fault(attached.get(digest, 1), f"the document {digest[:12]}… is missing")
        self._check_case(events)

    def _check_case(self, events: Sequence[Event]) -> None:
        from lockgate.casework.folding import fold_case
        from lockgate.casework.history import reveal

        values = {commitment: opening["value"] for commitment, opening in self.openings.items()}
        own = [event for event in events if event.stream.startswith("case:")]
        case = fold_case((event.type, reveal(event.data, values, "withheld"), event.actor) for event in own)
        shown = json.loads(self.members["case.json"])
        last = own[-1].seq if own else 1
        if (shown["id"], shown["state"], shown["version"]) != (case.id, case.state.value, case.version):
            self._fault(last, "case.json is not what the events make of the case")
