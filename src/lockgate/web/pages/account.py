"""Logging in and out, one's own sessions and API tokens, and the one-time link that sets a password."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.services import access
from lockgate.store.access import PersonRow, sessions_of, tokens_of
from lockgate.web.problems import RateLimitedError, headers_of
from lockgate.web.respond import page
from lockgate.web.site import site_of
from lockgate.web.visitors import COOKIE, KnownVisitor, MaybeVisitor

router = APIRouter()


@router.get("/login")
def show_login(request: Request, visitor: MaybeVisitor, back: str = "/") -> Response:
    """The login form."""
    if visitor is not None:
        return RedirectResponse(own_path(back), 303)
    return page(
        request, "account/login.html", back=back, name="", oidc=bool(site_of(request).settings.oidc_issuer)
    )


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Check the password and start a session; wrong ones are slowed down by name and by address."""
    site = site_of(request)
    try:
        slow_down(request, name)
        with site.registry.read() as work:
            row = access.person_named(work.connection, name)
        row = access.check_password(row, password)
    except LockgateError as error:
        if error.code not in ("rate-limited", "wrong-login"):
            raise
        status = 429 if error.code == "rate-limited" else 422
        oidc = bool(site.settings.oidc_issuer)
        answer = page(
            request, "account/login.html", status, problems=error.problems, back=back, name=name, oidc=oidc
        )
        answer.headers.update(headers_of(error))
        return answer
    return begin_session(request, row, back)


def slow_down(request: Request, name: str) -> None:
    """Refuse more attempts for one name, or from one address, than are allowed.

    Raises:
        LockgateError: ``rate-limited``.
    """
    limiter = site_of(request).login_limiter
    client = request.client.host if request.client else ""
    wait_s = max(limiter.seconds_to_wait(f"name {name}"), limiter.seconds_to_wait(f"client {client}"))
    if wait_s:
        raise RateLimitedError("too many attempts", wait_s)


def begin_session(request: Request, row: PersonRow, back: str) -> Response:
    """Start a session and go where the person wanted to."""
    site = site_of(request)
    with site.registry.work() as work:
        key = access.start_session(
            work, row, site.settings.session_hours, request.headers.get("user-agent", "")
        )
    response = RedirectResponse(own_path(back), 303)
    response.set_cookie(
        COOKIE,
        key,
        httponly=True,
        samesite="lax",
        secure=site.settings.secure_cookies,
        max_age=site.settings.session_hours * 3600,
    )
    return response


def own_path(target: str) -> str:
    """A path of this server; the start page where ``target`` leads elsewhere."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


@router.post("/logout")
def log_out(request: Request, visitor: MaybeVisitor) -> Response:
    """End this session."""
    if visitor is not None and visitor.session:
        with site_of(request).registry.work() as work:
            access.end_session(work, visitor)
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/invitation/{key}")
def show_invitation(request: Request, key: str) -> Response:
    """The form behind a one-time link."""
    with site_of(request).registry.read() as work:
        row = access.person_invited(work, key)
    return page(request, "account/invitation.html", invited=row)


@router.post("/invitation/{key}")
async def set_password(request: Request, key: str, password: Annotated[str, Form()] = "") -> Response:
    """Set the password; the link is used up."""

    def accept() -> Response:
        site = site_of(request)
        try:
            hashed = access.hash_password(password)
        except LockgateError as error:
            with site.registry.read() as work:
                row = access.person_invited(work, key)
            return page(request, "account/invitation.html", 422, invited=row, problems=error.problems)
        with site.registry.work() as work:
            row = access.accept_invitation(work, key, hashed)
        return begin_session(request, row, "/account")

    return await run_in_threadpool(accept)


@router.get("/account")
def show_account(request: Request, visitor: KnownVisitor) -> Response:
    """One's own sessions and tokens."""
    return account_page(request, visitor)


def account_page(
    request: Request,
    visitor: access.Visitor,
    status: int = 200,
    problems: tuple[LockgateError, ...] = (),
    secret: str = "",
) -> Response:
    """The account page, with a token that was just made where there is one."""
    with site_of(request).registry.read() as work:
        sessions = sessions_of(work.connection, visitor.id)
        tokens = tokens_of(work.connection, visitor.id)
    return page(
        request,
        "account/show.html",
        status,
        visitor=visitor,
        sessions=sessions,
        tokens=tokens,
        scopes=access.SCOPES,
        secret=secret,
        problems=problems,
    )


@router.post("/account/tokens")
def make_token(
    request: Request, visitor: KnownVisitor, label: Annotated[str, Form()] = "", days: Annotated[int, Form()] = 90,
    scopes: Annotated[list[str], Form()] = [],
) -> Response:  # fmt: skip
    """Make a token; it is shown on this answer and never again."""
    try:
        with site_of(request).registry.work() as work:
            secret, _ = access.create_token(work, visitor, label, scopes, days)
    except LockgateError as error:
        return account_page(request, visitor, 422, error.problems)
    return account_page(request, visitor, secret=secret)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(request: Request, visitor: KnownVisitor, token_id: str) -> Response:
    """End a token."""
    with site_of(request).registry.work() as work:
        access.revoke_token(work, visitor, token_id)
    return RedirectResponse("/account", 303)


@router.post("/account/sessions/{digest}/end")
def end_session(request: Request, visitor: KnownVisitor, digest: str) -> Response:
    """End another session of one's own."""
    with site_of(request).registry.work() as work:
        access.end_session(work, visitor, digest)
    return RedirectResponse("/account", 303)
