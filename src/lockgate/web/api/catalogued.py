"""Answers made of the shipped facts: the same until the data changes, and so told apart by an entity tag."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lockgate.web.respond import encode
from lockgate.web.site import site_of

NOT_CHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the given ETag."}}


def answer_tagged(request: Request, body: Callable[[], Any], mark: str = "") -> Response:
    """A body under the data's entity tag; 304 without making it where the caller has this version.

    Args:
        request: The request.
        body: Makes the answer.
        mark: What the answer depends on besides the data and the address, such as the day.
    """
    tag = f'"{site_of(request).versions["data"]}{mark and "-" + mark}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(encode(body()), media_type="application/json", headers=headers)


def page_of(rows: list[dict[str, Any]], name: str, after: str, limit: int) -> dict[str, Any]:
    """Rows beyond an id, at most ``limit``, and the id to ask on from.

    >>> page_of([{"id": "a"}, {"id": "b"}, {"id": "c"}], "things", "a", 1)
    {'things': [{'id': 'b'}], 'next': 'b'}
    """
    beyond = [row for row in sorted(rows, key=lambda row: str(row["id"])) if str(row["id"]) > after]
    return {name: beyond[:limit], "next": beyond[limit - 1]["id"] if len(beyond) > limit else None}
