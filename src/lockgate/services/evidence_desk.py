"""The documents an installation follows: read once, kept until they change, with the decisions of its people."""

import hashlib
import threading
from pathlib import Path
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import Actor, Role
from lockgate.evidence.decisions import Decision, decide, merged, standing
from lockgate.services.document_files import read_document
from lockgate.services.ledger import require_role
from lockgate.services.read import Reading, read_files
from lockgate.services.says_who import says_who
from lockgate.store.work import Work

STREAM = "evidence"
DECIDED = "EvidenceDecided"
ADDED = "DocumentAdded"
READERS = (Role.OFFICER, Role.ADVISER, Role.COUNTERSIGNER)
"""Who weighs evidence: those who advise and decide, not those whom a case concerns nor those who run or audit the system."""
ENDINGS = (".txt", ".md", ".html", ".htm", ".pdf", ".eml")


class EvidenceDesk:
    """A folder of documents and what was read in them.

    Args:
        folder: Where the documents lie; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._mark: object = None
        self._reading = Reading()
        self._texts: dict[str, str] = {}

    def files(self) -> list[Path]:
        """The documents, by name."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path for path in self.folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file()
        )

    def reading(self, history: list[Decision]) -> Reading:
        """What was read, with decisions applied; read anew only where a file or a decision changed."""
        files = self.files()
        stats = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files]
        mark = (stats, history[-1].hash if history else "")
        with self._lock:
            if mark != self._mark:
                self._reading = read_files(files, history=history)
                self._texts = {document.id: document.text for document in self._reading.documents}
                self._mark = mark
            return self._reading

    def text(self, document: str) -> str:
        """The text of a document that was read."""
        return self._texts.get(document, "")

    def add(self, work: Work, person: Actor, *, name: str, content: bytes) -> str:
        """Put a document into the folder, after it was read; returns its name there. For ``READERS``.

        Raises:
            LockgateError: ``not-allowed``; ``bad-document``, where it is of no kind that can be read, or holds nothing to read.
        """
        require_role(person, *READERS, to="add documents")
        ending = Path(name).suffix.lower()
        if ending not in ENDINGS:
            raise LockgateError(
                f"{name!r} is of no kind that can be read",
                code="bad-document",
                where="file",
                hint=", ".join(ENDINGS),
            )
        digest = hashlib.sha256(content).hexdigest()
        stem = (
            "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in Path(name).stem)[:60]
            or "document"
        )
        target = self.folder / f"{stem}-{digest[:8]}{ending}"
        self.folder.mkdir(parents=True, exist_ok=True)
        waiting = target.with_name(target.name + ".part")
        waiting.write_bytes(content)
        try:
            probe = waiting.rename(waiting.with_name(f".probe-{target.name}"))
            read_document(probe)
            work.append(STREAM, ADDED, {"name": target.name, "sha256": digest}, actor=person.id)
            probe.replace(target)
        except LockgateError as error:
            raise error.within("file") from None
        finally:
            (self.folder / f".probe-{target.name}").unlink(missing_ok=True)
        return target.name


def read_history(work: Work) -> list[Decision]:
    """Every decision, in order."""
    return [Decision(**event.data) for event in work.events(STREAM, type=DECIDED)]


def record_decision(
    work: Work, person: Actor, *, action: str, target: str, reason: str, other: str = ""
) -> Decision:
    """Decide about a claim or a finding. For ``READERS``.

    Raises:
        LockgateError: ``not-allowed``, ``bad-decision``.
    """
    require_role(person, *READERS, to="decide about evidence")
    decision = decide(
        read_history(work), at=work.at, by=person.id, action=action, target=target, reason=reason, other=other
    )
    fields = {name: getattr(decision, name) for name in Decision.__dataclass_fields__}
    work.append(STREAM, DECIDED, fields, actor=person.id)
    return decision


def takes_back(history: list[Decision]) -> dict[str, str]:
    """Hash of each decision in force -> the action that takes it back: a merge apart again, an answer for its contrary."""
    found = {}
    into = merged(history)
    for decision in history:
        if decision.action == "merge" and into.get(decision.target) == decision.other:
            found[decision.hash] = "unmerge"
    found |= {
        decision.hash: "reject" if decision.action == "accept" else "accept"
        for decision in standing(history).values()
    }
    return found


def show_desk(desk: EvidenceDesk, history: list[Decision]) -> dict[str, Any]:
    """The reading as plain data for a page."""
    return says_who(desk.reading(history), history)


def marked_text(text: str, spans: list[tuple[int, int, str]]) -> list[tuple[str, str]]:
    """A text cut into pieces, each with the id of the claim that quotes it, or an empty one; overlaps go to the first.

    >>> marked_text("abcdef", [(1, 3, "x"), (2, 4, "y")])
    [('a', ''), ('bc', 'x'), ('def', '')]
    """
    pieces: list[tuple[str, str]] = []
    at = 0
    for start, end, claim in sorted(spans):
        if start < at:
            continue
        pieces += [(text[at:start], ""), (text[start:end], claim)]
        at = end
    return [piece for piece in [*pieces, (text[at:], "")] if piece[0]]
