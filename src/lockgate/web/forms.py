"""Forms: that they come from our own pages, that each is done once, that what must be answered is.

A token in the form belongs to a cookie that other sites can neither read nor set.
"""

import hmac
import secrets

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lockgate.base.errors import LockgateError
from lockgate.services.access import Visitor

COOKIE = "lockgate_csrf"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def token_of(cookie: str) -> str:
    """What a form must carry for this cookie."""
    return hmac.new(cookie.encode(), b"lockgate form", "sha256").hexdigest()


class FormTokenMiddleware:
    """Gives each browser its cookie, and each request the token its forms must carry (``request.state.csrf``)."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app = app
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cookie = Request(scope).cookies.get(COOKIE, "")
        fresh = cookie or secrets.token_urlsafe(32)
        scope["state"]["csrf"] = token_of(fresh)
        scope["state"]["csrf_cookie"] = cookie

        async def send_with_cookie(message: Message) -> None:
            if (
                message["type"] == "http.response.start"
                and not cookie
                and not scope["path"].startswith(("/static/", "/api/"))
            ):
                attributes = "; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if self.secure else "")
                MutableHeaders(scope=message).append("set-cookie", f"{COOKIE}={fresh}{attributes}")
            await send(message)

        await self.app(scope, receive, send_with_cookie)


async def require_form_token(request: Request) -> None:
    """Refuse a form that was not sent from one of our own pages.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get("x-csrf-token") or (await request.form()).get("csrf", "")
    cookie = request.state.csrf_cookie
    if not cookie or not hmac.compare_digest(str(given).encode(), token_of(cookie).encode()):
        raise LockgateError(
            "this form was not sent from its own page, or the page is too old",
            code="not-allowed",
            hint="go back, load the page again and send it once more",
        )


def own_key(visitor: Visitor, key: str) -> str:
    """A form's idempotency key, which nobody else's form can meet; empty where the form has none."""
    kept = "".join(char for char in key[:100] if char.isascii() and char.isprintable())
    return f"form/{visitor.id}/{kept}" if kept else ""


def require_answer(value: str, where: str, message: str) -> str:
    """An answer that must be there.

    Raises:
        LockgateError: ``missing``.
    """
    if not value:
        raise LockgateError(message, code="missing", where=where)
    return value
