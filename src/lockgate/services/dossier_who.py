"""The dossier's part on who gets it: an exported case file, proved first, as recipients with what each asked, got and did."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event, read_event
from lockgate.casework.waiting_list import measure_concentration
from lockgate.services.case_export import verify_export

if TYPE_CHECKING:
    from lockgate.reports.outline import DossierSection
    from lockgate.services.assessment import Assessment

STAGES = ("asked", "allotted", "shipped", "delivered", "reported", "waiting")


def who_section(assessment: "Assessment") -> "DossierSection | None":
    """Who gets it, from the deal's case file; None where there is none.

    Raises:
        LockgateError: ``broken-case-file``, where the file does not prove itself; what ``verify_export`` raises.
    """
    from lockgate.reports.outline import DossierSection

    if assessment.case_file is None:
        return None
    return DossierSection(
        id="who", title="Who gets it", order=100, template="who.html", data=who_gets_it(assessment.case_file)
    )


def who_gets_it(path: Path) -> dict[str, Any]:
    """What a case file tells of the distribution, as plain data: recipients stand by their ids, as the record has them.

    Args:
        path: An exported case file.

    Raises:
        LockgateError: ``broken-case-file``, with the first event that does not hold.
    """
    proof = verify_export(path)
    if not proof.holds:
        fault = proof.faults[0]
        raise LockgateError(
            f"the case file does not prove itself: event {fault.seq}: {fault.reason}",
            code="broken-case-file",
            where=str(path),
            hint="`lockgate verify FILE` lists everything that does not hold; export the case anew",
        )
    with zipfile.ZipFile(path) as archive:
        view = json.loads(archive.read("case.json"))
        rows = [*archive.read("events.jsonl").splitlines(), *archive.read("related.jsonl").splitlines()]
        note = archive.read("checkpoint.txt").decode().split("\n")
    events = sorted(
        (read_event(json.loads(row)["payload"].encode()) for row in rows), key=lambda event: event.seq
    )
    recipients, batches = follow(events)
    allotted = {name: row["allotted"] for name, row in recipients.items() if row["allotted"]}
    spread = measure_concentration(allotted)
    return {
        "case": view["id"],
        "kind": view["kind"],
        "state": view["state"],
        "granted": sum(view["granted"].values()),
        "conditions": [item["text"] for item in view.get("conditions", ())],
        "recipients": [{"recipient": name, **row} for name, row in recipients.items()],
        "batches": batches,
        "hhi": spread.hhi if allotted else None,
        "largest_fraction": float(spread.largest(1)) if allotted else None,
        "events": proof.size,
        "checkpoint": {"size": int(note[1]), "root": proof.root, "at": note[3]},
    }


def follow(events: Iterable[Event]) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Recipients with their quantities, and batches, as the events leave them."""
    recipients: dict[str, dict[str, Any]] = {}
    batches: dict[str, dict[str, Any]] = {}
    allotments: dict[str, tuple[str, int]] = {}
    shipments: dict[str, str] = {}

    def row(name: str) -> dict[str, Any]:
        return recipients.setdefault(name, {**dict.fromkeys(STAGES, 0), "why": "", "accepted_on": ""})

    for event in events:
        data: Mapping[str, Any] = event.data.get("form", event.data)
        if event.type == "AllocationRequested":
            entry = row(data["recipient"])
            entry["asked"] += data["quantity"]
            entry["waiting"] += data["quantity"]
            entry["accepted_on"] = entry["accepted_on"] or data["accepted_on"]
        elif event.type == "BatchOpened":
            batches[data["batch"]] = {
                "batch": data["batch"],
                "quantity": data["quantity"],
                "rule": data["reference"],
                "rounds": 0,
            }
        elif event.type == "AllocationProposed":
            for line in data["result"]["allotments"]:
                row(line["recipient"])["why"] = line["reason"]
        elif event.type == "AllocationCommitted":
            batches[data["batch"]]["rounds"] += 1
            for line in data["allotments"]:
                allotments[line["allotment"]] = line["recipient"], line["quantity"]
                row(line["recipient"])["allotted"] += line["quantity"]
                row(line["recipient"])["waiting"] -= line["quantity"]
        elif event.type == "AllotmentsEnded":
            for line in data["allotments"]:
                name = allotments[line["allotment"]][0]
                row(name)["allotted"] -= line["quantity"]
                if data["state"] != "surrendered":
                    row(name)["waiting"] += line["quantity"]
        elif event.type == "ShipmentRecorded" and data["allotment"] in allotments:
            shipments[data["shipment"]] = data["recipient"]
            row(data["recipient"])["shipped"] += data["quantity"]
        elif event.type == "DeliveryRecorded" and data["shipment"] in shipments:
            row(shipments[data["shipment"]])["delivered"] += data["quantity"]
        elif event.type == "EndUseReported" and data["shipment"] in shipments:
            row(shipments[data["shipment"]])["reported"] += data["accounted_quantity"]
    return recipients, list(batches.values())
