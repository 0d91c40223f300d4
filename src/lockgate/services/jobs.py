"""Jobs as users write them: rows, files and flags, read and checked; models by id, file or inline."""

import csv
import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lockgate.base.errors import InvalidInputError, LockgateError, ProblemCollector, problems_from_validation
from lockgate.capability.hardware import Hardware, hardware_from_chip
from lockgate.catalogue import Catalogue, ModelArchitecture
from lockgate.catalogue.models import model_from_mapping, parse_model

KINDS = ("train", "serve")
# Under this name a row of a table carries the cells that no column names; it is answered with them as its problem.
UNNAMED_CELLS = "unnamed cells"


class Job(BaseModel):
    """One row: what to run on what. All but ``kind, model, chip, count`` may be left out; what is chosen is said."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), str_strip_whitespace=True)

    id: str = ""
    kind: str
    model: str | dict[str, Any]
    chip: str
    count: int
    system: str | None = None
    precision: str | None = None
    kv_precision: str | None = None
    tp: int | None = None
    pp: int | None = None
    dp: int | None = None
    ep: int | None = None
    cp: int | None = None
    micro_batch: int | None = None
    global_batch: int | None = None
    seq_len: int | None = None
    recompute: str | None = None
    interleave: int | None = None
    zero: int | None = None
    tokens: float | None = None
    input_len: int | None = None
    output_len: int | None = None
    batch: int | None = None
    concurrency: int | None = None
    requests: int | None = None
    step_tokens: int | None = None
    beams: int | None = None
    arrival_per_s: float | None = None
    ttft_limit_s: float | None = Field(default=None, gt=0)
    tpot_limit_s: float | None = Field(default=None, gt=0)
    scenario: str | None = None
    framework: str = ""
    network_gb_per_s: float | None = Field(default=None, gt=0)
    node_chip_count: int | None = Field(default=None, gt=0)
    oversubscription: float = Field(default=1.0, ge=1)

    @field_validator("recompute", "scenario", "kind", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value


def read_job(fields: Mapping[str, Any]) -> Job:
    """A job from a row.

    Raises:
        InvalidInputError: With every field that is missing, unknown or of the wrong kind.
    """
    given = {
        name: value
        for name, value in fields.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }
    if "id" in given:
        given["id"] = str(given["id"]).strip()
    if extra := given.pop(UNNAMED_CELLS, None):
        raise InvalidInputError(
            [LockgateError(f"{len(extra)} more cells than columns: {', '.join(map(repr, extra[:5]))}", code="too-many-cells",
                           where="row", hint="a cell with a comma in it goes in double quotes")]
        )  # fmt: skip
    if "count" not in given and str(given.get("kind", "")).strip().lower() == "serve":
        given["count"] = _serving_count(given)
    try:
        job = Job.model_validate(given)
    except ValidationError as error:
        raise problems_from_validation(error) from None
    if job.kind not in KINDS:
        raise InvalidInputError(
            [LockgateError(f"unknown kind {job.kind!r}", code="unknown-kind", where="kind", hint="train or serve")]
        )  # fmt: skip
    return job


def _serving_count(given: Mapping[str, Any]) -> int:
    """Chips of a serving job that names none: one replica of the ranks it names, or eight."""
    named = {name: str(given[name]).strip() for name in ("tp", "ep", "pp", "dp") if name in given}
    ranks = {name: int(text) for name, text in named.items() if text.isdecimal()}
    if not ranks:
        return 8
    return max(ranks.get("tp", 1), ranks.get("ep", 1)) * ranks.get("pp", 1) * ranks.get("dp", 1)


def say_count(fields: Mapping[str, Any], job: Job) -> dict[str, str]:
    """What was chosen for the count of chips, where the job named none."""
    told = fields.get("count")
    if told is not None and str(told).strip():
        return {}
    ranks = any(getattr(job, name) is not None for name in ("tp", "ep", "pp", "dp"))
    return {"count": f"{job.count}: " + ("the ranks named" if ranks else "none named")}


def check_job(fields: Mapping[str, Any], catalogue: Catalogue) -> Job:
    """A job from a row; where a field is wrong, an unknown chip or model is said with it.

    Raises:
        InvalidInputError: With every problem.
    """
    try:
        return read_job(fields)
    except LockgateError as error:
        problems = ProblemCollector()
        problems.problems.extend(error.problems)
        if isinstance(fields.get("model"), str | dict) and fields["model"]:
            with problems.at():
                resolve_model(fields["model"], catalogue)
        if isinstance(fields.get("chip"), str) and fields["chip"]:
            with problems.at("chip"):
                catalogue.chip(fields["chip"])
        raise InvalidInputError(problems.problems) from None


def read_jobs(path: Path) -> tuple[list[dict[str, Any]], bool]:
    """The jobs of a file, and whether it holds many: a TOML or JSON job, a list of them under ``jobs``, or CSV rows.

    Raises:
        LockgateError: Where the file cannot be read or is of none of these forms.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise LockgateError(
            f"cannot read {path}: {reason}", code="unreadable-file", hint="a TOML, JSON or CSV file"
        ) from None
    if path.suffix.lower() == ".csv":
        return _csv_rows(text), True
    try:
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise LockgateError(f"{path} is not valid: {error}", code="invalid-file") from None
    if isinstance(data, list):
        rows = data
    elif isinstance(data, dict) and isinstance(data.get("jobs"), list):
        rows = data["jobs"]
    else:
        return [data], False
    if not all(isinstance(row, dict) for row in rows):
        raise LockgateError(f"{path}: every job is a table of fields", code="invalid-file")
    return rows, True


def _csv_rows(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    if not reader.fieldnames:
        raise LockgateError(
            "the table is empty", code="invalid-file", hint="the first line names the columns"
        )
    problems = ProblemCollector()
    for name in reader.fieldnames:
        near = get_close_matches(name.strip(), Job.model_fields, n=1, cutoff=0.8)
        if near and near[0] != name.strip():
            problems.add(f"unknown column {name!r}", code="unknown-column", hint=f"did you mean {near[0]}?")
    problems.raise_if_any()
    rows: list[dict[str, Any]] = []
    for row in reader:
        extra = row.pop(None, None)
        rows.append({name.strip(): value for name, value in row.items()})
        if extra:
            rows[-1][UNNAMED_CELLS] = extra
    return rows


def split_row(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a job in a row of a table, and the columns that are none and are carried along."""
    job = {name: value for name, value in row.items() if name in Job.model_fields or name == UNNAMED_CELLS}
    return job, {name: value for name, value in row.items() if name not in job}


def resolve_model(model: str | Mapping[str, Any], catalogue: Catalogue) -> ModelArchitecture:
    """A model by id, by the path of a Hugging Face ``config.json``, or from inline JSON.

    Raises:
        LockgateError: Where it is none of these.
    """
    if not isinstance(model, str):
        return model_from_mapping(model)
    if model.lstrip().startswith("{"):
        return parse_model(model)
    if model.endswith(".json") or "/" in model:
        path = Path(model)
        if not path.is_file():
            raise LockgateError(
                f"no file {model}", code="unreadable-file", where="model", hint="the path of a config.json"
            )
        return parse_model(path.read_text(encoding="utf-8"))
    try:
        return catalogue.model(model)
    except LockgateError as error:
        other = "the path of a config.json, or inline JSON, will do as well"
        error.hint = f"{error.hint}; {other}" if error.hint else other
        raise error.within("model") from None


def job_hardware(job: Job, catalogue: Catalogue) -> Hardware:
    """The chip of a job in its system.

    Raises:
        LockgateError: ``unknown-chip``, ``unknown-system`` or ``missing-fact``.
    """
    return _hardware(
        catalogue, job.chip, job.system, job.node_chip_count, job.network_gb_per_s, job.oversubscription
    )


@lru_cache(maxsize=256)
def _hardware(
    catalogue: Catalogue,
    chip: str,
    system: str | None,
    node_chip_count: int | None,
    network_gb_per_s: float | None,
    oversubscription: float,
) -> Hardware:
    return hardware_from_chip(
        catalogue.chip(chip),
        catalogue.calibration("kernels"),
        system=catalogue.system(system) if system else None,
        node_chip_count=node_chip_count,
        network_bandwidth_byte_per_s=network_gb_per_s and network_gb_per_s * 1e9,
        oversubscription=oversubscription,
    )
