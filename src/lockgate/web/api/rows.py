"""Bulk over HTTP: JSON lines in, JSON lines out, a bad line answered by its problems.

The whole request is read before the answer begins: a client that sends everything before it reads anything would
otherwise wait for us while we wait for it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from starlette.responses import StreamingResponse

from lockgate.base.errors import LockgateError
from lockgate.web.respond import encode

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]
LINES_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {"schema": {"type": "string", "description": "One JSON object a line."}}
        },
    }
}


def stream_answers(body: bytes, answer: Answer) -> StreamingResponse:
    """A response that answers lines in order, each as soon as it is known."""
    lines = (line for line in body.split(b"\n") if line.strip())
    return StreamingResponse(answer_lines(lines, answer), media_type="application/x-ndjson")


def answer_lines(lines: Iterator[bytes], answer: Answer) -> Iterator[str]:
    """One line of answer, or of problems, for each line."""
    for number, line in enumerate(lines, start=1):
        try:
            yield encode(answer(read_object(line))) + "\n"
        except LockgateError as error:
            problems = [problem.as_dict() for problem in error.within("line", number).problems]
            yield encode({"line": number, "problems": problems}) + "\n"


def read_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        LockgateError: ``bad-json``.
    """
    try:
        row = json.loads(line, parse_float=Decimal)
    except ValueError as error:
        raise LockgateError(f"is not JSON: {error}", code="bad-json", hint="one JSON object a line") from None
    if not isinstance(row, dict):
        raise LockgateError("is no JSON object", code="bad-json", hint="one JSON object a line")
    return row
