"""Papers that come in over the web: checked for what they are, kept, attached to a case, given out again."""

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action
from lockgate.services.case_reading import CaseReading
from lockgate.services.case_record import permit
from lockgate.services.cases import act
from lockgate.services.documents import keep_document, read_document
from lockgate.services.registry import Registry

# Ending of the name -> media type, and what the bytes begin with (empty: text, which must be UTF-8).
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "tif": ("image/tiff", (b"II*\x00", b"MM\x00*")),
    "tiff": ("image/tiff", (b"II*\x00", b"MM\x00*")),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK\x03\x04",)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",)),
    "odt": ("application/vnd.oasis.opendocument.text", (b"PK\x03\x04",)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "json": ("application/json", ()),
    "toml": ("application/toml", ()),
    "md": ("text/markdown", ()),
    "eml": ("message/rfc822", ()),
}
NAME_LENGTH_MAX = 200


def check_upload(name: str, content: bytes) -> str:
    """The media type of an uploaded file; its bytes must be what its name says.

    Raises:
        LockgateError: ``no-file``, ``bad-file-type``, ``empty-document``.

    >>> check_upload("plan.pdf", b"%PDF-1.7 ...")
    'application/pdf'
    """
    if not name:
        raise LockgateError("choose a file", code="no-file", where="file")
    if not content:
        raise LockgateError(
            f"{name} is empty", code="empty-document", where="file", hint="choose another file"
        )
    ending = name.rpartition(".")[2].lower()
    if ending not in TYPES:
        raise LockgateError(
            f"{name} is of no type that is taken here", code="bad-file-type", where="file", hint="one of " + ", ".join(TYPES)
        )  # fmt: skip
    media_type, beginnings = TYPES[ending]
    if not (content.startswith(beginnings) if beginnings else is_text(content)):
        raise LockgateError(
            f"{name} is not what its name says: its bytes are not .{ending}", code="bad-file-type", where="file",
            hint="save it again in that format, or give it the right ending",
        )  # fmt: skip
    return media_type


def is_text(content: bytes) -> bool:
    """Whether bytes are text in UTF-8."""
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False


def attach_upload(
    registry: Registry, person: Actor, case_id: str, kind: str, name: str, content: bytes, *,
    key: str = "", version: int | None = None,
) -> Event:  # fmt: skip
    """Keep an uploaded file and put it into a case as a paper of a kind.

    Raises:
        LockgateError: What is wrong with the file; why it may not be done.
    """
    title = name.replace("\\", "/").rpartition("/")[2].strip()[-NAME_LENGTH_MAX:]
    media_type = check_upload(title, content)
    with registry.work() as work:
        permit(registry, work, person, case_id, Action.ATTACH_DOCUMENT)
        digest = keep_document(work, content, media_type)
    form = {"kind": kind, "name": title, "sha256": digest}
    return act(registry, person, case_id, Action.ATTACH_DOCUMENT, form, key=key, version=version)


def read_paper(registry: Registry, reading: CaseReading, digest: str) -> tuple[bytes, str, str]:
    """Bytes, media type and name of a paper of a case that a person reads.

    Raises:
        LockgateError: ``unknown-document``, where the case has no such paper or the person may not see it.
    """
    for paper in reading.shown.get("documents", ()):
        if paper.sha256 == digest:
            return (*read_document(registry, digest), paper.name)
    raise LockgateError(
        f"{reading.case.id} has no such paper for you", code="unknown-document", where="document"
    )
