"""``/api/v1/batches``, ``/waiting`` and ``/rounds``: what an approval releases, who waits for it, and who gets it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from lockgate.casework.rounds import result_as_dict
from lockgate.services import batches, rounds
from lockgate.web.api.catalogued import page_of
from lockgate.web.api.fields import Day, Instant, Whole
from lockgate.web.api.ledger import Written
from lockgate.web.api.writes import Record, WriteKey
from lockgate.web.visitors import KnownVisitor

router = APIRouter(tags=["batches"])

UNITS_MAX = 2**53
Id = Annotated[
    str, Field(max_length=64, description="Its id.", json_schema_extra={"pattern": r"^[A-Za-z0-9._-]+$"})
]


class BatchList(BaseModel):
    """A page of batches."""

    batches: list[dict[str, Any]] = Field(description="With what each still has.")
    next: str | None = Field(description="The `after` of the following page, null on the last.")


class OpenBatch(BaseModel):
    """A batch to release."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"case_id": "CN-2026-1", "batch": "b1", "quantity": 400_000, "rule": "by-day"}]
        },
    )

    case_id: str = Field(description="The import approval.")
    batch: Id
    quantity: Whole = Field(ge=1, le=UNITS_MAX, description="Units.")
    rule: str = Field(max_length=100, description="The published order rule of its rounds.")
    line: str = Field(
        default="", description="Line of the decision; may be left out where there is one only."
    )
    programme: str = Field(default="", description="The programme whose recipient caps apply.")


class WaitingList(BaseModel):
    """A page of the waiting list."""

    requests: list[dict[str, Any]] = Field(description="By day of acceptance.")
    next: str | None = Field(description="The `after` of the following page, null on the last.")


class AskAllocation(BaseModel):
    """A recipient's request."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"case_id": "CN-2026-1", "recipient": "bytedance", "quantity": 200_000}]
        },
    )

    case_id: str = Field(description="The import approval.")
    recipient: str = Field(description="Party id.")
    quantity: Whole = Field(ge=1, le=UNITS_MAX, description="Units asked for.")
    accepted_on: Day | None = Field(default=None, description="Day of acceptance; today where left out.")
    useful_min: Whole = Field(default=0, ge=0, le=UNITS_MAX, description="Fewer units are of no use to it.")
    group: str = Field(default="", max_length=100, description="Name shared by linked recipients.")


class RoundAnswer(BaseModel):
    """A round's numbers with their reasons."""

    round: str = Field(default="", description="Id of the round; empty for a dry run.")
    result: dict[str, Any] = Field(description="One allotment a recipient, with its reason.")


class RequestAnswer(BaseModel):
    """A request on the waiting list."""

    request: str = Field(description="Its id.")


class CommitRound(BaseModel):
    """Until when the reservations stand."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"expires_at": "2026-12-31T00:00:00Z"}]}
    )

    expires_at: Instant = Field(description="UTC instant.")


@router.get("/batches", summary="List batches")
def list_batches(
    record: Record, visitor: KnownVisitor, after: Annotated[str, Query(description="The id to ask on from.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> BatchList:  # fmt: skip
    """Batches by id, as far as the person may see them."""
    rows = batches.list_batches(record, visitor.actor)
    return BatchList.model_validate(page_of(rows, "batches", after, limit))


@router.post("/batches", summary="Open a batch", status_code=201)
def open_batch(record: Record, visitor: KnownVisitor, key: WriteKey, body: OpenBatch) -> Written:
    """Release a part of what an import approval granted. For officers."""
    event = batches.open_batch(
        record, visitor.actor, body.case_id, body.batch, body.quantity,
        rule=body.rule, line=body.line, programme=body.programme, key=key,
    )  # fmt: skip
    return Written(seq=event.seq, type=event.type, at=event.at)


@router.get("/batches/{batch}/preview", summary="Try the next round")
def preview_round(
    record: Record, visitor: KnownVisitor, batch: str,
    rule: Annotated[str, Query(max_length=100, description="Another rule to try.")] = "",
) -> RoundAnswer:  # fmt: skip
    """The dry run of a batch's next round: nothing is committed."""
    _, result = rounds.preview_allocation(record, visitor.actor, batch, rule=rule)
    return RoundAnswer(result=result_as_dict(result))


@router.post("/batches/{batch}/rounds", summary="Propose a round", status_code=201)
def propose_round(record: Record, visitor: KnownVisitor, key: WriteKey, batch: str) -> RoundAnswer:
    """Put the next round of a batch before another person to countersign."""
    round_id, result = rounds.propose_allocation(record, visitor.actor, batch, key=key)
    return RoundAnswer(round=round_id, result=result_as_dict(result))


@router.get("/rounds/{round_id}", summary="Replay a round")
def replay_round(record: Record, visitor: KnownVisitor, round_id: str) -> RoundAnswer:
    """A round worked again from what the record kept; it comes out the same, or says so."""
    return RoundAnswer(
        round=round_id, result=result_as_dict(rounds.replay_round(record, visitor.actor, round_id))
    )


@router.post("/rounds/{round_id}/commit", summary="Countersign a round", status_code=201)
def commit_round(
    record: Record, visitor: KnownVisitor, key: WriteKey, round_id: str, body: CommitRound
) -> Written:
    """Reserve every recipient's number, all or none. For a countersigner who did not propose it."""
    event = rounds.commit_allocation(record, visitor.actor, round_id, expires_at=body.expires_at, key=key)
    return Written(seq=event.seq, type=event.type, at=event.at)


@router.get("/waiting", summary="List who waits")
def list_waiting(
    record: Record, visitor: KnownVisitor, case_id: str = "",
    after: Annotated[str, Query(description="The id to ask on from.")] = "", limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> WaitingList:  # fmt: skip
    """Requests that wait, as far as the person may see them."""
    found = batches.list_waiting(record, visitor.actor, case_id)
    rows = [
        {**item.data, "id": item.id, "case_id": item.case_id, "recipient": item.subject} for item in found
    ]
    return WaitingList.model_validate(page_of(rows, "requests", after, limit))


@router.post("/waiting", summary="Ask for an allocation", status_code=201)
def ask_allocation(
    record: Record, visitor: KnownVisitor, key: WriteKey, body: AskAllocation
) -> RequestAnswer:
    """Put a recipient on the waiting list of an approval."""
    request = batches.request_allocation(
        record, visitor.actor, body.case_id, body.recipient, body.quantity,
        accepted_on=body.accepted_on, useful_min=body.useful_min, group=body.group, key=key,
    )  # fmt: skip
    return RequestAnswer(request=request)
