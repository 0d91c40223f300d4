"""What holds for every request: an id, limits, security headers, and the ``.json``/``.csv`` twin of a page."""

import logging
import re
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lockgate.base.errors import LockgateError
from lockgate.web.problems import details, headers_of, status_of

log = logging.getLogger("lockgate.web")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}
REQUESTS = Counter("lockgate_requests", "Requests served.", ("method", "route", "status"))
SECONDS = Histogram("lockgate_request_seconds", "Time to serve a request.", ("route",))
TWIN_FORMATS = ("json", "csv", "jsonl")
SECRET_PATH = re.compile(r"(/invitation/).+")  # the key of a one-time link is part of its path
TWINLESS = ("/api/", "/static/", "/openapi")


def problem_response(
    error: LockgateError, request_id: str, headers: Mapping[str, str] | None = None, status: int = 0
) -> Response:
    """An error as problem+json; with the status of its code where none is given."""
    status = status or status_of(error)
    return JSONResponse(
        details(error, status, request_id),
        status,
        headers={**headers_of(error), **(headers or {})},
        media_type="application/problem+json",
    )


class RequestMiddleware:
    """Gives each request an id, reads the twin format off its path, adds the headers, and logs one line.

    The log line holds method, path, status and duration; never a query, a cookie, a header or a body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id = uuid.uuid4().hex[:16]
        state["format"] = "html"
        state["original_path"] = path = scope["path"]
        stem, dot, ending = path.rpartition(".")
        if dot and ending in TWIN_FORMATS and not path.startswith(TWINLESS):
            scope["path"], state["format"] = stem, ending
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if not path.startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            spent_ms = (time.perf_counter() - started) * 1000
            shown = SECRET_PATH.sub(r"\1***", path)
            log.info("%s %s %s %d %.1f ms", request_id, scope["method"], shown, status, spent_ms)
            route = getattr(scope.get("route"), "path", "other")
            route = f"/api/v1{route}" if path.startswith("/api/v1/") else route
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(route).observe(spent_ms / 1000)


class SizeLimitMiddleware:
    """Refuses bodies over a size, whether announced or streamed."""

    def __init__(self, app: ASGIApp, byte_max: int) -> None:
        self.app = app
        self.byte_max = byte_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        error = LockgateError(
            f"the request is larger than {self.byte_max:,} bytes",
            code="too-large",
            hint="split it, or ask the administrator to raise LOCKGATE_UPLOAD_BYTE_MAX",
        )
        request_id = scope.get("state", {}).get("request_id", "")
        announced = Request(scope).headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > self.byte_max:
            await problem_response(error, request_id)(scope, receive, send)
            return
        read = 0
        started = False

        async def receive_limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.byte_max:
                raise error
            return message

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive_limited, send_noting)
        except LockgateError as raised:
            if raised is not error or started:
                raise
            await problem_response(error, request_id)(scope, receive, send)


class RateLimiter:
    """At most ``count`` events of one key within ``window_s`` seconds, in this process.

    >>> limiter = RateLimiter(count=2, window_s=60)
    >>> [limiter.seconds_to_wait("me", now=t) for t in (0.0, 1.0, 2.0, 61.0)]
    [0.0, 0.0, 58.0, 0.0]
    """

    def __init__(self, count: int, window_s: float) -> None:
        self.count = count
        self.window_s = window_s
        self._events: dict[str, deque[float]] = defaultdict(deque)

    def seconds_to_wait(self, key: str, now: float | None = None) -> float:
        """0 where the event is allowed (and counted), else the seconds until one is."""
        moment = time.monotonic() if now is None else now
        events = self._events[key]
        while events and events[0] <= moment - self.window_s:
            events.popleft()
        if len(events) >= self.count:
            return events[0] + self.window_s - moment
        if len(self._events) > 100_000:  # keys are clients: forget the idle ones before they fill the memory
            self._events = defaultdict(deque, {k: v for k, v in self._events.items() if v})
        self._events[key].append(moment)
        return 0.0
