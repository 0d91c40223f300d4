"""The application: pages and the API, put together."""

import datetime as dt
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib import import_module
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.staticfiles import StaticFiles

from lockgate.base.errors import LockgateError
from lockgate.web.deliveries import Deliverer
from lockgate.web.forms import FormTokenMiddleware, require_form_token
from lockgate.web.guards import guard_api, limit_token
from lockgate.web.middleware import RequestMiddleware, SizeLimitMiddleware, problem_response
from lockgate.web.openapi import describe_api
from lockgate.web.problems import from_request_validation, status_of, unavailable
from lockgate.web.query import note_unknown, refuse_unknown
from lockgate.web.respond import dates_of, page
from lockgate.web.settings import Settings
from lockgate.web.site import Site

log = logging.getLogger("lockgate.web")

# Modules of lockgate.web.pages and lockgate.web.api; each has a `router`.
PAGES = (
    "home",
    "account",
    "oidc",
    "admin",
    "api_docs",
    "chip_charts",
    "figures",
    "chips",
    "determine",
    "case_apply",
    "case_actions",
    "case_list",
    "cases",
    "capability",
    "evidence",
    "dossier",
    "batches",
    "shipments",
    "ledger",
    "sources",
    "health",
)
HTTP_CODES = {404: "not-found", 405: "method-not-allowed"}
API: tuple[str, ...] = (
    "chips",
    "law",
    "sources",
    "determine",
    "estimate",
    "capability",
    "cases",
    "allocate",
    "claims",
    "batches",
    "ledger",
    "webhooks",
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for these settings (the environment's, where not given)."""
    site = Site(settings or Settings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        registry = await run_in_threadpool(lambda: site.registry)
        deliverer = Deliverer(registry, site.settings.webhook_poll_s, site.settings.webhook_allow_loopback)
        deliverer.start()
        yield
        await run_in_threadpool(deliverer.stop)
        site.registry.close()

    app = FastAPI(
        title="Lockgate",
        description="May it pass, who gets it, what will it do, says who.",
        version=site.versions["software"],
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
    )
    app.state.site = site
    for name in PAGES:
        router = import_module(f"lockgate.web.pages.{name}").router
        app.include_router(
            router, include_in_schema=False,
            dependencies=[Depends(require_form_token), Depends(limit_token), Depends(note_unknown)],
        )  # fmt: skip
    for name in API:
        router = import_module(f"lockgate.web.api.{name}").router
        app.include_router(
            router, prefix="/api/v1", dependencies=[Depends(guard_api(name)), Depends(refuse_unknown)]
        )
    describe_api(app)
    app.mount("/static", StaticFiles(directory=str(files("lockgate.web").joinpath("static"))), name="static")
    app.add_middleware(FormTokenMiddleware, secure=site.settings.secure_cookies)
    app.add_middleware(SizeLimitMiddleware, byte_max=site.settings.upload_byte_max)
    app.add_middleware(RequestMiddleware)
    app.add_exception_handler(LockgateError, on_user_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_defect)
    return app


def wants_page(request: Request) -> bool:
    """Whether the answer goes to a person's browser rather than to a program."""
    path: str = request.state.original_path
    return not path.startswith(("/api/", "/openapi")) and request.state.format == "html"


def on_user_error(request: Request, error: Any) -> Response:
    """Something the caller can put right."""
    if error.code == "database-unavailable":
        log.error("%s: %s", request.state.request_id, error.message)
        error = unavailable(error)
    status = status_of(error)
    by_token = "authorization" in request.headers
    if error.code == "login-required" and wants_page(request) and request.method == "GET" and not by_token:
        back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        return RedirectResponse(f"/login?back={back}", 303)
    if wants_page(request):
        return page(
            request, "problem.html", status, title=error.message, problems=error.problems, **today(request)
        )
    return problem_response(error, request.state.request_id)


def on_invalid_request(request: Request, error: Any) -> Response:
    """A request that does not fit what the route declares."""
    return on_user_error(request, from_request_validation(error))


def on_http_error(request: Request, error: Any) -> Response:
    """The framework's own refusals: no such page, method not allowed."""
    words, hint = str(error.detail), ""
    if error.status_code == HTTPStatus.NOT_FOUND and words == HTTPStatus.NOT_FOUND.phrase:
        words, hint = (
            "there is nothing at this address",
            "begin at the start page, or look the address up again",
        )
    known = LockgateError(words, code=HTTP_CODES.get(error.status_code, "http-error"), hint=hint)
    if error.status_code == 405:
        error.headers = {"allow": ", ".join(methods_of(request))}
    if wants_page(request):
        return page(
            request,
            "problem.html",
            error.status_code,
            title=known.message,
            problems=(known,),
            **today(request),
        )
    return problem_response(known, request.state.request_id, error.headers, error.status_code)


def methods_of(request: Request) -> list[str]:
    """What a path may be asked for: the framework names only the methods of its first route there."""
    return [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def on_defect(request: Request, error: Exception) -> Response:
    """A defect of ours: logged whole, shown as a reference number."""
    reference = getattr(request.state, "request_id", uuid.uuid4().hex[:16])
    log.error("defect %s", reference, exc_info=error)
    known = LockgateError(
        f"something went wrong on our side; the reference is {reference}",
        code="unexpected",
        hint="nothing of your input was saved; try again, and report the reference if it happens again",
    )
    if wants_page(request):
        return page(request, "problem.html", 500, title=known.message, problems=(known,), **today(request))
    return problem_response(known, reference, status=500)


def today(request: Request) -> dict[str, Any]:
    """Clocks for a page that could not read its own: a wrong date must not break the page that says so."""
    try:
        return dates_of(request)
    except LockgateError:
        day = dt.datetime.now(dt.UTC).date()
        return {"on": day, "known_at": day, "today": day, "dates_moved": False}
