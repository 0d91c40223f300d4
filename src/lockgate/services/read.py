"""Read documents into claims, hold them against one another and the record, and show what does not agree."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.against_record import hold_against
from lockgate.evidence.claims import Claim, check_claim, identify
from lockgate.evidence.decisions import Decision, apply, standing
from lockgate.evidence.documents import Document
from lockgate.evidence.findings import Finding
from lockgate.evidence.origins import Origin, find_origins
from lockgate.evidence.reading import Reader
from lockgate.evidence.reconcile import reconcile
from lockgate.services.document_files import read_document
from lockgate.services.record import load_record

PluginReader = Callable[[Document], Iterable[Claim]]
READERS_GROUP = "lockgate.readers"
SEVERITIES = ("high", "medium", "low")


@dataclass
class Reading:
    """What came of reading some files: documents, claims, findings, origins, and the problems of files left out."""

    documents: list[Document] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    problems: list[LockgateError] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The reading as ``--json`` prints it."""
        return {
            "documents": [
                {
                    "id": document.id,
                    "path": document.path,
                    "sha256": document.sha256,
                    "title": document.title,
                    "date": document.date.isoformat() if document.date else None,
                    "publisher": document.publisher,
                    "url": document.url,
                }
                for document in self.documents
            ],
            "claims": [claim.as_dict() for claim in self.claims],
            "findings": [finding.as_dict() for finding in self.findings],
            "origins": [origin.as_dict() for origin in self.origins],
            "problems": [problem.as_dict() for problem in self.problems],
        }


def read_files(
    paths: Iterable[Path],
    *,
    on: dt.date | None = None,
    readers: Iterable[str] = (),
    history: Sequence[Decision] = (),
) -> Reading:
    """Read files; one that cannot be read is a problem of the result, and the rest is still read.

    Args:
        paths: Files, and folders whose files are read.
        on: The day all of them were published, where they do not say.
        readers: Names of further readers installed under the entry point group ``lockgate.readers``.
        history: Decisions of people: rejected claims and findings are left out, merged claims told as one.
    """
    reading = Reading()
    names: dict[str, int] = {}
    for path in _files(paths):
        try:
            document = read_document(path, on=on)
        except LockgateError as error:
            reading.problems.append(error.within(str(path)))
            continue
        seen = names.setdefault(document.id, 0)
        names[document.id] += 1
        reading.documents.append(
            _renamed(document, f"{path.stem}-{seen + 1}{path.suffix}") if seen else document
        )
    return read_documents(reading, readers, history)


def read_documents(
    reading: Reading, readers: Iterable[str] = (), history: Sequence[Decision] = ()
) -> Reading:
    """Fill a reading that has its documents: claims, findings, origins."""
    reader = our_reader()
    plugins = [(name, load_reader(name)) for name in readers]
    for document in reading.documents:
        reading.claims += reader.read(document)
        for name, plugin in plugins:
            claims, problems = claims_of_plugin(name, plugin, document)
            reading.claims += claims
            reading.problems += problems
    reading.claims = apply(reading.claims, history)
    reconcile_reading(reading, reader)
    rejected = {target for target, decision in standing(history).items() if decision.action == "reject"}
    reading.findings = [finding for finding in reading.findings if finding.id not in rejected]
    return reading


def reconcile_reading(reading: Reading, reader: Reader) -> None:
    """Hold the claims of a reading against one another, the record, and their origins."""
    record = load_record()
    by_id = {document.id: document for document in reading.documents}
    reading.origins, derived = find_origins(
        reading.documents, reading.claims, reader.grammar.lexicon.publishers
    )
    reading.findings = sorted(
        {
            finding.id: finding
            for finding in (
                *reconcile(reading.claims, record, {id_: document.date for id_, document in by_id.items()}),
                *hold_against(reading.claims, by_id, record),
                *derived,
            )
        }.values(),
        key=lambda finding: (SEVERITIES.index(finding.severity), finding.kind),
    )


def our_reader() -> Reader:
    """The reader of this package."""
    return Reader(load_evidence_tables())


def load_reader(name: str) -> PluginReader:
    """A reader that another package offers.

    Raises:
        LockgateError: ``unknown-reader``.
    """
    found = {entry.name: entry for entry in entry_points(group=READERS_GROUP)}
    if name not in found:
        raise LockgateError(
            f"no reader {name!r} is installed",
            code="unknown-reader",
            hint=f"installed: {', '.join(sorted(found)) or 'none'}",
        )
    plugin: PluginReader = found[name].load()
    return plugin


def claims_of_plugin(
    name: str, plugin: PluginReader, document: Document
) -> tuple[list[Claim], list[LockgateError]]:
    """The claims of another reader that pass our checks, and a problem for each that does not."""
    claims: list[Claim] = []
    problems: list[LockgateError] = []
    for claim in plugin(document):
        try:
            check_claim(claim, document)
            claims.append(identify(claim))
        except LockgateError as error:
            problems.append(error.within("readers", name))
    return claims, problems


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                child for child in path.rglob("*") if child.is_file() and not child.name.startswith(".")
            )
        else:
            yield path


def _renamed(document: Document, name: str) -> Document:
    return replace(document, id=name)
