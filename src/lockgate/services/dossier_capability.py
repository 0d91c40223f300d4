"""The dossier's answer to "what will it do": claims beside predictions and measurements, the batch as capacity, alternatives."""

from collections.abc import Mapping
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.capability.estimate import Estimate
from lockgate.capability.fleets import (
    CONVENTIONS,
    Lot,
    Running,
    cost_usd_per_million_tokens,
    days_to_train,
    equivalents,
    power_w,
    same_money,
    tokens_per_day,
)
from lockgate.capability.intervals import Uncertainty
from lockgate.capability.serving_answers import estimate_serving, rate_ratio
from lockgate.catalogue import Catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.catalogue.chips import Chip
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.compare import ComparedChip, compare_chips
from lockgate.services.estimate import estimate_job, read_job
from lockgate.services.serving import serving_job

# What Chinese buyers can have instead, with and without a licence.
ALTERNATIVES = ("h20-96", "ascend-910c", "ascend-910b3", "mtt-s5000", "biren-br104", "mlu590")
SERVED = ("llama3.1-70b", "deepseek-v3")
# A frontier run of 2024, on as many chips as it used: Llama 3.1 405B, 15.6e12 tokens on 16,384 H100s.
RUN = {
    "kind": "train",
    "model": "llama3.1-405b",
    "count": 16384,
    "global_batch": 2048,
    "seq_len": 8192,
    "precision": "bf16",
}
RUN_TOKENS = 15.6e12


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
    claims = claim_rows(catalogue, chip.id)
    gains = gain_rows(catalogue, chip.id)
    data = {
        "chip": chip.name,
        "claims": claims,
        "gains": gains,
        "served": [capacity_of(row, chip, counts) for row in rows],
        "training": training_row(catalogue, chip, counts),
        "equivalents": equivalent_rows(catalogue, chip, counts),
        "alternatives": alternative_rows(catalogue, chip, quantity.low),
        "running": {"use_fraction": Running().use_fraction, "years": Running().years},
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
            and all(row[name] == str(job.get(name)) for name in columns)
        ):
            found[row["chip"]] = float(row["value"])
    return found[chip] / found[over] if len(found) == 2 and "concurrency" not in job else None


def served_row(catalogue: Catalogue, chip: Chip, model: str) -> ComparedChip:
    """The best way to serve a model on a node of the chip."""
    fields = {"kind": "serve", "model": model, "count": 8, "input_len": 1024, "output_len": 1024}
    found = compare_chips(catalogue, fields, [chip.id, chip.id])[0]
    if found.rate is None:
        raise LockgateError(found.problem, code="missing-fact")
    return found


def capacity_of(found: ComparedChip, chip: Chip, counts: tuple[int, ...]) -> dict[str, Any]:
    """Tokens a day of so many chips, and what a million cost."""
    row, rate = found.row or {}, found.rate or Estimate.exact(0.0)
    running = Running()
    lot = _lot(chip, 8)
    cost = cost_usd_per_million_tokens(lot, running, rate.times(8.0))
    return {
        "model": row["model"],
        "input_len": row["layout"]["input_len"],
        "output_len": row["layout"]["output_len"],
        "precision": row["layout"]["precision"],
        "rate_per_chip": rate.as_dict(),
        "tokens_per_day": [
            {"count": count, **tokens_per_day(rate.times(float(count)), running).as_dict()}
            for count in counts
        ],
        "usd_per_million": None if cost is None else cost.as_dict(),
        "bottleneck": row["bottleneck"],
    }


def training_row(catalogue: Catalogue, chip: Chip, counts: tuple[int, ...]) -> dict[str, Any] | None:
    """Days of one frontier run on as many chips as it used, and how many such runs the batch does at once."""
    try:
        answer = estimate_job({**RUN, "chip": chip.id, "tokens": RUN_TOKENS}, catalogue)
    except LockgateError:
        return None
    figure = answer.get("days")
    if figure is None:
        rate = answer["tokens_per_s"]
        figure = days_to_train(RUN_TOKENS, Uncertainty(0.0, 0.0, {}).about(rate["value"])).as_dict()
    power = power_w(_lot(chip, int(str(RUN["count"]))), Running())
    return {
        "model": RUN["model"], "count": RUN["count"], "tokens": RUN_TOKENS, "days": figure, "mfu": answer["mfu_fraction"],
        "runs_at_once": [{"count": count, "runs": count // int(str(RUN["count"]))} for count in counts],
        "mwh": None if power is None else power * 24e-6 * figure["value"],
    }  # fmt: skip


def equivalent_rows(catalogue: Catalogue, chip: Chip, counts: tuple[int, ...]) -> list[dict[str, Any]]:
    """The batch in other chips under each named convention."""
    h100, b300, h200 = (catalogue.chip(name) for name in ("h100-sxm", "b300", "h200-sxm"))
    references = {
        "eight_bit": float(h100.peak_flop_per_s["fp8"]), "training": float(b300.peak_flop_per_s["bf16"]),
        "bandwidth": float(h200.dram_bandwidth_byte_per_s or 0.0),
    }  # fmt: skip
    rates = {name: float(value) for name, value in chip.peak_flop_per_s.items() if value}
    tpp = None if chip.tpp is None else float(chip.tpp)
    bandwidth = chip.dram_bandwidth_byte_per_s
    counted = [
        equivalents(count, tpp, rates, None if bandwidth is None else float(bandwidth), references)
        for count in counts
    ]
    return [
        {
            "id": item.id, "unit": item.unit, "quantity": item.quantity, "used_by": item.used_by, "source": item.source,
            "values": [None if (value := found[item.id]) is None else round(value) for found in counted],
        }
        for item in CONVENTIONS.values()
    ]  # fmt: skip


def alternative_rows(catalogue: Catalogue, chip: Chip, count: int) -> list[dict[str, Any]]:
    """Other chips a chip for chip: serving, training, how many match the batch, how many its money buys."""
    names = [chip.id, *(name for name in ALTERNATIVES if name != chip.id)]
    serving = compare_chips(
        catalogue,
        {"kind": "serve", "model": SERVED[0], "count": 8, "input_len": 1024, "output_len": 1024},
        names,
    )
    training = {item.chip: item for item in _training(catalogue, names)}
    rows = []
    for item in serving:
        other = catalogue.chip(item.chip)
        train = training.get(item.chip)
        rows.append(
            {
                "chip": other.name,
                "id": item.chip,
                "serving": None if item.ratio is None else item.ratio.as_dict(),
                "training": None if train is None or train.ratio is None else train.ratio.as_dict(),
                "matches": None if item.ratio is None else round(count / item.ratio.value),
                "same_money": same_money(_lot(chip, count), _lot(other, 1)),
                "measured": item.answer is not None
                and item.answer.settled.job.hardware.kernels.basis == "measured",
                "problem": item.problem,
            }
        )
    return rows


def _training(catalogue: Catalogue, names: list[str]) -> list[ComparedChip]:
    fields = {
        "kind": "train",
        "model": "llama3-70b",
        "count": 512,
        "global_batch": 512,
        "seq_len": 8192,
        "precision": "bf16",
    }
    try:
        return compare_chips(catalogue, fields, names)
    except LockgateError:
        return []


def _lot(chip: Chip, count: int) -> Lot:
    return Lot(
        chip.id, count,
        power_w=None if chip.power_w is None else float(chip.power_w),
        price_usd=None if chip.price_usd is None else float(chip.price_usd),
    )  # fmt: skip
