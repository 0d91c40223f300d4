"""The dossier's account of the gates: numbered reasons with clause, dates and inputs, and the conditions."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import word
from lockgate.catalogue.law import Provision
from lockgate.controls.determination import Charge, GateAnswer
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.dossier_words import CHARGE_TITLES, GATE_TITLES, POLICY_WORDS, STATE_WORDS, iso


def gates_section(assessment: Assessment) -> DossierSection:
    """Both gates and every charge, each with its numbered reasons."""
    parts = [*gate_groups(assessment), *charge_parts(assessment)]
    cites = tuple(cite for part in parts for cite in cites_of(part["title"], part["reasons"]))
    data = {
        "parts": parts,
        "classification": assessment.reference.determination.classification,
        "item": assessment.reference.determination.transaction.item,
    }
    return DossierSection(
        id="gates", title="What each gate says", order=30, template="gates.html", data=data, cites=cites
    )


def gate_groups(assessment: Assessment) -> Iterator[dict[str, Any]]:
    """Each gate once for every set of buyers that it answers alike."""
    for gate in assessment.gates:
        groups: dict[tuple[object, ...], tuple[GateAnswer, list[str]]] = {}
        for answer in assessment.buyers:
            for part in answer.determination.gates:
                if part.gate == gate:
                    key = (part.verdict, part.state, part.basis, part.review_policy, part.missing)
                    groups.setdefault(key, (part, []))[1].append(answer.recipient.label)
        for part, names in groups.values():
            yield {
                "id": gate,
                "kind": "gate",
                "title": GATE_TITLES.get(gate, gate),
                "recipients": names if len(names) < len(assessment.buyers) or len(groups) > 1 else [],
                "verdict": str(part.verdict),
                "facts": list(gate_facts(assessment, part)),
                "basis": [clause(assessment, id_) for id_ in part.basis],
                "reasons": number_reasons(assessment, part.explanation),
                "distances": list(distances_of(assessment, part)),
                "missing": list(part.missing),
                "warnings": list(part.warnings),
            }


def charge_parts(assessment: Assessment) -> Iterator[dict[str, Any]]:
    """Each charge, for the reference buyer."""
    for part in assessment.reference.determination.charges:
        yield {
            "id": part.charge,
            "kind": "charge",
            "title": CHARGE_TITLES.get(part.charge, part.charge),
            "recipients": [],
            "verdict": word(part.applies),
            "facts": list(charge_facts(part)),
            "basis": [clause(assessment, id_) for id_ in part.basis],
            "reasons": number_reasons(assessment, part.explanation),
            "distances": [],
            "missing": list(part.missing),
            "warnings": list(part.warnings),
        }


def charge_facts(part: Charge) -> Iterator[dict[str, str]]:
    """What a charge says, as pairs of name and value."""
    yield {"name": "Applies", "value": word(part.applies)}
    if part.rate_fraction is not None:
        yield {"name": "Rate", "value": f"{part.rate_fraction:.0%} of the entered value"}


def gate_facts(assessment: Assessment, part: GateAnswer) -> Iterator[dict[str, str]]:
    """What a gate says, as pairs of name and value."""
    if part.gate == "cn-import":
        yield {"name": "State", "value": STATE_WORDS.get(part.state, part.state)}
        return
    classification = assessment.reference.determination.classification
    yield {"name": "Classification", "value": classification or "none under 3A090"}
    yield {"name": "Licence required by the text", "value": word(part.licence_required)}
    yield {"name": "Licence required as enforced", "value": word(part.licence_enforced)}
    yield {"name": "Licence exceptions open", "value": ", ".join(part.exceptions) or "none"}
    policy = POLICY_WORDS.get(part.review_policy, part.review_policy)
    yield {"name": "Review of an application", "value": policy or "not needed"}


def number_reasons(assessment: Assessment, tree: Explanation, prefix: str = "") -> list[dict[str, Any]]:
    """The steps of an explanation as numbered reasons: 1, 1.1, 1.2, 2 …, each with its clause and its inputs.

    A step that rests on the clause of the step above does not repeat it.
    """
    reasons = []
    for index, step in enumerate(tree.children, start=1):
        number = f"{prefix}{index}"
        reasons.append(
            {
                "number": number,
                "label": step.label,
                "value": plain_value(step.value),
                "unit": step.unit,
                "note": step.note,
                "clause": clause(assessment, step.citation, step.pinpoint)
                if step.citation and step.citation != tree.citation
                else None,
                "reasons": number_reasons(assessment, step, f"{number}."),
            }
        )
    return reasons


def plain_value(value: object) -> str | int | float | None:
    """A step's value as plain data."""
    if value is None or isinstance(value, (str, int, float)):
        return word(value) if isinstance(value, bool) else value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def clause(assessment: Assessment, id_: str, pinpoint: str = "") -> dict[str, Any]:
    """What a citation stands for: the clause with its document, the days it holds, and how far it was checked.

    Args:
        assessment: Where to look it up.
        id_: Id of a provision or of a source.
        pinpoint: Where in it.
    """
    version = assessment.law_on.get(id_)
    if version is None:
        source = assessment.catalogue.source(id_) if id_ in assessment.catalogue.source_shelf else None
        return {
            "id": id_,
            "kind": "source",
            "title": source.title if source else id_,
            "document": ", ".join(filter(None, (source.publisher, source.date))) if source else "",
            "section": pinpoint,
            "url": source.url if source else "",
        }
    provision = assessment.law.provision(id_)
    return {
        "id": id_,
        "kind": "reported" if version.verification == "reported" else "provision",
        "title": provision.title,
        "document": version.citation.document,
        "section": version.citation.section,
        "pinpoint": pinpoint or version.citation.pinpoint,
        "url": version.citation.url,
        "from_on": iso(version.from_on),
        "until_on": iso(next_day(provision, version.from_on)),
        "status": version.status,
        "verification": version.verification,
        "confidence": version.confidence,
        "open": list(version.open),
    }


def next_day(provision: Provision, day: dt.date) -> dt.date | None:
    """The day from which a later version replaces that of ``day``; None where none does."""
    return min((item.from_on for item in provision.versions if item.from_on > day), default=None)


def distances_of(assessment: Assessment, part: GateAnswer) -> Iterator[dict[str, Any]]:
    """How far the item stands from each line."""
    for item in part.distances:
        yield {
            "provision": item.provision,
            "line": item.line,
            "quantity": item.quantity,
            "value": None if item.value is None else float(item.value),
            "operator": item.operator,
            "limit": float(item.limit),
            "margin": None if item.margin is None else float(item.margin),
            "unit": item.unit,
            "clause": clause(assessment, item.provision),
        }


def cites_of(title: str, reasons: list[dict[str, Any]]) -> Iterator[Cite]:
    """Every clause that a gate's reasons rest on."""
    for reason in reasons:
        if reason["clause"]:
            yield Cite(reason["clause"]["id"], f"{title}: {reason['label']}")
        yield from cites_of(title, reason["reasons"])


def conditions_section(assessment: Assessment) -> DossierSection | None:
    """Every condition with its status, the evidence it needs and who it is for; unmet first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for answer in assessment.buyers:
        for part in answer.determination.gates:
            for item in part.conditions:
                row = found.setdefault(
                    (item.id, str(item.status)),
                    {
                        "gate": part.gate,
                        "gate_title": GATE_TITLES.get(part.gate, part.gate),
                        "id": item.id,
                        "status": str(item.status),
                        "needs": item.needs,
                        "note": item.note,
                        "clause": clause(assessment, item.id),
                        "recipients": [],
                    },
                )
                row["recipients"].append(answer.recipient.label)
    if not found:
        return None
    order = {"unmet": 0, "unknown": 1, "met": 2}
    rows = sorted(
        found.values(), key=lambda row: (assessment.gates.index(row["gate"]), order[row["status"]], row["id"])
    )
    for row in rows:
        if len(row["recipients"]) == len(assessment.buyers):
            row["recipients"] = []
    data = {
        "conditions": rows,
        "counts": {status: sum(row["status"] == status for row in rows) for status in order},
    }
    return DossierSection(
        id="conditions",
        title="Conditions, and what is missing",
        order=40,
        template="conditions.html",
        data=data,
        cites=tuple(Cite(row["id"], f"condition: {row['clause']['title']}") for row in rows),
    )
