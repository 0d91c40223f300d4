"""``GET /api/v1/provisions``: the clauses the gates stand on, with every version."""

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lockgate.catalogue.law import Provision
from lockgate.web.api.catalogued import NOT_CHANGED, answer_tagged, page_of
from lockgate.web.api.fields import Day
from lockgate.web.site import site_of

router = APIRouter(tags=["law"])


class ProvisionList(BaseModel):
    """A page of provisions."""

    provisions: list[dict[str, Any]] = Field(
        description="One a clause: id, title, gate, and what is in force."
    )
    next: str | None = Field(description="The `after` of the following page, null on the last.")


class ProvisionAnswer(BaseModel):
    """A provision with all its versions."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Its id, which is its path.", examples=["us-ear.3a090.a"])


def provision_row(provision: Provision, on: dt.date, known_at: dt.date | None) -> dict[str, Any]:
    """A provision with what it says on a day."""
    version = provision.on(on, known_at)
    head = provision.model_dump(mode="json", exclude={"versions"})
    return {
        **head,
        "on": on.isoformat(),
        "in_force": None if version is None else version.model_dump(mode="json", exclude_defaults=True),
    }


@router.get("/provisions", summary="List provisions", response_model=ProvisionList, responses=NOT_CHANGED)
def list_provisions(
    request: Request, prefix: Annotated[str, Query(description="Start of the ids.")] = "",
    on: Annotated[Day | None, Query(description="The day asked about; today where left out.")] = None,
    known_at: Annotated[Day | None, Query(description="The day of knowledge.")] = None,
    after: Annotated[str, Query(description="The id to ask on from.")] = "", limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:  # fmt: skip
    """Provisions by id, each with its version in force on a day."""
    site = site_of(request)
    day = on or site.registry.today()
    rows = [
        provision_row(item, day, known_at)
        for item in site.catalogue.provisions()
        if item.id.startswith(prefix)
    ]
    return answer_tagged(request, lambda: page_of(rows, "provisions", after, limit), str(day))


@router.get(
    "/provisions/{provision_id}", summary="Show a provision", response_model=ProvisionAnswer, responses=NOT_CHANGED,
)  # fmt: skip
def show_provision(request: Request, provision_id: str) -> Response:
    """A provision with every version, its citations and its limits."""
    found = site_of(request).catalogue.provision(provision_id)
    return answer_tagged(request, lambda: found.model_dump(mode="json", exclude_defaults=True))
