"""One shape for everything that goes wrong: problem+json (RFC 9457) for machines, the same words on a page for people."""

import math
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from lockgate.base.errors import InvalidInputError, LockgateError, problems_from_validation

# Things of the catalogue and of the record: one that is named and not there is 404, in a path as in a body.
THINGS = (
    "allotment", "batch", "case", "chip", "condition", "deal", "discrepancy", "document", "event", "hold", "letter", "lot",
    "model", "party", "person", "place", "procedure", "provision", "request", "round", "shipment", "source", "system", "vendor",
)  # fmt: skip
# Error code -> HTTP status; every other LockgateError is the caller's input: 422.
STATUS_OF_CODE = {
    **{f"unknown-{thing}": 404 for thing in THINGS},
    "bad-json": 400,
    "not-found": 404,
    "not-allowed": 403,
    "forbidden": 403,
    "login-required": 401,
    "own-case": 403,
    "own-proposal": 403,
    "not-own-case": 403,
    "conflict": 409,
    "key-reused": 409,
    "duplicate-key": 409,
    "not-in-this-state": 409,
    "edited-meanwhile": 412,
    "rate-limited": 429,
    "too-large": 413,
    "unavailable": 503,
    "database-unavailable": 503,
    "no-record": 503,
    "old-schema": 503,
    "no-signing-key": 503,
}
KEY_HEADER = "idempotency-key"


class RateLimitedError(LockgateError):
    """Too many requests; says when to come back.

    Args:
        message: What is wrong.
        wait_s: Seconds until the next one is answered.
    """

    def __init__(self, message: str, wait_s: float) -> None:
        self.wait_s = max(1, math.ceil(wait_s))
        super().__init__(message, code="rate-limited", hint=f"wait {self.wait_s} seconds")


class Problem(BaseModel):
    """One thing that is wrong: what, where, what to do."""

    message: str = Field(description="What is wrong.", examples=["no chip 'h2000'"])
    code: str = Field(description="Stable identifier.", examples=["unknown-chip"])
    where: str = Field(default="", description="Path in the request.", examples=["transactions[0].item"])
    hint: str = Field(default="", description="What to do.", examples=["did you mean h200-sxm?"])


class ProblemDetails(BaseModel):
    """The body of every error, as ``application/problem+json``."""

    type: str = Field(description="Where the code is documented.", examples=["/api/docs#unknown-chip"])
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What is wrong, in a sentence.")
    code: str = Field(description="Stable identifier of the first problem.")
    request_id: str = Field(description="Quote this when you report the problem.")
    problems: list[Problem] = Field(description="Every problem of the request, all at once.")


def unavailable(error: LockgateError) -> LockgateError:
    """What a visitor is told of a database that fails: not where it is and how it is reached, which the log has.

    >>> unavailable(LockgateError("postgresql://db/x cannot be used: No space left on device", code="database-unavailable")).message
    'the database cannot be used: its disk is full'
    """
    full = any(words in error.message.lower() for words in ("disk is full", "no space left", "disk full"))
    return LockgateError(
        "the database cannot be used: its disk is full"
        if full
        else "the database cannot be used at the moment",
        code=error.code,
        hint="nothing of this was saved; try again in a minute, and tell whoever runs this installation",
    )


def status_of(error: LockgateError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, InvalidInputError):
        statuses = {status_of(problem) for problem in error.problems}
        return statuses.pop() if len(statuses) == 1 else HTTPStatus.UNPROCESSABLE_ENTITY.value
    return STATUS_OF_CODE.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY.value)


def from_request_validation(error: RequestValidationError) -> InvalidInputError:
    """FastAPI's validation error as ours; where it starts with ``body``, ``query`` or ``path``."""
    found = problems_from_validation(_WithErrors(error))
    return InvalidInputError([_named(problem) for problem in found.problems])


def _named(problem: LockgateError) -> LockgateError:
    """A problem under the code that the manual gives it."""
    if problem.path.lower() != f"header.{KEY_HEADER}" or "required" not in problem.message.lower():
        return problem
    return LockgateError(
        "a write needs the header Idempotency-Key",
        code="idempotency-key-missing",
        where=problem.path,
        hint="send a fresh random text with each write, and the same one when you repeat it",
    )


def headers_of(error: LockgateError) -> dict[str, str]:
    """Headers that go with an error: when to come back, how to say who one is."""
    status = status_of(error)
    if isinstance(error, RateLimitedError):
        return {"retry-after": str(error.wait_s)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": "5"}
    return {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}


def details(error: LockgateError, status: int, request_id: str) -> dict[str, Any]:
    """The problem+json body of an error."""
    first = error.problems[0]
    return ProblemDetails(
        type=f"/api/docs#{first.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=error.message,
        code=first.code,
        request_id=request_id,
        problems=[
            Problem(message=item.message, code=item.code, where=item.path, hint=item.hint)
            for item in error.problems
        ],
    ).model_dump()


class _WithErrors:
    """Adapts FastAPI's error list to the reader of pydantic's."""

    def __init__(self, error: RequestValidationError) -> None:
        self._error = error

    def errors(self, include_url: bool = False) -> list[Any]:  # noqa: ARG002
        return list(self._error.errors())
