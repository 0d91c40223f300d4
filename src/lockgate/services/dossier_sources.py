"""The dossier's last section: every source, and what each supports."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from lockgate.reports.outline import DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.dossier_gates import clause

KINDS = ("provision", "reported", "document")


def sources_section(assessment: Assessment, sections: Iterable[DossierSection]) -> DossierSection:
    """Every provision, report and document that the other sections cite, with what it supports."""
    uses: dict[str, list[str]] = {}
    for section in sections:
        for cite in section.cites:
            uses.setdefault(cite.id, [])
            if cite.supports not in uses[cite.id]:
                uses[cite.id].append(cite.supports)
    entries = [{**describe(assessment, id_), "supports": supports} for id_, supports in uses.items()]
    entries.sort(key=lambda entry: (KINDS.index(entry["kind"]), entry["id"]))
    entries = [{"number": number, **entry} for number, entry in enumerate(entries, start=1)]
    groups = [
        {"kind": kind, "entries": [entry for entry in entries if entry["kind"] == kind]} for kind in KINDS
    ]
    return DossierSection(
        id="sources",
        title="Sources, and what each supports",
        order=900,
        template="sources.html",
        data={"groups": [group for group in groups if group["entries"]]},
    )


def describe(assessment: Assessment, id_: str) -> dict[str, Any]:
    """A source as the list shows it: one of the deal's own, a provision, or a document of the catalogue."""
    own = next((source for source in assessment.deal.sources if source.id == id_), None)
    if own is not None:
        return document(id_, own.title, own.publisher, own.date, own.url, own.note)
    provision = find_provision(assessment, id_)
    if provision:
        return provision
    if id_ in assessment.catalogue.source_shelf:
        known = assessment.catalogue.source(id_)
        return document(
            id_, known.title, known.publisher, known.date, known.url, known.note, known.confidence
        )
    return document(id_, id_, "", None, "", "not described")


def find_provision(assessment: Assessment, id_: str) -> dict[str, Any] | None:
    """A provision as the list shows it, on the day or, where it does not hold then, as of its latest version."""
    if id_ in assessment.law_on:
        return clause(assessment, id_)
    for provision in assessment.law.provisions(id_):
        if provision.id == id_:
            version = provision.versions[-1]
            return {
                "id": id_,
                "kind": "reported" if version.verification == "reported" else "provision",
                "title": provision.title,
                "document": version.citation.document,
                "section": version.citation.section,
                "pinpoint": version.citation.pinpoint,
                "url": version.citation.url,
                "from_on": version.from_on.isoformat(),
                "until_on": None,
                "status": version.status,
                "verification": version.verification,
                "confidence": version.confidence,
                "open": list(version.open),
            }
    return None


def document(
    id_: str,
    title: str,
    publisher: str,
    date: dt.date | str | None,
    url: str,
    note: str,
    confidence: str = "",
) -> dict[str, Any]:
    """A document as the list shows it."""
    return {
        "id": id_,
        "kind": "document",
        "title": title,
        "publisher": publisher,
        "date": None if date is None else str(date),
        "url": url,
        "note": note,
        "confidence": confidence,
    }
