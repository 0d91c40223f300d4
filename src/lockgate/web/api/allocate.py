"""``POST /api/v1/allocate``: the dry run of a round of allocation. Requests and a rule in, numbers with reasons out."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, Strict

from lockgate.base.errors import LockgateError
from lockgate.casework.rounds import parse_round
from lockgate.services.allocate import find_rule, work_round
from lockgate.web.api.fields import Day, Whole

router = APIRouter(tags=["allocate"])

REQUESTS_MAX = 10_000
EXAMPLE: dict[str, Any] = {
    "rule": "by-day",
    "supply": 400_000,
    "requests": [
        {"recipient": "ByteDance", "quantity": 200_000, "accepted_on": "2026-01-05"},
        {"recipient": "Alibaba", "quantity": 300_000, "accepted_on": "2026-01-07"},
    ],
}

Units = Annotated[Whole, Field(ge=0, le=2**53)]
Share = Annotated[str, Field(pattern=r"^\d{1,20}(\.\d{1,9}|/[1-9]\d{0,9})?$", examples=["0.5", "1/3"])]

Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]


class RequestRow(BaseModel):
    """What a recipient asks for, and what the rule counts of it."""

    model_config = ConfigDict(extra="forbid")

    recipient: str = Field(pattern=r"\S", max_length=200, description="Who asks.")
    quantity: Units | None = Field(default=None, description="Units asked for.")
    accepted_on: Day | None = Field(default=None, description="Day on which the request counts as accepted.")
    recipient_class: str | None = Field(default=None, description="Class the rule reserves a share for.")
    weight: Share | Number | None = Field(default=None, description="What a rule shares by.")
    score: Share | Number | None = Field(default=None, description="Points under a rule that ranks.")
    ceiling: Units | None = Field(default=None, description="The most this recipient may get.")
    held: Units | None = Field(default=None, description="Units it has already.")
    useful_min: Units | None = Field(default=None, description="Fewer units are of no use to it.")
    group: str | None = Field(default=None, description="Name shared by linked recipients.")


class AllocateRequest(BaseModel):
    """A round: how much there is, who asks, and the published rule that orders them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    rule: str | dict[str, Any] = Field(
        description="Id of a rule, or a rule's tables; tables with a `base` change the rule of that id."
    )
    supply: Units = Field(description="Units to allocate.")
    requests: list[RequestRow] = Field(
        min_length=1, max_length=REQUESTS_MAX, description="One a recipient, or several."
    )
    opening_supply: Units | None = Field(default=None, description="Units before earlier rounds.")
    denominator: Share | None = Field(
        default=None, description="What a rule divides by, where it fixes that."
    )
    coefficient: Share | None = Field(
        default=None, description="The share a rule gives, where it fixes that."
    )


class AllocateAnswer(BaseModel):
    """Who gets how many, and why."""

    model_config = ConfigDict(extra="allow")

    rule: str = Field(description="The rule and its version.")
    supply: int | None = Field(description="Units there were.")
    allocated: int = Field(description="Units given.")
    unallocated: int | None = Field(description="Units left.")
    allotments: list[dict[str, Any]] = Field(
        description="One a recipient: quantity, reason, what would change it."
    )
    digest: str = Field(
        description="Fingerprint of question and answer: the same round always gives the same."
    )


@router.post("/allocate", summary="Try an allocation")
def try_allocation(body: AllocateRequest) -> AllocateAnswer:
    """Work a round without a record; nothing is committed."""
    base = body.rule.get("base", "") if isinstance(body.rule, dict) else body.rule
    # On the command line a rule may be a file; a client of the network names no files of the server.
    if not isinstance(base, str) or base.endswith(".toml") or "/" in base or "\\" in base:
        raise LockgateError(f"{base!r} is not the id of a rule", code="unknown-procedure", where="rule")
    rule = find_rule(body.rule)
    given = body.model_dump(exclude={"rule"}, exclude_none=True)
    return AllocateAnswer.model_validate(work_round(parse_round(given, rule)))
