"""``/api/v1/ledger``: accounts with their head-room, and postings by hand."""

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from lockgate.casework.ledger import AMOUNT_MAX, AccountKind, Posting, PostingKind
from lockgate.services import ledger
from lockgate.web.api.catalogued import page_of
from lockgate.web.api.fields import Instant, Whole
from lockgate.web.api.writes import Record, WriteKey
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/ledger", tags=["ledger"])

ACCOUNT: dict[str, Any] = {"pattern": "^(" + "|".join(AccountKind) + r"):[^\s]+$", "maxLength": 200}
EXAMPLE: dict[str, Any] = {
    "postings": [
        {
            "key": "opening-1",
            "kind": "move",
            "from_account": "outside:2026",
            "to_account": "programme:2026",
            "amount": 400_000,
        }
    ],
    "note": "opening balance",
}


class AccountAnswer(BaseModel):
    """An account."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Its name, such as `batch:b1`.")
    unit: str = Field(description="What it counts.")
    balance: int = Field(description="What came in less what went out.")
    headroom: int = Field(description="What can still be drawn.")


class AccountList(BaseModel):
    """A page of accounts."""

    accounts: list[AccountAnswer] = Field(description="By id.")
    next: str | None = Field(description="The `after` of the following page, null on the last.")


class AccountDetails(BaseModel):
    """An account with what moves it."""

    account: AccountAnswer
    holds: list[dict[str, Any]] = Field(description="Reservations in it.")
    postings: list[dict[str, Any]] = Field(description="The latest postings, newest first.")


class GivenPosting(BaseModel):
    """One movement of a quantity."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=200, description="Unique in the ledger.")
    kind: PostingKind = Field(description="What it does.")
    from_account: str = Field(max_length=200, description="Account it takes from.", json_schema_extra=ACCOUNT)
    to_account: str = Field(max_length=200, description="Account it gives to.", json_schema_extra=ACCOUNT)
    amount: Whole = Field(ge=1, le=AMOUNT_MAX, description="Whole units.")
    hold: str = Field(
        default="", max_length=300, description="For settle and release: key of the reservation."
    )
    expires_at: Instant | None = Field(default=None, description="For reserve: until when it stands.")

    def posting(self) -> Posting:
        """As the ledger knows it."""
        until = "" if self.expires_at is None else instant_text(self.expires_at)
        return Posting(self.key, self.kind, self.from_account, self.to_account, self.amount, self.hold, until)


class PostRequest(BaseModel):
    """Postings, made all together or not at all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    postings: list[GivenPosting] = Field(
        min_length=1, max_length=1000, description="In an order in which each holds."
    )
    note: str = Field(default="", max_length=2000, description="Why.")


class Written(BaseModel):
    """What a write left in the record. A repetition under the same key gives the same."""

    seq: int = Field(description="Position of the event in the record.")
    type: str = Field(description="Name of the event.")
    at: str = Field(description="UTC instant at which it was recorded.")
    repeated: bool = Field(default=False, description="Whether it had been done before under this key.")


def instant_text(instant: dt.datetime) -> str:
    """An instant as the record writes it; one without a zone is UTC."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
    return aware.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@router.get("/accounts", summary="List accounts")
def list_accounts(
    record: Record, visitor: KnownVisitor, prefix: Annotated[str, Query(description="Start of the ids.")] = "",
    after: Annotated[str, Query(description="The id to ask on from.")] = "", limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AccountList:  # fmt: skip
    """Accounts by id, as far as the person may see them."""
    rows = ledger.read_accounts(record, visitor.actor, prefix)
    return AccountList.model_validate(page_of(rows, "accounts", after, limit))


@router.get("/accounts/{account}", summary="Show an account")
def show_account(
    record: Record, visitor: KnownVisitor, account: Annotated[str, Path(description="Its id.", json_schema_extra=ACCOUNT)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> AccountDetails:  # fmt: skip
    """An account with its reservations and latest postings."""
    return AccountDetails.model_validate(ledger.read_account(record, visitor.actor, account, limit))


@router.post("/postings", summary="Post by hand", status_code=201)
def post_by_hand(record: Record, visitor: KnownVisitor, key: WriteKey, body: PostRequest) -> Written:
    """Make postings: all of them, once, or none. For administrators."""
    event, repeated = ledger.post(
        record, visitor.actor, [item.posting() for item in body.postings], key=key, note=body.note
    )
    return Written(seq=event.seq, type=event.type, at=event.at, repeated=repeated)
