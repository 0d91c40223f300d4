"""Ledger: accounts, postings, and the head-room of every cap with its projection."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import AccountKind
from lockgate.services.ledger import list_holds, list_postings
from lockgate.services.overview import account_row, read_caps, read_ledger, require_official
from lockgate.web.respond import respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/ledger")


@router.get("")
def show_ledger(request: Request, visitor: KnownVisitor, kind: str = "") -> Response:
    """Caps first, then the accounts."""
    registry = site_of(request).registry
    rows = read_ledger(registry, visitor.actor, kind)
    caps = read_caps(registry, visitor.actor)
    return respond(
        request,
        "ledger/show.html",
        data={"accounts": rows, "caps": caps},
        rows=rows,
        accounts=rows,
        caps=caps,
        kind=kind,
        kinds=[item.value for item in AccountKind],
    )


@router.get("/{account:path}")
def show_account(request: Request, visitor: KnownVisitor, account: str) -> Response:
    """One account with its latest postings and what is held back in it."""
    require_official(visitor.actor, "read the ledger")
    registry = site_of(request).registry
    with registry.read() as work:
        found = work.accounts([account])[account]
    if not (found.posted_in or found.posted_out or found.held_in or found.held_out):
        raise LockgateError(f"nothing was posted to {account!r}", code="not-found", hint="see /ledger")
    postings = list_postings(registry, account)
    holds = list_holds(registry, account)
    row = account_row(found)
    return respond(
        request,
        "ledger/account.html",
        data={**row, "postings": postings},
        rows=postings,
        account=row,
        postings=postings,
        holds=holds,
    )
