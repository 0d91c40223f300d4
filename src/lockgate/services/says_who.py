"""What documents say about a deal, for people: claims by what they are about, agreement, contradictions, origins."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.evidence.claims import Claim
from lockgate.evidence.decisions import Decision, standing
from lockgate.evidence.findings import shown
from lockgate.evidence.reconcile import interval, numeric
from lockgate.services.read import Reading, read_files

if TYPE_CHECKING:
    from lockgate.reports.outline import DossierSection
    from lockgate.services.assessment import Assessment

REPORTS = "reports"


def says_who_section(assessment: "Assessment") -> "DossierSection | None":
    """The dossier section: what the documents beside the deal file say, in the folder ``reports``.

    None where there is no such folder, or no document in it can be read.
    """
    from lockgate.reports.outline import Cite, DossierSection

    if assessment.folder is None or not (assessment.folder / REPORTS).is_dir():
        return None
    reading = read_files([assessment.folder / REPORTS])
    if not reading.documents:
        return None
    data = says_who(reading)
    cites = tuple(
        Cite(finding["authority"]["source"], finding["kind_words"])
        for finding in data["findings"]
        if finding["authority"] and finding["authority"]["source"] != "catalogue"
    )
    return DossierSection(
        id="says-who", title="Who says so", order=800, template="says_who.html", data=data, cites=cites
    )


def says_who(reading: Reading, history: Sequence[Decision] = ()) -> dict[str, Any]:
    """A reading as plain data for a page.

    Args:
        reading: Documents, claims, findings and origins.
        history: Decisions of people about them.
    """
    verdicts = {target: decision.action for target, decision in standing(history).items()}
    claims = {claim.id: row(claim, verdicts) for claim in reading.claims}
    return {
        "documents": [
            {
                "id": document.id,
                "title": document.title,
                "publisher": document.publisher,
                "date": document.date.isoformat() if document.date else None,
                "sha256": document.sha256,
                "claims": sum(claim.document == document.id for claim in reading.claims),
            }
            for document in reading.documents
        ],
        "claims": list(claims.values()),
        "groups": agreement(reading.claims),
        "findings": [
            {
                **finding.as_dict(),
                "kind_words": kind_words(finding.kind),
                "rows": [claims[id_] for id_ in finding.claims if id_ in claims],
                "decision": verdicts.get(finding.id, ""),
            }
            for finding in reading.findings
        ],
        "origins": [origin.as_dict() for origin in reading.origins],
        "graph": graph(reading),
        "problems": [str(problem) for problem in reading.problems],
    }


def row(claim: Claim, verdicts: dict[str, Any]) -> dict[str, Any]:
    """A claim as a row of the table."""
    return {
        "id": claim.id,
        "document": claim.document,
        "subject": claim.subject,
        "attribute": claim.attribute,
        "value": shown(claim),
        "hedge": "" if claim.hedge == "none" else claim.hedge.replace("_", " "),
        "attributed_to": claim.attributed_to,
        "quote": " ".join(claim.quote.split()),
        "start": claim.char_start,
        "end": claim.char_end,
        "decision": verdicts.get(claim.id, ""),
    }


def agreement(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """What several documents say about one thing, and whether one number satisfies them all."""
    groups: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.polarity:
            groups[claim.subject, claim.attribute].append(claim)
    result = []
    for (subject, attribute), group in groups.items():
        documents = sorted({claim.document for claim in group})
        if len(documents) < 2:
            continue
        values = list(dict.fromkeys(shown(claim) for claim in group))
        if len(values) == 1:
            agree = "the same"
        elif all(numeric(claim) for claim in group):
            low, high = (
                max(interval(claim)[0] for claim in group),
                min(interval(claim)[1] for claim in group),
            )
            agree = "compatible" if low <= high else "in conflict"
        else:
            agree = "in different words"
        result.append(
            {
                "subject": subject,
                "attribute": attribute,
                "values": values,
                "documents": documents,
                "agree": agree,
            }
        )
    return sorted(result, key=lambda group: (-len(group["documents"]), group["subject"], group["attribute"]))


def graph(reading: Reading) -> list[dict[str, Any]]:
    """Edges from documents to their origins, for the drawing: sure or probable."""
    edges = []
    for origin in reading.origins:
        edges += [
            {"document": document, "origin": origin.name, "sure": True} for document in origin.documents
        ]
        edges += [
            {"document": document, "origin": origin.name, "sure": False} for document in origin.probable
        ]
    return edges


def kind_words(kind: str) -> str:
    """A kind of finding in words.

    >>> kind_words("vs_authority_date"), kind_words("cross_seed_set")
    ('against the record: date', 'between documents: set')
    """
    for prefix, words in (("vs_authority_", "against the record: "), ("cross_seed_", "between documents: ")):
        if kind.startswith(prefix):
            return words + kind.removeprefix(prefix).replace("_", " ")
    return {
        "intra_doc": "within one document",
        "derivative_source": "one origin",
        "unverifiable": "not verifiable",
    }.get(kind, kind)


def read_folder(folder: Path) -> Reading:
    """Every document of a folder, read."""
    return read_files([folder])
