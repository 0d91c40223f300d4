"""``GET /api/v1/chips``: the accelerators with their facts and sources."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lockgate.services.chips import chip_row, describe_chip, find_chips
from lockgate.web.api.catalogued import NOT_CHANGED, answer_tagged, page_of
from lockgate.web.site import site_of

router = APIRouter(tags=["chips"])


class ChipList(BaseModel):
    """A page of accelerators; ``next`` is the ``after`` of the following page, null on the last."""

    model_config = ConfigDict(extra="forbid")

    chips: list[dict[str, Any]] = Field(
        description="One a chip, figures in trade units, null where no source gives one."
    )
    next: str | None = Field(description="The id to ask on from.")


class ChipAnswer(BaseModel):
    """Everything known about an accelerator."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Its id.", examples=["h200-sxm"])


@router.get("/chips", summary="List chips", response_model=ChipList, responses=NOT_CHANGED)
def list_chips(
    request: Request, vendor: str = "", country: str = "",
    after: Annotated[str, Query(description="The id to ask on from.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:  # fmt: skip
    """Accelerators by id, in pages."""
    catalogue = site_of(request).catalogue

    def body() -> dict[str, Any]:
        rows = [chip_row(chip) for chip in find_chips(catalogue, vendor=vendor, country=country)]
        return page_of(rows, "chips", after, limit)

    return answer_tagged(request, body)


@router.get("/chips/{chip_id}", summary="Show a chip", response_model=ChipAnswer, responses=NOT_CHANGED)
def show_chip(request: Request, chip_id: str) -> Response:
    """Everything known about one accelerator, with sources."""
    catalogue = site_of(request).catalogue
    chip = catalogue.chip(chip_id)
    return answer_tagged(request, lambda: describe_chip(catalogue, chip))
