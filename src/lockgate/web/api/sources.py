"""``GET /api/v1/sources``: the documents every figure and clause rests on."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lockgate.services.sources import describe_source_uses
from lockgate.web.api.catalogued import NOT_CHANGED, answer_tagged, page_of
from lockgate.web.site import site_of

router = APIRouter(tags=["sources"])


class SourceAnswer(BaseModel):
    """A document: who published what, when and where."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Its id.", examples=["ecfr-774-supp1"])
    title: str = Field(description="Its title.")
    publisher: str = Field(description="Who published it.")


class SourceList(BaseModel):
    """A page of sources."""

    sources: list[SourceAnswer] = Field(description="By id.")
    next: str | None = Field(description="The `after` of the following page, null on the last.")


@router.get("/sources", summary="List sources", response_model=SourceList, responses=NOT_CHANGED)
def list_sources(
    request: Request, after: Annotated[str, Query(description="The id to ask on from.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:  # fmt: skip
    """Sources by id, in pages."""
    catalogue = site_of(request).catalogue

    def body() -> dict[str, Any]:
        rows = [source.model_dump(mode="json") for source in catalogue.sources()]
        return page_of(rows, "sources", after, limit)

    return answer_tagged(request, body)


@router.get(
    "/sources/{source_id}", summary="Show a source", response_model=SourceAnswer, responses=NOT_CHANGED
)
def show_source(request: Request, source_id: str) -> Response:
    """A source with every place of the data that cites it."""
    catalogue = site_of(request).catalogue
    catalogue.source(source_id)
    return answer_tagged(request, lambda: describe_source_uses(catalogue, source_id))
