"""The dossier's answer to "what will it do": claims beside predictions and measurements, the batch as capacity, alternatives."""

from collections.abc import Mapping
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.capability.estimate import Estimate
from lockgate.capability.fleets import CONVENTIONS, Running
from lockgate.capability.intervals import Uncertainty
from lockgate.capability.serving_answers import estimate_serving, rate_ratio
from lockgate.catalogue import Catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.fleet import (
    SERVED,
    alternative_rows,
    capacity_of,
    equivalent_rows,
    lot_of,
    served_row,
    training_row,
)
from lockgate.services.jobs import read_job
from lockgate.services.serving import serving_job

# What Chinese buyers can have instead, with and without a licence.
ALTERNATIVES = ("h20-96", "ascend-910c", "ascend-910b3", "mtt-s5000", "biren-br104", "mlu590")


def capability_section(assessment: Assessment) -> DossierSection | None:
    """What the deal's chips do; None where the chip cannot be estimated."""
    catalogue = assessment.catalogue
    try:
        chip = catalogue.chip(assessment.row(None, assessment.on).get("item", ""))
        rows = [served_row(catalogue, chip, model) for model in SERVED]
    except LockgateError:
        return None
    quantity = assessment.deal.quantity
    counts = tuple(dict.fromkeys((quantity.low, quantity.high)))
    running = Running()
    claims = claim_rows(catalogue, chip.id)
    gains = gain_rows(catalogue, chip.id)
    data = {
        "chip": chip.name,
        "claims": claims,
        "gains": gains,
        "served": [
            {
                **capacity_of(row, lot_of(chip, counts[0]), running),
                "tokens_per_day": [
                    {"count": count, **capacity_of(row, lot_of(chip, count), running)["tokens_per_day"]}
                    for count in counts
                ],
            }
            for row in rows
        ],
        "training": [training_row(catalogue, lot_of(chip, count), running) for count in counts],
        "equivalents": equivalent_rows(catalogue, chip, counts),
        "alternatives": alternative_rows(
            catalogue, chip, lot_of(chip, quantity.low), ALTERNATIVES, SERVED[0]
        ),
        "running": {"use_fraction": running.use_fraction, "years": running.years},
    }
    cites = [Cite("nvidia-tensorrt-llm-performance", "what the serving model was fitted to and scored on")]
    cites += [Cite("aiconfigurator-core", "kernel measurements")]
    cites += [Cite(row["measured_source"], "measured ratio") for row in claims if row["measured_source"]]
    cites += [Cite(item.source, f"convention {item.id}") for item in CONVENTIONS.values()]
    return DossierSection(
        id="capability",
        title="What will it do",
        order=100,
        template="capability.html",
        data=data,
        cites=tuple(cites),
    )


def claim_rows(catalogue: Catalogue, chip: str) -> list[dict[str, Any]]:
    """Claims about a chip beside what the model predicts for the same work and what was measured."""
    rows = []
    for claim in catalogue.calibration("claims")["claims"]:
        if claim["chip"] != chip:
            continue
        ratio = _claim_ratio(catalogue, claim)
        rows.append(
            {
                "id": claim["id"], "what": claim["what"], "claimed": claim.get("claimed"), "note": claim["note"],
                "predicted": ratio.as_dict(), "measured": claim.get("measured"),
                "measured_source": claim.get("source", ""), "measured_note": claim.get("measured_note", ""),
                "against_prediction": "" if claim["quantity"] == "held" else _against(claim.get("claimed"), ratio),
            }
        )  # fmt: skip
    return rows


def _claim_ratio(catalogue: Catalogue, claim: Mapping[str, Any]) -> Estimate:
    this, that = (
        estimate_serving(
            serving_job(read_job({"kind": "serve", **claim[side]}), catalogue),
            catalogue.calibration("serving"),
        )
        for side in ("this", "that")
    )
    if claim["quantity"] == "held":
        # Memory is arithmetic: what is uncertain is the runtime's own share, a gigabyte or so a chip.
        return Uncertainty(0.03, 0.08, {}).about(float(this.run.batch) / float(that.run.batch))
    return rate_ratio(this, that)


def _against(claimed: float | None, ratio: Estimate) -> str:
    if claimed is None:
        return ""
    if claimed in ratio.interval_50:
        return "inside the 50 % interval"
    if claimed in ratio.interval_90:
        return "inside the 90 % interval"
    return "above the 90 % interval" if claimed > ratio.interval_90.high else "below the 90 % interval"


def gain_rows(catalogue: Catalogue, chip: str) -> list[dict[str, Any]]:
    """Where a chip gains over the one before it, and where it does not, with what limits the work."""
    rows = []
    tables = catalogue.calibration("serving")
    for group in catalogue.calibration("claims")["gains"]:
        if group["chip"] != chip:
            continue
        for item in group["rows"]:
            this, that = (
                estimate_serving(
                    serving_job(read_job({"kind": "serve", "chip": name, **item["job"]}), catalogue), tables
                )
                for name in (chip, group["over"])
            )
            ratio = rate_ratio(this, that)
            rows.append(
                {"what": item["what"], "over": group["over"], "ratio": ratio.as_dict(), "limited_by": that.bottleneck,
                 "measured": measured_ratio(item["job"], chip, group["over"])}
            )  # fmt: skip
    return sorted(rows, key=lambda row: -row["ratio"]["value"])


def measured_ratio(job: Mapping[str, Any], chip: str, over: str) -> float | None:
    """Ratio of two chips on the same work among the published runs that ship; None where one of them is not there."""
    columns = ("model", "count", "tp", "precision", "input_len", "output_len", "framework")
    found: dict[str, float] = {}
    for row in read_measurements("serving_throughput"):
        if (
            row["chip"] in (chip, over)
            and not row["excluded"]
            and row["metric"] == "output_tokens_per_s"
            and not row["concurrency"]
            and all(row[name] == str(job.get(name)) for name in columns)
        ):
            found[row["chip"]] = float(row["value"])
    return found[chip] / found[over] if len(found) == 2 and "concurrency" not in job else None
