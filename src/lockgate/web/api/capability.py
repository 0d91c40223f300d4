"""``/api/v1/plan``, ``/compare``, ``/fleet``: the best layout of a job, the same job on several chips, an allotment as capacity."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from lockgate.services.compare import compare_chips
from lockgate.services.fleet import FleetQuestion, answer_fleet
from lockgate.services.plan import plan_job
from lockgate.web.site import site_of

router = APIRouter(tags=["capability"])

CHIPS_MAX = 16
LOTS_MAX = 16
ChipId = Annotated[str, Field(min_length=1, max_length=100)]
JOB: dict[str, Any] = {
    "kind": "serve",
    "model": "llama3.1-70b",
    "count": 8,
    "input_len": 2048,
    "output_len": 256,
}


class PlanRequest(BaseModel):
    """A job whose layout is searched for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"job": {**JOB, "chip": "h200-sxm"}}]}
    )

    job: dict[str, Any] = Field(
        description="The fields of a row of an estimate; what is given is held fixed. Several chips with commas between.",
        json_schema_extra={"required": ["kind", "model", "chip", "count"]},
    )


class PlanAnswer(BaseModel):
    """The best layout, the front, and why the others lose."""

    model_config = ConfigDict(extra="allow")

    best: dict[str, Any] = Field(description="The best layout with its figures and intervals.")
    searched: int = Field(description="Layouts looked at.")
    pareto: list[dict[str, Any]] = Field(description="Layouts that no other beats in everything.")


class CompareRequest(BaseModel):
    """The same job on several chips."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"job": JOB, "chips": ["h100-sxm", "h200-sxm", "ascend-910b3"]}]},
    )

    job: dict[str, Any] = Field(
        description="The fields of a row of an estimate, without its chip.",
        json_schema_extra={"required": ["kind", "model", "count"]},
    )
    chips: list[ChipId] = Field(
        min_length=2, max_length=CHIPS_MAX, description="Ids; the first is what the others are compared with."
    )


class CompareAnswer(BaseModel):
    """One answer a chip, in order; ``ratio`` is to the first that can be estimated, ``problem`` says why one cannot be."""

    chips: list[dict[str, Any]] = Field(description="Answers in the order of the chips.")


class FleetRequest(FleetQuestion):
    """An allotment, and what it is to do."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"lots": [{"chip": "h200-sxm", "count": 1000}]}]},
    )


class FleetAnswer(BaseModel):
    """What an allotment serves and trains, what it costs, and what else does the same."""

    model_config = ConfigDict(extra="allow")

    lots: list[dict[str, Any]] = Field(description="One a lot, in order.")
    total_tokens_per_day: dict[str, Any] = Field(description="Of all lots together, by model.")


@router.post("/plan", summary="Plan a job")
def plan(request: Request, body: PlanRequest) -> PlanAnswer:
    """Search every layout of a job: the best, the front, and why the others lose."""
    return PlanAnswer.model_validate(plan_job(body.job, site_of(request).catalogue))


@router.post("/compare", summary="Compare chips")
def compare(request: Request, body: CompareRequest) -> CompareAnswer:
    """The same job on each chip, each in its best layout where none is given."""
    found = compare_chips(site_of(request).catalogue, body.job, list(dict.fromkeys(body.chips)))
    return CompareAnswer(chips=[item.as_dict() for item in found])


@router.post("/fleet", summary="Work out an allotment")
def fleet(request: Request, body: FleetRequest) -> FleetAnswer:
    """What chips in their numbers serve a day and train, what that costs, and what else does the same."""
    return FleetAnswer.model_validate(
        answer_fleet(site_of(request).catalogue, body.model_dump(exclude_unset=True))
    )
