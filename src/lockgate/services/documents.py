"""Documents, kept and found by the hash of their bytes."""

import mimetypes
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert, select

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action
from lockgate.services.cases import do
from lockgate.services.ledger import append_once
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.work import Work

SIZE_MAX = 50 * 2**20


def keep_document(work: Work, content: bytes, media_type: str) -> str:
    """Keep bytes, once; returns their SHA-256 in hexadecimal.

    Raises:
        LockgateError: ``empty-document``, ``document-too-large``.
    """
    if not content:
        raise LockgateError("the document is empty", code="empty-document")
    if len(content) > SIZE_MAX:
        raise LockgateError(
            f"the document has {len(content)} bytes",
            code="document-too-large",
            hint=f"at most {SIZE_MAX}; split it, or keep it elsewhere and attach a note with its SHA-256",
        )
    digest = sha256(content).hexdigest()
    table = schema.document
    if work.connection.execute(select(table.c.size).where(table.c.sha256 == digest)).first() is None:
        row = {"sha256": digest, "size": len(content), "media_type": media_type, "content": content}
        work.connection.execute(insert(table), row)
    return digest


def attach_document(
    registry: Registry, person: Actor, case_id: str, kind: str, path: Path, *, key: str = ""
) -> Event:
    """Put a user's file into a case as a paper of a kind.

    Raises:
        LockgateError: ``no-such-file``, ``empty-document``, or why it may not be done.
    """
    content, media_type = read_upload(path)

    def perform(work: Work, request: str) -> Event:
        digest = keep_document(work.lock(), content, media_type)
        form = {"kind": kind, "name": path.name, "sha256": digest}
        return do(registry, work, person, case_id, Action.ATTACH_DOCUMENT, form, key=key, request=request)

    return append_once(registry, key, ["attach", case_id, kind, sha256(content).hexdigest()], perform)[0]


def read_text(path: Path) -> str:
    """A user's text file.

    Raises:
        LockgateError: ``no-such-file``, ``not-text``.
    """
    content, _ = read_upload(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LockgateError(
            f"{path} is not UTF-8 text (byte {error.start})",
            code="not-text",
            where=str(path),
            hint="save it as CSV UTF-8",
        ) from error


def read_document(registry: Registry, digest: str) -> tuple[bytes, str]:
    """Bytes and media type of a document.

    Raises:
        LockgateError: ``unknown-document``, ``damaged-document``.
    """
    table = schema.document
    with registry.read() as work:
        row = work.connection.execute(
            select(table.c.content, table.c.media_type).where(table.c.sha256 == digest)
        ).one_or_none()
    if row is None:
        raise LockgateError(f"no document {digest[:12]}… is kept here", code="unknown-document")
    content, media_type = row
    if sha256(content).hexdigest() != digest:
        raise LockgateError(f"the document {digest[:12]}… was altered", code="damaged-document")
    return bytes(content), str(media_type)


def read_upload(path: Path) -> tuple[bytes, str]:
    """Bytes and media type of a user's file.

    Raises:
        LockgateError: ``no-such-file``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LockgateError(
            f"{path} cannot be read: {error.strerror}", code="no-such-file", where=str(path)
        ) from error
    return content, mimetypes.guess_type(path.name)[0] or "application/octet-stream"
