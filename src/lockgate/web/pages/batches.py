"""Who gets it? Recipients by batches, the waiting list with its rule, the dry run, and the commitment by a second person."""

import datetime as dt
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.casework.rounds import result_as_dict
from lockgate.casework.waiting_list import measure_concentration
from lockgate.services import allotments, rounds
from lockgate.services import batches as service
from lockgate.services.overview import read_grid, require_official
from lockgate.services.people import read_names
from lockgate.services.practice import list_rules
from lockgate.web.respond import page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/batches")

RESERVED_DAYS = 60
RECIPIENT_COLUMNS = ("recipient", "name", "waiting", "reserved", "shipped", "cap_headroom")
ALLOTMENT_COLUMNS = (
    "recipient", "quantity", "requested", "exact", "binding", "reason", "would_change", "may_withdraw",
)  # fmt: skip


@router.get("")
def show_batches(request: Request, visitor: KnownVisitor, case: str = "") -> Response:
    """The grid and the waiting list; ``case`` fills in the forms."""
    return grid_page(request, visitor, given={"case": case})


@router.post("/names")
def show_names(request: Request, visitor: KnownVisitor, reason: Annotated[str, Form()] = "") -> Response:
    """The grid with withheld names, for somebody entitled; that they were read, and why, is recorded."""
    registry = site_of(request).registry
    grid = read_grid(registry, visitor.actor)
    if not reason.strip():
        missing = LockgateError(
            "say why you need the names", code="missing-reason", where="reason", hint="the record keeps it"
        )
        return grid_page(request, visitor, 422, (missing,))
    names = read_names(registry, visitor.actor, [row["party"] for row in grid.recipients], reason=reason)
    for row in (*grid.recipients, *grid.waiting):
        row["name"] = names[row.get("party") or row["recipient"]]
    return page(request, "batches/grid.html", grid=grid, given={}, rules=list_rules())


def grid_page(
    request: Request,
    visitor: Any,
    status: int = 200,
    problems: tuple[LockgateError, ...] = (),
    given: Any = None,
) -> Response:
    """The grid, with what was wrong in a form where something was."""
    grid = read_grid(site_of(request).registry, visitor.actor)
    rows = [
        {name: row["party" if name == "recipient" else name] for name in RECIPIENT_COLUMNS}
        for row in grid.recipients
    ]
    data = {"batches": grid.batches, "recipients": grid.recipients, "waiting": grid.waiting}
    if status == 200 and not problems:
        return respond(
            request, "batches/grid.html", data=data, rows=rows, header=RECIPIENT_COLUMNS, grid=grid,
            given=given or {}, rules=list_rules(),
        )  # fmt: skip
    return page(
        request,
        "batches/grid.html",
        status,
        grid=grid,
        problems=problems,
        given=given or {},
        rules=list_rules(),
    )


@router.post("")
def open_batch(
    request: Request, visitor: KnownVisitor, case: Annotated[str, Form()] = "", batch: Annotated[str, Form()] = "",
    quantity: Annotated[str, Form()] = "", rule: Annotated[str, Form()] = "", programme: Annotated[str, Form()] = "", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Release a part of an approval as a batch."""
    given = {"case": case, "batch": batch, "quantity": quantity, "rule": rule, "programme": programme}
    try:
        registry = site_of(request).registry
        service.open_batch(
            registry,
            visitor.actor,
            case,
            batch,
            whole(quantity, "quantity"),
            rule=rule,
            programme=programme,
            key=key,
        )
    except LockgateError as error:
        return grid_page(request, visitor, 422, error.problems, given)
    return RedirectResponse(f"/batches/{batch}", 303)


@router.post("/requests")
def add_request(
    request: Request, visitor: KnownVisitor, case: Annotated[str, Form()] = "", recipient: Annotated[str, Form()] = "",
    asked: Annotated[str, Form()] = "", accepted_on: Annotated[str, Form()] = "", score: Annotated[str, Form()] = "0", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Put a recipient on the waiting list."""
    given = {"case": case, "recipient": recipient, "asked": asked, "accepted_on": accepted_on, "score": score}
    try:
        on = parse_date(accepted_on) if accepted_on else None
        service.request_allocation(
            site_of(request).registry, visitor.actor, case, recipient, whole(asked, "asked"), accepted_on=on, score=Fraction(whole(score or "0", "score")), key=key
        )  # fmt: skip
    except LockgateError as error:
        return grid_page(request, visitor, 422, error.problems, given)
    return RedirectResponse("/batches#waiting", 303)


@router.post("/requests/{request_id}/withdraw")
def withdraw(request: Request, visitor: KnownVisitor, request_id: str) -> Response:
    """Take a request off the waiting list."""
    service.withdraw_request(site_of(request).registry, visitor.actor, request_id)
    return RedirectResponse("/batches#waiting", 303)


@router.get("/{batch}")
def preview(request: Request, visitor: KnownVisitor, batch: str, rule: str = "") -> Response:
    """The dry run of the batch's next round, under its own rule or another."""
    require_official(visitor.actor, "see a dry run")
    site = site_of(request)
    grid = read_grid(site.registry, visitor.actor)
    found = next((item for item in grid.batches if item["id"] == batch), None)
    if found is None:
        raise LockgateError(f"there is no batch {batch!r}", code="not-found", hint="see /batches")
    try:
        given, result = rounds.preview_allocation(site.registry, visitor.actor, batch, rule=rule)
    except LockgateError as error:
        if error.code not in ("nobody-waits", "unknown-batch"):
            raise
        return respond(
            request,
            "batches/batch.html",
            data=dict(found),
            rows=(),
            header=ALLOTMENT_COLUMNS,
            batch=found,
            result=None,
            why=error.message,
            grid=grid,
            rules=list_rules(),
            rule=rule,
        )
    plain = result_as_dict(result)
    spread = measure_concentration(result.quantities)
    data = {**found, "dry_run": plain, "hhi": spread.hhi, "largest_three": float(spread.largest(3))}
    return respond(
        request, "batches/batch.html", data=data, rows=plain["allotments"], header=ALLOTMENT_COLUMNS, batch=found, result=plain, given=given, spread=spread, grid=grid,
        rules=list_rules(), rule=rule or found["rule"], why="",
    )  # fmt: skip


@router.post("/{batch}/propose")
def propose(
    request: Request, visitor: KnownVisitor, batch: str, key: Annotated[str, Form()] = ""
) -> Response:
    """Put the next round before another person."""
    rounds.propose_allocation(site_of(request).registry, visitor.actor, batch, key=key)
    return RedirectResponse(f"/batches/{batch}#rounds", 303)


@router.post("/rounds/{round_id}/commit")
def commit(
    request: Request,
    visitor: KnownVisitor,
    round_id: str,
    batch: Annotated[str, Form()],
    days: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Countersign a round: every number is reserved, all or none."""
    registry = site_of(request).registry
    expires_at = registry.clock() + dt.timedelta(days=whole(days or str(RESERVED_DAYS), "days"))
    rounds.commit_allocation(registry, visitor.actor, round_id, expires_at=expires_at, key=key)
    return RedirectResponse(f"/batches/{batch}#rounds", 303)


@router.post("/allotments/{allotment}/surrender")
def surrender(
    request: Request, visitor: KnownVisitor, allotment: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Hand back what is left of an allotment."""
    allotments.surrender_allotment(site_of(request).registry, visitor.actor, allotment, reason=reason)
    return RedirectResponse("/batches", 303)


def whole(text: str, where: str) -> int:
    """A whole number as people write it.

    Raises:
        LockgateError: ``bad-number``.
    """
    digits = text.replace(",", "").replace(" ", "").strip()
    if not digits.isdigit() or len(digits) > 18:
        raise LockgateError(
            f"{text!r} is no whole number", code="bad-number", where=where, hint="for example 75,000"
        )
    return int(digits)
