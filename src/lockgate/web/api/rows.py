"""Bulk over HTTP: objects in, JSON lines out, a bad one answered by its problems.

The whole request is read before the answer begins: a client that sends everything before it reads anything would
otherwise wait for us while we wait for it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from lockgate.base.errors import LockgateError
from lockgate.web.respond import encode

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]
LINES, ARRAY = "application/x-ndjson", "application/json"


def rows_schema(example: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a body of rows."""
    lines = {"type": "string", "minLength": 1, "description": "One JSON object a line."}
    array = {"type": "array", "minItems": 1, "items": {"type": "object"}}
    content = {
        LINES: {"schema": lines},
        ARRAY: {"schema": array, "example": [example]},
    }
    return {"requestBody": {"required": True, "content": content}}


async def stream_answers(request: Request, answer: Answer) -> StreamingResponse:
    """A response that answers the rows of a request in order, each as soon as it is known.

    Raises:
        LockgateError: ``bad-json``, where the request holds no row, or an array that is none of objects.
    """
    body = await request.body()
    media_type = request.headers.get("content-type", LINES).partition(";")[0].strip().lower()
    rows: Iterable[Any] = (
        read_array(body) if media_type == ARRAY else [line for line in body.split(b"\n") if line.strip()]
    )
    if not rows:
        raise LockgateError("holds no row", code="bad-json", where="body", hint="one JSON object a line")
    return StreamingResponse(answer_rows(rows, answer), media_type=LINES)


def answer_rows(rows: Iterable[bytes | Mapping[str, Any]], answer: Answer) -> Iterator[str]:
    """One line of answer, or of problems, for each row."""
    for number, row in enumerate(rows, start=1):
        try:
            yield encode(answer(read_object(row) if isinstance(row, bytes) else row)) + "\n"
        except LockgateError as error:
            problems = [problem.as_dict() for problem in error.within("line", number).problems]
            yield encode({"line": number, "problems": problems}) + "\n"


def read_array(body: bytes) -> list[dict[str, Any]]:
    """The objects of a JSON array.

    Raises:
        LockgateError: ``bad-json``.
    """
    rows = read_json(body)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LockgateError("is no array of objects", code="bad-json", where="body", hint="[{…}, {…}]")
    return rows


def read_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        LockgateError: ``bad-json``.
    """
    row = read_json(line)
    if not isinstance(row, dict):
        raise LockgateError("is no JSON object", code="bad-json", hint="one JSON object a line")
    return row


def read_json(text: bytes) -> Any:
    """What JSON says, its numbers exact.

    Raises:
        LockgateError: ``bad-json``.
    """
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise LockgateError(f"is not JSON: {error}", code="bad-json", hint="one JSON object a line") from None
