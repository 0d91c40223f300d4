"""Shipments: lots with serial numbers, tests, export, customs entry, delivery, end-use reports, tasks; each a fact with evidence."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.services import end_use, lots
from lockgate.services import shipments as service
from lockgate.services.overview import read_shipments
from lockgate.web.pages.batches import whole
from lockgate.web.query import reads
from lockgate.web.respond import page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/shipments")

ROW_PROBLEMS_MAX = 100
COLUMNS = (
    "id", "state", "recipient", "name", "case", "quantity", "delivered", "reported", "returned", "exported_on", "evidence", "lots", "entry", "delivery",
)  # fmt: skip


@router.get("")
@reads("case")  # a case's own link brings it along; the list is not narrowed by it
def show_shipments(request: Request, visitor: KnownVisitor) -> Response:
    """Shipments, what is due, what is open."""
    found = read_shipments(site_of(request).registry, visitor.actor)
    return respond(
        request,
        "shipments/show.html",
        data=found,
        rows=found["shipments"],
        header=COLUMNS,
        found=found,
        given={},
        form="",
    )


def again(request: Request, visitor: Any, form: str, given: dict[str, str], error: LockgateError) -> Response:
    """The page with what was wrong in one of its forms, and what was typed."""
    found = read_shipments(site_of(request).registry, visitor.actor)
    return page(
        request,
        "shipments/show.html",
        422,
        found=found,
        given=given,
        form=form,
        problems=error.problems[:ROW_PROBLEMS_MAX],
    )


def attempt(
    request: Request, visitor: Any, form: str, given: dict[str, str], act: Callable[[], object]
) -> Response:
    """Do what a form asks and go back to the page, or show what is wrong."""
    try:
        act()
    except LockgateError as error:
        if error.code in ("not-allowed", "login-required"):
            raise
        return again(request, visitor, form, given, error)
    return RedirectResponse(f"/shipments#{form}", 303)


@router.post("/lots")
def add_lot(
    request: Request,
    visitor: KnownVisitor,
    file: UploadFile,
    lot: Annotated[str, Form()] = "",
    product: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Enter a lot with the serial numbers of a CSV file: all rows, or none, with every problem of every row."""

    def act() -> None:
        serials = lots.read_serials(text_of(file))
        lots.register_lot(site_of(request).registry, visitor.actor, lot, product, serials, key=key)

    return attempt(request, visitor, "lot", {"lot": lot, "product": product}, act)


@router.post("/lots/{lot}/test")
def add_test(
    request: Request,
    visitor: KnownVisitor,
    lot: str,
    case: Annotated[str, Form()] = "",
    passed: Annotated[bool, Form()] = False,
    sample: Annotated[str, Form()] = "",
    certificate: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """A laboratory's answer about a lot, with the serial numbers it tested."""
    registry = site_of(request).registry
    return attempt(
        request, visitor, "lots", {},
        lambda: lots.record_test(registry, visitor.actor, lot, case_id=case, passed=passed, sample=sample.split(), certificate=certificate, key=key),
    )  # fmt: skip


@router.post("/export")
def add_export(
    request: Request, visitor: KnownVisitor, shipment: Annotated[str, Form()] = "", deal: Annotated[str, Form()] = "", allotment: Annotated[str, Form()] = "",
    chosen: Annotated[list[str], Form()] = [], exported_on: Annotated[str, Form()] = "", evidence: Annotated[str, Form()] = "", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Goods left."""
    given = {
        "shipment": shipment,
        "deal": deal,
        "allotment": allotment,
        "exported_on": exported_on,
        "evidence": evidence,
    }
    registry = site_of(request).registry
    return attempt(
        request, visitor, "export", given,
        lambda: service.record_export(registry, visitor.actor, shipment, deal=deal, allotment=allotment, lots=chosen, exported_on=day(exported_on, "exported_on"), evidence=evidence, key=key),
    )  # fmt: skip


@router.post("/{shipment}/entry")
def add_entry(
    request: Request,
    visitor: KnownVisitor,
    shipment: str,
    entered_on: Annotated[str, Form()] = "",
    customs_number: Annotated[str, Form()] = "",
    quantity: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Customs let the goods in."""
    registry = site_of(request).registry
    return attempt(
        request, visitor, shipment, {},
        lambda: service.record_entry(registry, visitor.actor, shipment, entered_on=day(entered_on, "entered_on"), customs_number=customs_number, quantity=whole(quantity, "quantity"), key=key),
    )  # fmt: skip


@router.post("/{shipment}/delivery")
def add_delivery(
    request: Request,
    visitor: KnownVisitor,
    shipment: str,
    delivered_on: Annotated[str, Form()] = "",
    evidence: Annotated[str, Form()] = "",
    quantity: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """The goods arrived."""
    registry = site_of(request).registry
    return attempt(
        request, visitor, shipment, {},
        lambda: service.record_delivery(registry, visitor.actor, shipment, delivered_on=day(delivered_on, "delivered_on"), quantity=whole(quantity, "quantity"), evidence=evidence, key=key),
    )  # fmt: skip


@router.post("/{shipment}/report")
def add_report(
    request: Request,
    visitor: KnownVisitor,
    shipment: str,
    file: UploadFile,
    reported_on: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """An end-use report by serial number, as CSV: serial, status, site, end_use."""
    registry = site_of(request).registry
    return attempt(
        request, visitor, "reports", {},
        lambda: end_use.report_end_use(registry, visitor.actor, shipment, [row for _, row in lots.read_table(text_of(file))[1]], reported_on=day(reported_on, "reported_on"), key=key),
    )  # fmt: skip


@router.post("/tasks/{task:path}/resolve")
def resolve(
    request: Request,
    visitor: KnownVisitor,
    task: str,
    resolution: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Explain or deal with a discrepancy."""
    registry = site_of(request).registry
    return attempt(
        request,
        visitor,
        "tasks",
        {},
        lambda: end_use.resolve_task(registry, visitor.actor, task, resolution=resolution, key=key),
    )


def text_of(file: UploadFile) -> str:
    """The text of an uploaded file.

    Raises:
        LockgateError: ``bad-file``, where it is not UTF-8.
    """
    try:
        return file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LockgateError(
            "the file is not UTF-8 text", code="bad-file", where="file", hint="save it as CSV in UTF-8"
        ) from None


def day(text: str, where: str) -> Any:
    """A day of a form.

    Raises:
        LockgateError: ``bad-date``.
    """
    problems = ProblemCollector()
    found = None
    with problems.at(where):
        found = parse_date(text)
    problems.raise_if_any()
    return found
