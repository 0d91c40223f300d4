"""Who says so? Documents, claims by agreement, contradictions side by side, and what people decided about them."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.services.evidence_desk import (
    READERS,
    marked_text,
    read_history,
    record_decision,
    show_desk,
    takes_back,
)
from lockgate.web.respond import page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/evidence")

CLAIM_COLUMNS = (
    "id", "document", "subject", "attribute", "value", "hedge", "attributed_to", "quote", "start", "end", "decision",
)  # fmt: skip


def desk_data(request: Request) -> tuple[dict[str, Any], list[Any]]:
    """The reading as plain data, and the decisions."""
    site = site_of(request)
    with site.registry.read() as work:
        history = read_history(work)
    return show_desk(site.desk, history), history


def may_decide(request: Request) -> bool:
    """Whether the reader is offered decisions."""
    visitor = request.state.person
    return visitor is not None and any(visitor.actor.holds(role) for role in READERS)


@router.get("")
def show_evidence(request: Request, attribute: str = "", document: str = "") -> Response:
    """Contradictions first, then agreement, then every claim."""
    data, history = desk_data(request)
    claims = [
        row for row in data["claims"]
        if (not attribute or row["attribute"] == attribute) and (not document or row["document"] == document)
    ]  # fmt: skip
    attributes = sorted({row["attribute"] for row in data["claims"]})
    return respond(
        request, "evidence/show.html", data=data, rows=claims, header=CLAIM_COLUMNS, reading=data, claims=claims, attributes=attributes,
        attribute=attribute, document=document, history=history, may_decide=may_decide(request), takes_back=takes_back(history),
    )  # fmt: skip


@router.get("/documents/{document_id}")
def show_document(request: Request, document_id: str) -> Response:
    """A document with every quoted span marked."""
    site = site_of(request)
    data, _ = desk_data(request)
    found = next((item for item in data["documents"] if item["id"] == document_id), None)
    if found is None:
        raise LockgateError(f"there is no document {document_id!r}", code="not-found", hint="see /evidence")
    claims = [row for row in data["claims"] if row["document"] == document_id]
    pieces = marked_text(
        site.desk.text(document_id), [(row["start"], row["end"], row["id"]) for row in claims]
    )
    return respond(
        request,
        "evidence/document.html",
        data={**found, "claims": claims},
        rows=claims,
        header=CLAIM_COLUMNS,
        document=found,
        claims=claims,
        pieces=pieces,
    )


@router.post("/decisions")
def decide(
    request: Request, visitor: KnownVisitor, target: Annotated[str, Form()], action: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "", other: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Accept, reject, merge or un-merge, with a reason."""
    try:
        with site_of(request).registry.work() as work:
            record_decision(work, visitor.actor, action=action, target=target, reason=reason, other=other)
    except LockgateError as error:
        if error.code == "not-allowed":
            raise
        data, history = desk_data(request)
        return page(
            request, "evidence/show.html", 422, problems=error.problems, reading=data, claims=data["claims"], attributes=[],
            attribute="", document="", history=history, may_decide=True, takes_back=takes_back(history),
        )  # fmt: skip
    return RedirectResponse(f"/evidence#{target}", 303)


@router.post("/documents")
def add_document(request: Request, visitor: KnownVisitor, file: UploadFile) -> Response:
    """Read a document and keep it among the others."""
    site = site_of(request)
    try:
        with site.registry.work() as work:
            site.desk.add(work, visitor.actor, name=file.filename or "document", content=file.file.read())
    except LockgateError as error:
        if error.code == "not-allowed":
            raise
        data, history = desk_data(request)
        return page(
            request, "evidence/show.html", 422, problems=error.problems, reading=data, claims=data["claims"], attributes=[],
            attribute="", document="", history=history, may_decide=True, takes_back=takes_back(history),
        )  # fmt: skip
    return RedirectResponse("/evidence", 303)
