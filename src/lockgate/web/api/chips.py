"""``GET /api/v1/chips``: the accelerators with their facts and sources."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from lockgate.services.chips import chip_row, describe_chip, find_chips
from lockgate.web.respond import encode
from lockgate.web.site import site_of

router = APIRouter(tags=["chips"])


class ChipList(BaseModel):
    """A page of accelerators; ``next`` is the ``after`` of the following page, null on the last."""

    model_config = ConfigDict(extra="forbid")

    chips: list[dict[str, Any]] = Field(
        description="One a chip, figures in trade units, null where no source gives one."
    )
    next: str | None = Field(description="The id to ask on from.")


def unchanged(request: Request, response: Response, mark: str) -> bool:
    """Set the entity tag; whether the caller has this version already."""
    tag = f'"{mark}"'
    response.headers["etag"] = tag
    return tag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]


@router.get("/chips", summary="List chips", responses={304: {"description": "Not changed."}})
def list_chips(
    request: Request, response: Response, vendor: str = "", country: str = "",
    after: Annotated[str, Query(description="The id to ask on from.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Any:  # fmt: skip
    """Accelerators by id, in pages."""
    site = site_of(request)
    if unchanged(request, response, site.versions["data"]):
        return Response(status_code=304, headers=dict(response.headers))
    rows = [
        chip_row(chip)
        for chip in find_chips(site.catalogue, vendor=vendor, country=country)
        if chip.id > after
    ]
    more = len(rows) > limit
    body = {"chips": rows[:limit], "next": rows[limit - 1]["id"] if more else None}
    return Response(encode(body), media_type="application/json", headers={"etag": response.headers["etag"]})


@router.get("/chips/{chip_id}", summary="Show a chip", responses={304: {"description": "Not changed."}})
def show_chip(request: Request, response: Response, chip_id: str) -> Any:
    """Everything known about one accelerator, with sources."""
    site = site_of(request)
    if unchanged(request, response, site.versions["data"]):
        return Response(status_code=304, headers=dict(response.headers))
    body = describe_chip(site.catalogue, site.catalogue.chip(chip_id))
    return Response(encode(body), media_type="application/json", headers={"etag": response.headers["etag"]})
