"""Ledger: accounts, postings, and the head-room of every cap with its projection."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import AccountKind
from lockgate.services.ledger import read_account, read_accounts
from lockgate.services.overview import is_official, read_caps
from lockgate.web.respond import respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/ledger")

COLUMNS = ("id", "unit", "posted_in", "posted_out", "held_in", "held_out", "balance", "headroom", "breach")


@router.get("")
def show_ledger(request: Request, visitor: KnownVisitor, kind: str = "") -> Response:
    """Caps first (for officials), then the accounts that the visitor may see."""
    registry = site_of(request).registry
    rows = read_accounts(registry, visitor.actor, f"{kind}:" if kind else "")
    caps = read_caps(registry, visitor.actor) if is_official(visitor.actor) else []
    kinds = [item.value for item in AccountKind]
    return respond(
        request,
        "ledger/show.html",
        data={"accounts": rows, "caps": caps},
        rows=rows,
        header=COLUMNS,
        accounts=rows,
        caps=caps,
        kind=kind,
        kinds=kinds,
    )


@router.get("/{account:path}")
def show_account(request: Request, visitor: KnownVisitor, account: str) -> Response:
    """One account with its latest postings and what is held back in it."""
    found = read_account(site_of(request).registry, visitor.actor, account)
    if not found["postings"]:
        raise LockgateError(f"nothing was posted to {account!r}", code="not-found", hint="see /ledger")
    return respond(request, "ledger/account.html", data=found, rows=found["postings"], **found)
