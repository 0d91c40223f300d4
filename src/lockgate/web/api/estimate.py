"""``POST /api/v1/estimate``: what a training run or a serving deployment takes, with intervals."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from lockgate.services.estimate import estimate_job, estimate_rows
from lockgate.web.api.rows import rows_schema, stream_answers
from lockgate.web.site import site_of

router = APIRouter(tags=["estimate"])

JOBS_MAX = 100  # one whose layout is searched takes up to a second; the stream answers any number
EXAMPLE: dict[str, Any] = {
    "id": "run",
    "kind": "train",
    "model": "gpt3-175b",
    "chip": "h200-sxm",
    "count": 1024,
    "global_batch": 2048,
    "seq_len": 2048,
}


class EstimateRequest(BaseModel):
    """Jobs by the fields of a row of ``lockgate estimate``."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"jobs": [EXAMPLE]}]})

    jobs: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=JOBS_MAX,
        description="kind, model, chip and count, and whatever else is fixed.",
    )


class EstimateAnswer(BaseModel):
    """One answer a job, in order: figures with 50 % and 90 % intervals, or its problems."""

    answers: list[dict[str, Any]] = Field(description="Answers in the order of the jobs.")


@router.post("/estimate", summary="Estimate jobs")
def estimate(request: Request, body: EstimateRequest) -> EstimateAnswer:
    """What up to 100 jobs take (the stream takes any number); a bad one is answered by its problems and spoils no other."""
    return EstimateAnswer(answers=estimate_rows(body.jobs, site_of(request).catalogue))


@router.post(
    "/estimate/stream", summary="Estimate a stream",
    openapi_extra=rows_schema(EXAMPLE),
    response_class=StreamingResponse, responses={200: {"content": {"application/x-ndjson": {}}, "description": "One answer a line, in order."}},
)  # fmt: skip
async def estimate_stream(request: Request) -> StreamingResponse:
    """JSON lines or an array in, JSON lines out, however many; a bad row is answered by its problems."""
    catalogue = site_of(request).catalogue
    return await stream_answers(request, lambda row: estimate_job(row, catalogue))
