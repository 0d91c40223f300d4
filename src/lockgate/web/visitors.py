"""Who is asking: the session cookie of a browser, or the token of a program."""

from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request

from lockgate.base.errors import LockgateError
from lockgate.services import access
from lockgate.services.access import Visitor
from lockgate.web.site import site_of

COOKIE = "lockgate_session"
TOUCH_EVERY_S = 300
"""A session's use is noted at most this often: reading pages must not write to the database each time."""


def find_visitor(request: Request) -> Visitor | None:
    """Who is asking; None for the public.

    Raises:
        LockgateError: ``login-required``, for a token that is unknown or over: it never falls back to the public.
    """
    known: Visitor | None = getattr(request.state, "person", None)
    if known is not None:
        return known
    registry = site_of(request).registry
    at = registry.now()
    header = request.headers.get("authorization", "")
    found: Visitor | None = None
    if header:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() == "bearer" and secret:
            found = find_token(request, secret.strip(), at)
        if found is None:
            raise LockgateError(
                "the token is unknown or over",
                code="login-required",
                hint="make a new one under your account",
            )
    elif key := request.cookies.get(COOKIE):
        try:
            found = find_session(request, key, at)
        except (
            LockgateError
        ) as error:  # what is public is still served; `require_visitor` says why nothing else is
            request.state.unreachable = error
    request.state.person = found
    return found


def find_token(request: Request, secret: str, at: str) -> Visitor | None:
    """Whose token this is; None where it is unknown or over. Noted now and then.

    Raises:
        LockgateError: ``database-unavailable``.
    """
    registry = site_of(request).registry
    with registry.read() as work:
        known = access.find_token(work.connection, secret, at)
    if known is None:
        return None
    found, row = known
    if not row.used_at or (access.instant(at) - access.instant(row.used_at)).total_seconds() > TOUCH_EVERY_S:
        with suppress(LockgateError), registry.work() as work:
            access.touch_token(work, row)
    return found


def find_session(request: Request, key: str, at: str) -> Visitor | None:
    """Whose browser this is; None where nobody is logged in with it. Noted now and then, which lengthens the session.

    Raises:
        LockgateError: ``database-unavailable``.
    """
    registry = site_of(request).registry
    with registry.read() as work:
        session = access.find_session(work.connection, key, at)
    if session is None:
        return None
    found, row = session
    if (access.instant(at) - access.instant(row.seen_at)).total_seconds() > TOUCH_EVERY_S:
        with suppress(LockgateError), registry.work() as work:  # a full disk must not end the reading
            access.touch(work, row, site_of(request).settings.session_hours)
    return found


MaybeVisitor = Annotated[Visitor | None, Depends(find_visitor)]


# Only `find_visitor` reads the database. What follows from it is `async` so that it costs no change of thread.
async def require_visitor(request: Request, found: MaybeVisitor) -> Visitor:
    """Who is asking, where that must be known.

    Raises:
        LockgateError: ``login-required``; ``database-unavailable``, where that cannot be told.
    """
    if found is None and (unreachable := getattr(request.state, "unreachable", None)):
        raise unreachable
    if found is None:
        raise LockgateError("this needs a login", code="login-required", hint="log in, or send a token")
    return found


KnownVisitor = Annotated[Visitor, Depends(require_visitor)]


async def require_administration(visitor: KnownVisitor) -> Visitor:
    """An administrator or an auditor.

    Raises:
        LockgateError: ``login-required``, ``not-allowed``.
    """
    if not {"administrator", "auditor"} & set(visitor.roles):
        raise LockgateError("only administrators and auditors see this", code="not-allowed", hint="ask one")
    return visitor


Administration = Annotated[Visitor, Depends(require_administration)]
