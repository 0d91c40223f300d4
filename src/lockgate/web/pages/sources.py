"""Sources: every document that a figure or a clause rests on."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lockgate.services.sources import describe_source_uses
from lockgate.web.respond import respond
from lockgate.web.site import site_of

router = APIRouter()


@router.get("/sources")
def list_sources(request: Request, q: str = "", kind: str = "") -> Response:
    """All documents, by publisher; narrowed by words of title or publisher, and by kind."""
    catalogue = site_of(request).catalogue
    everything = sorted(
        catalogue.sources(), key=lambda item: (item.publisher.casefold(), item.title.casefold())
    )
    kinds = sorted({item.kind for item in everything})
    needle = q.casefold()
    found = [
        item for item in everything
        if (not kind or item.kind == kind) and (not needle or needle in f"{item.id} {item.title} {item.publisher}".casefold())
    ]  # fmt: skip
    rows = [item.model_dump(mode="json", exclude={"origin"}) for item in found]
    header = tuple(everything[0].model_dump(mode="json", exclude={"origin"}))
    return respond(
        request, "sources.html", rows=rows, header=header, sources=found, q=q, kind=kind, kinds=kinds
    )


@router.get("/sources/{source_id}")
def show_source(request: Request, source_id: str) -> Response:
    """One document, and every place that cites it."""
    found = describe_source_uses(site_of(request).catalogue, source_id)
    return respond(request, "source.html", data=found, rows=found["uses"], source=found)
