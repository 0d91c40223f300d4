"""``POST /api/v1/determine``: what each gate says of one transaction or many."""

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import StreamingResponse

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.services.determine import Determiner, answer_as_dict
from lockgate.services.transaction_rows import COLUMNS
from lockgate.web.api.fields import Day, Flag
from lockgate.web.api.rows import rows_schema, stream_answers
from lockgate.web.problems import Problem
from lockgate.web.site import site_of

router = APIRouter(tags=["determine"])

TRANSACTIONS_MAX = 1000
Cell = str | float | bool | None
EXAMPLE: dict[str, Any] = {
    "id": "first-batch",
    "item": "h200-sxm",
    "kind": "export",
    "from": "US",
    "to": "CN",
    "on": "2026-01-28",
    "quantity": 1000,
    "end_user": "ByteDance",
}

CELLS: Any = {
    name: (Cell, Field(default=None, description=column.meaning)) for name, column in COLUMNS.items()
}
TransactionRow: Any = create_model(
    "TransactionRow",
    __config__=ConfigDict(extra="allow", json_schema_extra={"examples": [EXAMPLE]}),
    __doc__="One transaction by columns; empty or left out means not known.",
    **CELLS,
)


class DetermineRequest(BaseModel):
    """Transactions, and the two clocks."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"transactions": [EXAMPLE], "known_at": "2026-02-01"}]},
    )

    transactions: list[TransactionRow] = Field(
        min_length=1,
        max_length=TRANSACTIONS_MAX,
        description="What moves, from whom to whom, how, on which date.",
    )
    on: Day | None = Field(
        default=None, description="The day asked about, in place of each transaction's own."
    )
    known_at: Day | None = Field(
        default=None, description="The day of knowledge; all that is known where left out."
    )
    with_proposed: Flag = Field(default=False, description="Say also what proposed bills would do.")
    explain: Flag = Field(default=False, description="Give the whole explanation tree.")


class DeterminationAnswer(BaseModel):
    """What the gates say, or what is wrong with the transaction."""

    model_config = ConfigDict(extra="allow")

    id: str | None = Field(default=None, description="The transaction's own name, or its number.")
    on: Day | None = Field(default=None, description="The day asked about.")
    classification: str | None = Field(
        default=None, description="3A090.a, 3A090.b, 3A090.c, 3A090-2022, or null."
    )
    verdict: str | None = Field(
        default=None, description="MET, NOT_MET, UNDETERMINED or NOT_IN_FORCE, of all gates together."
    )
    gates: dict[str, Any] = Field(default_factory=dict, description="Each gate's answer by its name.")
    charges: dict[str, Any] = Field(default_factory=dict, description="Each charge by its name.")
    missing: list[str] = Field(
        default_factory=list, description="Columns that would settle or support the answer."
    )
    citations: list[dict[str, Any]] = Field(
        default_factory=list, description="Every clause and source it rests on."
    )
    problems: list[Problem] | None = Field(
        default=None, description="What is wrong with the transaction; then nothing else is given."
    )


class DetermineAnswer(BaseModel):
    """One answer a transaction, in order."""

    answers: list[DeterminationAnswer] = Field(description="Answers in the order of the transactions.")


def determiner_for(
    request: Request, on: dt.date | None, known_at: dt.date | None, with_proposed: bool
) -> Determiner:
    """A determiner over this application's catalogue."""
    return Determiner(site_of(request).catalogue, on=on, known_at=known_at, with_proposed=with_proposed)


@router.post("/determine", summary="Determine transactions")
def determine_transactions(request: Request, body: DetermineRequest) -> DetermineAnswer:
    """What each gate says of up to 1,000 transactions; a bad one is answered by its problems and spoils no other."""
    determiner = determiner_for(request, body.on, body.known_at, body.with_proposed)
    answers = []
    for number, transaction in enumerate(body.transactions):
        row = transaction.model_dump(exclude_none=True)
        try:
            found = determiner.answer(row, default_id=str(number + 1))
            answers.append(answer_as_dict(found, determiner.catalogue, explain=body.explain))
        except LockgateError as error:
            problems = InvalidInputError([error]).within("transactions", number).problems
            answers.append(
                {
                    "id": str(row.get("id", number + 1)),
                    "problems": [
                        Problem(message=item.message, code=item.code, where=item.path, hint=item.hint)
                        for item in problems
                    ],
                }
            )
    return DetermineAnswer.model_validate({"answers": answers})


@router.post(
    "/determine/stream", summary="Determine a stream",
    openapi_extra=rows_schema(EXAMPLE),
    response_class=StreamingResponse, responses={200: {"content": {"application/x-ndjson": {}}, "description": "One answer a line, in order."}},
)  # fmt: skip
async def determine_stream(
    request: Request, on: Day | None = None, known_at: Day | None = None, with_proposed: bool = False
) -> StreamingResponse:
    """JSON lines or an array in, JSON lines out, however many; a bad row is answered by its problems."""
    determiner = determiner_for(request, on, known_at, with_proposed)
    return await stream_answers(
        request, lambda row: answer_as_dict(determiner.answer(row), determiner.catalogue)
    )
