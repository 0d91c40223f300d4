"""``/api/v1/webhooks``: being told of events as they are recorded."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lockgate.services import webhooks
from lockgate.store.webhooks import WebhookRow
from lockgate.web.api.writes import Record, WriteKey
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(tags=["webhooks"])


class AddWebhook(BaseModel):
    """Where to deliver what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/lockgate", "types": ["BatchOpened"]}]},
    )

    url: str = Field(min_length=1, max_length=500, description="An https address on the public network.")
    types: list[Annotated[str, Field(pattern=r"^[A-Za-z]{1,60}$")]] = Field(
        default_factory=list, max_length=50, description="Types of events; none: all that you may see."
    )


class WebhookAnswer(BaseModel):
    """A subscription."""

    id: str = Field(description="Its id.")
    url: str = Field(description="Where deliveries go.")
    types: list[str] = Field(description="Types of events; none: all that you may see.")
    after_seq: int = Field(description="The last event that was delivered or passed over.")
    attempts: int = Field(description="Failures in a row.")
    due_at: str = Field(description="When the next attempt is made, if there is something to say.")
    problem: str = Field(description="Why the last attempt failed; empty where it did not.")


class WebhookMade(WebhookAnswer):
    """A subscription with its secret."""

    secret: str = Field(description="Signs the deliveries; shown on this answer only.")


class WebhookList(BaseModel):
    """One's own subscriptions."""

    webhooks: list[WebhookAnswer] = Field(description="By id.")


def shown(row: WebhookRow) -> dict[str, object]:
    """A subscription without its secret."""
    return {name: getattr(row, name) for name in WebhookAnswer.model_fields}


@router.get("/webhooks", summary="List webhooks")
def list_webhooks(record: Record, visitor: KnownVisitor) -> WebhookList:
    """One's own subscriptions, with what stands in their way."""
    return WebhookList.model_validate(
        {"webhooks": [shown(row) for row in webhooks.list_webhooks(record, visitor)]}
    )


@router.post("/webhooks", summary="Add a webhook", status_code=201)
def add_webhook(
    request: Request, record: Record, visitor: KnownVisitor, key: WriteKey, body: AddWebhook
) -> WebhookMade:
    """Be told of events from now on. For officials."""
    allowed = site_of(request).settings.webhook_allow_loopback
    row = webhooks.add_webhook(record, visitor, body.url, body.types, key=key, allow_loopback=allowed)
    return WebhookMade.model_validate({**shown(row), "secret": row.secret})


@router.delete("/webhooks/{webhook_id}", summary="Remove a webhook", status_code=204, response_class=Response)
def remove_webhook(
    record: Record, visitor: KnownVisitor, key: WriteKey, webhook_id: Annotated[str, Path(max_length=64)]
) -> None:
    """End a subscription of one's own."""
    webhooks.remove_webhook(record, visitor, webhook_id, key=key)
