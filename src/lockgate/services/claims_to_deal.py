"""From accepted claims to entries of a deal file, every value with its document and its quote."""

import datetime as dt
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.evidence.claims import Claim, whole
from lockgate.evidence.documents import Document
from lockgate.evidence.reconcile import interval

HEDGES = {"over": "over", "approx": "about", "reported": "estimate", "may": "estimate"}
FIGURES = {
    "price.usd": "unit_price_usd",
    "inventory.units": "stock_units",
    "orders.units": "ordered_units",
    "fee.pct": "fee_pct",
    "tariff.pct": "tariff_pct",
    "quota.per_customer": "quota_per_customer_units",
    "shipment.units": "shipped_units",
}


def deal_entries(claims: Sequence[Claim], documents: Sequence[Document]) -> dict[str, Any]:
    """Entries for a deal file: quantity reports, recipients, dates, figures, and the documents as sources.

    Args:
        claims: Accepted claims.
        documents: The documents they are from.
    """
    entries: dict[str, Any] = {"quantity": {"reports": []}, "recipients": [], "dates": [], "figures": []}
    used: set[str] = set()
    for claim in claims:
        source = source_id(claim.document)
        common: dict[str, Any] = {"sources": [source], "note": quoted(claim)}
        if claim.attribute == "quantity.units" and claim.subject.endswith(
            ("import approval", "export licence")
        ):
            low, high = interval(claim)
            bounds = {"low": low, "high": high}
            entries["quantity"]["reports"].append(
                {name: int(bound) for name, bound in bounds.items() if abs(bound) != float("inf")}
                | {"hedge": HEDGES.get(claim.hedge, "none")}
                | common
            )
        elif claim.attribute == "recipient" and claim.value_id:
            entries["recipients"].append({"name": str(claim.value), "role": "buyer"} | common)
        elif (
            claim.attribute in ("event.date", "approval.effective_date")
            and claim.low == claim.high
            and claim.low
        ):
            day = dt.date.fromordinal(int(claim.low))
            entries["dates"].append({"on": day, "what": claim.subject, "sources": [source]})
        elif claim.attribute in FIGURES and isinstance(claim.value, float):
            entries["figures"].append(
                {
                    "name": FIGURES[claim.attribute],
                    "value": whole(claim.value),
                    "unit": claim.unit,
                    "hedge": HEDGES.get(claim.hedge, "none"),
                }
                | common
            )
        else:
            continue
        used.add(claim.document)
    entries["sources"] = [source_entry(document) for document in documents if document.id in used]
    return {name: entry for name, entry in entries.items() if entry and entry != {"reports": []}}


def write_deal_entries(path: Path, claims: Sequence[Claim], documents: Sequence[Document]) -> dict[str, int]:
    """Add the entries of accepted claims to a deal file, or start one; what stands in the file is kept.

    Entries that the file already has, and recipients it already names, are not added again.

    Returns:
        How many entries were added, by table.

    Raises:
        LockgateError: ``nothing-accepted``, ``bad-toml``.
    """
    import tomli_w

    entries = deal_entries(claims, documents)
    if not entries:
        raise LockgateError(
            "no accepted claim that a deal file has a place for", code="nothing-accepted",
            hint="accept claims first: lockgate decide JOURNAL accept ID --by NAME --reason WHY",
        )  # fmt: skip
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        present = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LockgateError(f"is not TOML: {error}", code="bad-toml", where=str(path)) from error
    old_reports = present.get("quantity", {}).get("reports", [])
    held = {str(entry.get("name", "")) for entry in present.get("recipients", [])}
    fresh: dict[str, list[dict[str, Any]]] = {
        "quantity": [row for row in entries.get("quantity", {}).get("reports", []) if row not in old_reports],
        "recipients": [row for row in entries.get("recipients", []) if row["name"] not in held],
    }
    for table in ("dates", "figures"):
        fresh[table] = [row for row in entries.get(table, []) if row not in present.get(table, [])]
    used = {source for rows in fresh.values() for row in rows for source in row["sources"]}
    declared = {str(entry.get("id", "")) for entry in present.get("sources", [])}
    fresh["sources"] = [row for row in entries["sources"] if row["id"] in used - declared]
    added = {table: len(rows) for table, rows in fresh.items()}
    if any(fresh.values()):
        # arrays of tables may be continued further down a TOML file, so what people wrote stays as it is
        addition = "\n".join(
            f"[[{table}{'.reports' if table == 'quantity' else ''}]]\n{tomli_w.dumps(row)}"
            for table, rows in fresh.items()
            for row in rows
        )
        path.write_text(f"{text.rstrip()}\n\n{addition}" if text.strip() else addition, encoding="utf-8")
    return added


def source_id(document: str) -> str:
    """A document's name as a source id."""
    return "doc-" + re.sub(r"[^a-z0-9]+", "-", document.lower()).strip("-")


def source_entry(document: Document) -> dict[str, Any]:
    """A document as an entry of ``[[sources]]``."""
    entry: dict[str, Any] = {
        "id": source_id(document.id),
        "title": document.title or document.id,
        "publisher": document.publisher,
        "date": document.date,
        "url": document.url,
        "note": f"sha256 {document.sha256}",
    }
    return {name: value for name, value in entry.items() if value}


def quoted(claim: Claim) -> str:
    """The quote a value rests on, with its place."""
    return f"“{' '.join(claim.quote.split())}” ({claim.document}, characters {claim.char_start}-{claim.char_end})"
