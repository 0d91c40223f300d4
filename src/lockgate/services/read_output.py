"""A reading as JSON, CSV or text for the terminal."""

import csv
import io
import json

from lockgate.services.read import Reading

COLUMNS = (
    "id", "document", "quote", "char_start", "char_end", "subject", "attribute", "value", "unit", "low", "high", "hedge",
    "attributed_to",
)  # fmt: skip


def as_json(reading: Reading) -> str:
    """The whole reading."""
    return json.dumps(reading.as_dict(), ensure_ascii=False, indent=1)


def as_csv(reading: Reading) -> str:
    """The claims, one row each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for claim in reading.claims:
        row = claim.as_dict()
        writer.writerow({name: "" if row[name] is None else row[name] for name in COLUMNS})
    return out.getvalue()


def as_text(reading: Reading, *, explain: bool = False) -> str:
    """Claims by document, then findings."""
    lines: list[str] = []
    for document in reading.documents:
        claims = [claim for claim in reading.claims if claim.document == document.id]
        lines += [f"{document.id}: {document.title}", f"  {len(claims)} claims"]
        for claim in claims:
            hedge = "" if claim.hedge == "none" else f" ({claim.hedge})"
            by = f" — {claim.attributed_to}" if claim.attributed_to else ""
            shown = claim.as_dict()["value"]
            lines.append(f"  {claim.subject}: {claim.attribute} = {shown} {claim.unit}{hedge}{by}".rstrip())
            lines.append(f"    {claim.char_start}-{claim.char_end} “{' '.join(claim.quote.split())}”")
            if explain:
                lines.append(f"    made by {claim.pattern}")
    for finding in reading.findings:
        lines += ["", f"{finding.severity}: {finding.kind}", f"  {finding.statement}"]
    return "\n".join(lines)
