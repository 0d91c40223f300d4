"""A reading as JSON, CSV, HTML or text for the terminal; its accepted claims as entries of a deal file."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from lockgate.base.errors import LockgateError
from lockgate.evidence.decisions import Decision, accepted, standing
from lockgate.evidence.findings import shown
from lockgate.services.claims_to_deal import write_deal_entries
from lockgate.services.read import Reading

COLUMNS = (
    "id", "document", "quote", "char_start", "char_end", "subject", "attribute", "value", "unit", "low", "high", "hedge",
    "attributed_to",
)  # fmt: skip


def print_reading(
    reading: Reading, form: str, history: Sequence[Decision] = (), *, explain: bool = False
) -> str:
    """A reading in one of its forms: ``json``, ``csv``, ``html`` or ``text``."""
    if form == "json":
        return json.dumps(reading.as_dict(), ensure_ascii=False, indent=1)
    if form == "csv":
        return as_csv(reading)
    if form == "html":
        from lockgate.reports.says_who import render_says_who
        from lockgate.services.says_who import says_who

        return render_says_who(says_who(reading, history))
    return as_text(reading, history, explain=explain)


def as_csv(reading: Reading) -> str:
    """The claims, one row each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for claim in reading.claims:
        row = claim.as_dict()
        writer.writerow({name: "" if row[name] is None else row[name] for name in COLUMNS})
    return out.getvalue()


def as_text(reading: Reading, history: Sequence[Decision] = (), *, explain: bool = False) -> str:
    """Claims by document, then findings with their claims side by side."""
    decided = {
        target: f" [{decision.action}ed by {decision.by}]" for target, decision in standing(history).items()
    }
    lines: list[str] = []
    for document in reading.documents:
        claims = [claim for claim in reading.claims if claim.document == document.id]
        lines += [f"{document.id}: {document.title}", f"  {len(claims)} claims"]
        for claim in claims:
            hedge = "" if claim.hedge == "none" else f" ({claim.hedge})"
            by = f" — {claim.attributed_to}" if claim.attributed_to else ""
            denied = "" if claim.polarity else " (denied)"
            lines.append(
                f"  {claim.id} {claim.subject}: {claim.attribute} = {shown(claim)}{hedge}{denied}{by}{decided.get(claim.id, '')}"
            )
            lines.append(f"    {claim.char_start}-{claim.char_end} “{' '.join(claim.quote.split())}”")
            if explain:
                lines.append(f"    made by {claim.pattern}")
    by_id = {claim.id: claim for claim in reading.claims}
    for finding in reading.findings:
        lines += [
            "",
            f"{finding.id} {finding.severity}: {finding.kind}{decided.get(finding.id, '')}",
            f"  {finding.statement}",
        ]
        lines += [
            f"    {by_id[id_].document}: {shown(by_id[id_])} “{' '.join(by_id[id_].quote.split())[:160]}”"
            for id_ in finding.claims
            if id_ in by_id
        ]
        if finding.authority is not None:
            lines.append(f"    record: {finding.authority.source}")
        if finding.settle:
            lines.append(f"    would settle it: {finding.settle}")
    return "\n".join(lines)


def write_accepted(deal: Path, reading: Reading, history: Sequence[Decision]) -> str:
    """Add the accepted claims of a reading to a deal file, and say what was added.

    Raises:
        LockgateError: ``no-journal`` where nothing was decided.
    """
    if not history:
        raise LockgateError(
            "only accepted claims go into a deal file, and no decisions were given", code="no-journal",
            hint="give --journal FILE; decide with: lockgate decide FILE accept ID --by NAME --reason WHY",
        )  # fmt: skip
    added = write_deal_entries(deal, accepted(reading.claims, history), reading.documents)
    return f"{deal}: " + ", ".join(f"{count} {table}" for table, count in added.items())
