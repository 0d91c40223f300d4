"""For whoever runs the installation: is it alive, can it serve, how is it doing."""

import logging
import os

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.web.problems import unavailable
from lockgate.web.site import site_of

log = logging.getLogger("lockgate.web")

router = APIRouter()

SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""Folder in which the workers of one installation keep their counts together; ``lockgate serve --workers`` sets it."""


@router.get("/healthz")
def tell_alive() -> Response:
    """The process answers; says nothing of the database."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def tell_ready(request: Request) -> Response:
    """The database can be read; 503 where it cannot."""
    try:
        site_of(request).registry.require_record()
    except LockgateError as error:
        if error.code == "database-unavailable":
            log.warning("not ready: %s", error.message)
            error = unavailable(error)
        return JSONResponse({"ready": False, "code": error.code, "message": error.message}, 503)
    return JSONResponse({"ready": True})


@router.get("/metrics")
def show_metrics() -> Response:
    """Counts and durations of requests of all workers, in Prometheus' text format; no names, no addresses."""
    if SHARED_METRICS not in os.environ:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return Response(generate_latest(together), media_type=CONTENT_TYPE_LATEST)
