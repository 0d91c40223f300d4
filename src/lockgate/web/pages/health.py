"""For whoever runs the installation: is it alive, can it serve, how is it doing."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.web.site import site_of

router = APIRouter()


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
        return JSONResponse({"ready": False, "code": error.code, "message": error.message}, 503)
    return JSONResponse({"ready": True})


@router.get("/metrics")
def show_metrics() -> Response:
    """Counts and durations of requests, in Prometheus' text format; no names, no addresses."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
