"""What a token may be used for, and who may call which part of the API: decided in one place, closed where nothing is said."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request

from lockgate.base.errors import LockgateError
from lockgate.services import access
from lockgate.web.forms import SAFE_METHODS
from lockgate.web.problems import RateLimitedError
from lockgate.web.site import site_of
from lockgate.web.visitors import MaybeVisitor, require_visitor


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may call the routes of a module of the API.

    Attributes:
        scope: What a token must have been made for.
        public: Whether they answer without a login.
    """

    scope: str = "read"
    public: bool = False


# Module of lockgate.web.api -> who may call it. A module that is not named needs a login and the scope "read".
API_GUARDS = {
    "chips": Guard("read", public=True),
    "law": Guard("read", public=True),
    "sources": Guard("read", public=True),
    "determine": Guard("determine", public=True),
    "estimate": Guard("estimate", public=True),
    "capability": Guard("estimate", public=True),
    "allocate": Guard("estimate", public=True),
    "claims": Guard("read", public=True),
    "cases": Guard("cases"),
    "batches": Guard("ledger"),
    "ledger": Guard("ledger"),
    "webhooks": Guard("cases"),
}
# Start of a page's path -> the scope a token needs to read it; everything else: "read".
PAGE_SCOPES = (
    ("/admin", "admin"),
    ("/cases", "cases"),
    ("/batches", "ledger"),
    ("/shipments", "ledger"),
    ("/ledger", "ledger"),
)
OWN_PAGES = ("/account", "/login", "/logout", "/invitation")


def guard_of(module: str) -> Guard:
    """Who may call a module of the API."""
    return API_GUARDS.get(module, Guard())


def guard_api(module: str) -> Callable[..., Awaitable[None]]:
    """The check of a module's routes: a login where one is needed, and the scope of a token."""
    guard = guard_of(module)

    async def check(request: Request, visitor: MaybeVisitor) -> None:
        limit_rate(request, visitor)
        if not guard.public:
            await require_visitor(request, visitor)
        if visitor is not None:
            if visitor.session and request.method not in SAFE_METHODS:
                raise LockgateError(
                    "the API is written to with a token, not with the cookie of a browser",
                    code="not-allowed",
                    hint="make a token under your account and send it as Authorization: Bearer",
                )
            access.require_scope(visitor, guard.scope)

    return check


async def limit_token(request: Request, visitor: MaybeVisitor) -> None:
    """A token reads pages of its scope; it never writes through them, and never reaches the account behind it.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if visitor is None or not visitor.token:
        return
    path = request.url.path
    if request.method not in SAFE_METHODS or path.startswith(OWN_PAGES):
        raise LockgateError(
            "a token cannot be used here",
            code="not-allowed",
            hint="log in with a browser, or write through the API under /api/v1",
        )
    scope = next((scope for start, scope in PAGE_SCOPES if path.startswith(start)), "read")
    access.require_scope(visitor, scope)


def limit_rate(request: Request, visitor: MaybeVisitor) -> None:
    """Refuse a client that asks too often: by person, else by address.

    Raises:
        LockgateError: ``rate-limited``.
    """
    client = request.client.host if request.client else ""
    wait_s = site_of(request).api_limiter.seconds_to_wait(
        f"person {visitor.id}" if visitor else f"client {client}"
    )
    if wait_s:
        raise RateLimitedError("too many requests", wait_s)


ERROR_STATUSES = tuple(map(HTTPStatus, (400, 401, 403, 404, 409, 412, 413, 422, 429, 500, 503)))
"""What any route of the API may answer besides what it declares."""
