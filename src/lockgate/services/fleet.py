"""An allotment as capacity: what it serves a day, how long it trains, what that costs, and what else the money or count is."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from lockgate.base.errors import LockgateError, ProblemCollector, problems_from_validation
from lockgate.capability.estimate import Estimate, Interval
from lockgate.capability.fleets import (
    CONVENTIONS,
    Lot,
    Running,
    check_lot,
    cost_usd_per_million_tokens,
    energy_mwh,
    equivalents,
    power_w,
    price_usd,
    same_money,
    tokens_per_day,
    total_estimate,
)
from lockgate.catalogue import Catalogue
from lockgate.catalogue.chips import Chip
from lockgate.services.compare import ComparedChip, compare_chips
from lockgate.services.estimate import estimate_job

# What is served and trained where the question names nothing: a dense and a sparse model of the day; a frontier run of 2024 on as
# many chips as it used (Llama 3.1 405B, 15.6e12 tokens on 16,384 H100s, arXiv 2407.21783).
SERVED = ("llama3.1-70b", "deepseek-v3")
TRAINED, RUN_TOKENS, RUN_COUNT = "llama3.1-405b", 15.6e12, 16384
# Tokens of one step of such runs.
_BATCH_TOKENS = 16 * 2**20


Whole = Annotated[int, Strict()]
Amount = Annotated[float, Strict(), Field(allow_inf_nan=False)]
"""Numbers that are numbers: no text, no yes or no."""


class LotQuestion(BaseModel):
    """Chips of one kind, with what is paid for them; price and power from the catalogue where they are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chip: str
    count: Whole
    price_usd: Amount | None = None
    power_w: Amount | None = None
    premium_fraction: Amount = 0.0
    duty_fraction: Amount = 0.0


class FleetQuestion(BaseModel):
    """An allotment, and what it is to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lots: tuple[LotQuestion, ...] = Field(min_length=1)
    serve: tuple[str, ...] = SERVED
    input_len: Whole = Field(default=1024, gt=0)
    output_len: Whole = Field(default=1024, gt=0)
    train: str | None = TRAINED
    tokens: Amount = Field(default=RUN_TOKENS, gt=0)
    run_count: Whole = Field(default=RUN_COUNT, gt=0)
    seq_len: Whole = Field(default=8192, gt=0)
    against: tuple[str, ...] = ()
    years: Amount = Field(default=Running().years, gt=0)
    electricity_usd_per_kwh: Amount = Field(default=Running().electricity_usd_per_kwh, ge=0)
    use_fraction: Amount = Field(default=Running().use_fraction, gt=0, le=1)


def answer_fleet(catalogue: Catalogue, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What an allotment does.

    Args:
        catalogue: For chips and models.
        fields: Of a ``FleetQuestion``.

    Raises:
        InvalidInputError: With every problem.
    """
    try:
        question = FleetQuestion.model_validate(fields)
    except ValidationError as error:
        raise problems_from_validation(error) from None
    running = Running(
        years=question.years,
        electricity_usd_per_kwh=question.electricity_usd_per_kwh,
        use_fraction=question.use_fraction,
    )
    problems = ProblemCollector()
    lots: list[tuple[Chip, Lot]] = []
    for number, item in enumerate(question.lots):
        with problems.at("lots", number):
            chip = catalogue.chip(item.chip)
            lot = lot_of(chip, item.count, item)
            check_lot(lot)
            lots.append((chip, lot))
    for name in question.serve:
        with problems.at("serve"):
            catalogue.model(name)
    problems.raise_if_any()
    rows = [_lot_row(catalogue, question, chip, lot, running) for chip, lot in lots]
    return {
        "lots": rows,
        "total_tokens_per_day": {
            model: total_estimate(
                [_estimate(row["serve"][model]["tokens_per_day"]) for row in rows]
            ).as_dict()
            for model in question.serve
            if all("tokens_per_day" in row["serve"][model] for row in rows)
        },
        "running": {item.name: getattr(running, item.name) for item in dataclass_fields(running)},
    }


def lot_of(chip: Chip, count: int, asked: LotQuestion | None = None) -> Lot:
    """Chips of one kind, with the catalogue's price and power where the question has none."""
    given = asked or LotQuestion(chip=chip.id, count=count)
    return Lot(
        chip.id, count,
        power_w=given.power_w if given.power_w is not None else _number(chip.power_w),
        price_usd=given.price_usd if given.price_usd is not None else _number(chip.price_usd),
        premium_fraction=given.premium_fraction,
        duty_fraction=given.duty_fraction,
    )  # fmt: skip


def _lot_row(
    catalogue: Catalogue, question: FleetQuestion, chip: Chip, lot: Lot, running: Running
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "chip": chip.id, "name": chip.name, "count": lot.count, "price_usd": price_usd(lot), "power_w": power_w(lot, running),
        "serve": {}, "equivalents": equivalent_rows(catalogue, chip, (lot.count,)),
    }  # fmt: skip
    for model in question.serve:
        try:
            found = served_row(catalogue, chip, model, question.input_len, question.output_len)
            row["serve"][model] = capacity_of(found, lot, running)
        except LockgateError as error:
            row["serve"][model] = {"problem": "; ".join(problem.message for problem in error.problems)}
    if question.train:
        row["train"] = training_row(
            catalogue, lot, running, question.train, question.tokens, question.run_count, question.seq_len
        )
    if question.against:
        row["against"] = alternative_rows(catalogue, chip, lot, question.against, question.serve[0])
    return row


def served_row(
    catalogue: Catalogue, chip: Chip, model: str, input_len: int = 1024, output_len: int = 1024
) -> ComparedChip:
    """The best way to serve a model on a node of the chip, or on four where one is too small."""
    problem = ""
    for count in (8, 32):
        fields = {
            "kind": "serve",
            "model": model,
            "count": count,
            "input_len": input_len,
            "output_len": output_len,
        }
        try:
            found = compare_chips(catalogue, fields, [chip.id, chip.id])[0]
        except LockgateError as error:
            problem = str(error)
            continue
        if found.rate is not None:
            return found
        problem = found.problem
    raise LockgateError(problem, code="missing-fact")


def capacity_of(found: ComparedChip, lot: Lot, running: Running) -> dict[str, Any]:
    """Tokens a day of a lot, and what a million cost."""
    row, each = found.row or {}, found.rate or Estimate.exact(0.0)
    rate = each.times(float(lot.count))
    cost = cost_usd_per_million_tokens(lot, running, rate)
    return {
        "model": row["model"],
        "input_len": row["layout"]["input_len"],
        "output_len": row["layout"]["output_len"],
        "precision": row["layout"]["precision"],
        "rate_per_chip": each.as_dict(),
        "tokens_per_day": tokens_per_day(rate, running).as_dict(),
        "usd_per_million": None if cost is None else cost.as_dict(),
        "bottleneck": row["bottleneck"],
    }


def training_row(
    catalogue: Catalogue, lot: Lot, running: Running, model: str = TRAINED, tokens: float = RUN_TOKENS,
    run_count: int = RUN_COUNT, seq_len: int = 8192,
) -> dict[str, Any]:  # fmt: skip
    """Days, energy and money of one run on a part of the lot, and how many such runs the lot does at once."""
    # The largest power of two: batches of such runs are, and uneven numbers of chips leave most layouts out.
    count = 1 << (min(run_count, lot.count).bit_length() - 1)
    fields = {
        "kind": "train", "model": model, "chip": lot.chip, "count": count, "tokens": tokens, "seq_len": seq_len,
        "global_batch": max(_BATCH_TOKENS // seq_len, 1), "precision": "bf16",
    }  # fmt: skip
    try:
        answer = estimate_job(fields, catalogue)
    except LockgateError as error:
        return {"problem": "; ".join(problem.message for problem in error.problems)}
    days = _estimate(answer["days"])
    part = Lot(lot.chip, count, lot.power_w, lot.price_usd, lot.premium_fraction, lot.duty_fraction)
    energy = energy_mwh(part, running, days)
    return {
        "model": model, "count": count, "tokens": tokens, "days": days.as_dict(), "mfu": answer["mfu_fraction"],
        "runs_at_once": lot.count // count, "mwh": None if energy is None else energy.as_dict(), "layout": answer["layout"],
    }  # fmt: skip


def equivalent_rows(catalogue: Catalogue, chip: Chip, counts: Sequence[int]) -> list[dict[str, Any]]:
    """So many chips counted as others under each named convention."""
    h100, b300, h200 = (catalogue.chip(name) for name in ("h100-sxm", "b300", "h200-sxm"))
    references = {
        "eight_bit": float(h100.peak_flop_per_s["fp8"]), "training": float(b300.peak_flop_per_s["bf16"]),
        "bandwidth": float(h200.dram_bandwidth_byte_per_s or 0.0),
    }  # fmt: skip
    rates = {name: float(value) for name, value in chip.peak_flop_per_s.items() if value}
    counted = [
        equivalents(count, _number(chip.tpp), rates, _number(chip.dram_bandwidth_byte_per_s), references)
        for count in counts
    ]
    return [
        {
            "id": item.id, "unit": item.unit, "quantity": item.quantity, "used_by": item.used_by, "source": item.source,
            "values": [None if (value := found[item.id]) is None else round(value) for found in counted],
        }
        for item in CONVENTIONS.values()
    ]  # fmt: skip


def alternative_rows(
    catalogue: Catalogue, chip: Chip, lot: Lot, others: Sequence[str], model: str
) -> list[dict[str, Any]]:
    """Other chips, chip for chip: serving, training, how many match the lot, how many its money buys."""
    names = [chip.id, *(name for name in others if name != chip.id)]
    if len(names) < 2:
        return []
    serving = compare_chips(
        catalogue, {"kind": "serve", "model": model, "count": 8, "input_len": 1024, "output_len": 1024}, names
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
                "matches": None if item.ratio is None else round(lot.count / item.ratio.value),
                "same_money": same_money(lot, lot if item.chip == chip.id else lot_of(other, 1)),
                "measured": item.answer is not None
                and item.answer.settled.job.hardware.kernels.basis == "measured",
                "problem": item.problem,
            }
        )
    return rows


def _training(catalogue: Catalogue, names: Sequence[str]) -> list[ComparedChip]:
    fields = {
        "kind": "train", "model": "llama3-70b", "count": 512, "global_batch": 512, "seq_len": 8192, "precision": "bf16",
    }  # fmt: skip
    try:
        return compare_chips(catalogue, fields, names)
    except LockgateError:
        return []


def _estimate(figure: Mapping[str, Any]) -> Estimate:
    return Estimate(figure["value"], Interval(*figure["interval_50"]), Interval(*figure["interval_90"]))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
