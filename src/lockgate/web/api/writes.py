"""Writes that may be repeated: each carries an ``Idempotency-Key``, and a repetition gets the first one's answer.

The key goes into the record with the event that the write appends, in one transaction: a client whose connection broke, or
whose worker was killed, repeats the request and learns what became of it, and nothing is done twice.
"""

from typing import Annotated

from fastapi import Depends, Header, Request

from lockgate.services.registry import Registry
from lockgate.web.problems import KEY_HEADER
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

KEY_LENGTH_MAX = 200


def read_key(
    visitor: KnownVisitor,
    idempotency_key: Annotated[
        str,
        Header(
            alias=KEY_HEADER,
            min_length=1,
            max_length=KEY_LENGTH_MAX,
            pattern=r"^[!-~]+$",
            # No example: whoever copied it would reuse somebody's key.
            description="A fresh random text for each write, such as a UUID; the same one to repeat it.",
        ),
    ],
) -> str:
    """The key of a write as the record keeps it: each person's keys are their own."""
    return f"api/{visitor.id}/{idempotency_key}"


def registry_of(request: Request) -> Registry:
    """The record behind a request."""
    return site_of(request).registry


WriteKey = Annotated[str, Depends(read_key)]
Record = Annotated[Registry, Depends(registry_of)]
