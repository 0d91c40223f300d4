"""The determination that belongs to an application, computed from its own answers."""

import datetime as dt

from lockgate.base.errors import LockgateError
from lockgate.casework.case import Case
from lockgate.catalogue import Catalogue
from lockgate.controls.determination import Determination
from lockgate.services.determine import Determiner

MOVEMENTS = {"export": "export", "reexport": "reexport", "transfer": "in-country-transfer"}
FIELD = "determination"


def transaction_of(case: Case, catalogue: Catalogue) -> dict[str, str]:
    """The transaction that a case's answers describe, by columns; what they leave open is left out.

    Raises:
        LockgateError: ``no-item``, where no answer names a chip or system of the catalogue.
    """
    fields = case.fields
    named = fields.get("items") or fields.get("product") or ()
    item = next(
        (
            found
            for text in ([named] if isinstance(named, str) else named)
            if (found := find_item(str(text), catalogue))
        ),
        "",
    )
    if not item:
        raise LockgateError(
            "no answer names a chip or system of the catalogue", code="no-item", where="items",
            hint="begin a line of the items with its id or name, such as H200 SXM",
        )  # fmt: skip
    row = {
        "id": case.id,
        "item": item,
        "kind": MOVEMENTS.get(str(fields.get("transaction", "export")), "export"),
        "from": "US" if case.kind == "export-licence" else "",
        "to": str(fields.get("destination") or fields.get("site_place") or ""),
        "quantity": str(fields.get("quantity", "")),
    }
    return {name: value for name, value in row.items() if value}


def find_item(text: str, catalogue: Catalogue) -> str:
    """Id of the chip or system that a line of an application begins with; empty where it names none.

    >>> from lockgate.catalogue import load_catalogue
    >>> find_item("H200 SXM, 15832 TPP, 100 units", load_catalogue())
    'h200-sxm'
    """
    words = text.replace(",", " ").replace(";", " ").split()
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count])
        for find in (catalogue.chip, catalogue.system):
            try:
                return find(name).id
            except LockgateError:
                continue
    return ""


def determine_case(case: Case, catalogue: Catalogue, on: dt.date) -> Determination:
    """What the gates say of a case's transaction on a day.

    Raises:
        LockgateError: ``no-item``; every answer that does not fit.
    """
    return Determiner(catalogue, on=on).answer(transaction_of(case, catalogue))


def write_determination(found: Determination, versions: str) -> str:
    """The determination as the field of an application keeps it: verdict, gates, what it rests on."""
    gates = "; ".join(f"{gate.gate}: {gate.verdict}" for gate in found.gates)
    missing = ", ".join(found.missing) or "nothing"
    return f"{found.verdict} on {found.on} for {found.transaction.item} ({gates}); missing: {missing}; rests on {versions}"
