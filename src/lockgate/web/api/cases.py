"""``/api/v1/cases``: list, read, open and act on cases; their events, and the proof of each."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from lockgate.base.errors import LockgateError
from lockgate.casework.authorisation import list_rights
from lockgate.casework.commands import FORMS
from lockgate.casework.states import Action, CaseState
from lockgate.services.case_timeline import list_timeline, prove_case_event
from lockgate.services.cases import act, open_case
from lockgate.services.practice import list_kinds, load_practice
from lockgate.services.uploads import TYPES, attach_upload
from lockgate.web.api.writes import WriteKey
from lockgate.web.cases import COUNTER, check_states, list_rows, mark_of, read_after, reading_of
from lockgate.web.respond import encode
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(tags=["cases"])

CaseId = Annotated[str, Field(description="The case's number.", examples=["us-2026-17"])]


Seen = Annotated[
    str | None,
    Header(
        description="The ETag of the case as you saw it.",
        json_schema_extra={
            "anyOf": [{"type": "string", "pattern": r'^(\*|(W/)?"?\d{1,9}"?)$'}, {"type": "null"}]
        },
    ),
]
# What the description says of a text and its own check refuses in better words than a pattern would.
STATE = "|".join(CaseState)
STATES: dict[str, Any] = {"pattern": f"^(({STATE})(,({STATE}))*)?$"}
FILE_NAME: dict[str, Any] = {
    "pattern": r"\.("
    + "|".join("".join(f"[{letter.upper()}{letter}]" for letter in ending) for ending in TYPES)
    + ")$"
}


class CaseRow(BaseModel):
    """A case in a list; ``withheld`` stands for what you may not see."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="Its number.")
    kind: str = Field(description="Its kind, such as export-licence.")
    state: str = Field(description="Where it stands.")
    title: str = Field(description="What it is about.")
    applicant: str = Field(description="Party id of the applicant.")
    queue: str = Field(description="The queue it waits in; empty: none.")
    assigned_to: str = Field(description="Who has it; empty: nobody.")
    opened_at: str = Field(description="UTC instant.")
    changed_at: str = Field(description="UTC instant of its last event.")
    version: int = Field(description="Number of its events; the entity tag.")
    flags: str = Field(description="Flags, with spaces between.")
    clock: str = Field(description="The clock that runs out next; empty: none runs.")
    due_on: str = Field(description="Its last day; 'stands' where it stands still.")


class CaseList(BaseModel):
    """A page of cases, the latest changed first; ``next`` is the ``after`` of the following page, null on the last."""

    model_config = ConfigDict(extra="forbid")

    cases: list[CaseRow] = Field(description="One a case.")
    next: str | None = Field(description="The mark to ask on from.")


class NewCase(BaseModel):
    """A case to open as a draft."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "cn-2026-17",
                    "kind": "import-approval",
                    "applicant": "p-0123456789",
                    "fields": {"product": "h200-sxm", "quantity": 5000},
                }
            ]
        },
    )

    id: str = Field(
        description="Its number: letters, digits, hyphens, underscores, points.", min_length=1, max_length=64
    )
    kind: str = Field(description="Its kind, by id or alias.")
    applicant: str = Field(description="Party id of the applicant.")
    fields: dict[str, Any] = Field(default_factory=dict, description="Answers by field of the kind's form.")
    about: str = Field(
        default="", description="The case it is about, for an amendment, an appeal or a visit."
    )


class ActionForm(BaseModel):
    """The form of an action; `GET /case-actions/{action}` gives the schema of each."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"fields": {"quantity": 5000}},
                {"reason": "the order was cancelled"},
                {"reasons": "within the policy", "granted": {"1": 4000}, "expires_on": "2027-01-27"},
            ]
        },
    )


class Recorded(BaseModel):
    """What was recorded."""

    model_config = ConfigDict(extra="forbid")

    case: str = Field(description="The case.")
    seq: int = Field(description="Position of the event in the record.")
    version: int = Field(description="The case's version after it.")
    type: str = Field(description="Name of the event.", examples=["ApplicationRegistered"])
    at: str = Field(description="UTC instant.")
    hash: str = Field(description="The event's hash.")


class TimelineEvent(BaseModel):
    """An event as you may see it."""

    model_config = ConfigDict(extra="forbid")

    seq: int
    version: int
    type: str
    at: str
    actor: str
    action: str
    data: dict[str, Any]
    hash: str


class Timeline(BaseModel):
    """The events of a case, the first first; ``next`` is the ``after`` of the following page, null on the last."""

    model_config = ConfigDict(extra="forbid")

    events: list[TimelineEvent]
    next: int | None


def read_match(header: str | None) -> int | None:
    """The version that ``If-Match`` names; None where it names none, or any.

    Raises:
        LockgateError: ``bad-match``.
    """
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise LockgateError(
            f"{header!r} is no version of a case", code="bad-match", where=("header", "If-Match"),
            hint="send the ETag as it was given",
        )  # fmt: skip
    return int(text)


def json_response(body: Any, status: int = 200, version: int | None = None) -> Response:
    """A JSON answer with the version as its entity tag."""
    headers = {} if version is None else {"etag": f'"{version}"'}
    return Response(encode(body), status, media_type="application/json", headers=headers)


@router.get("/cases", summary="List cases", response_model=CaseList)
def list_cases(
    request: Request, visitor: KnownVisitor,
    state: Annotated[str, Query(description="Only in this state, or several with commas between.", json_schema_extra=STATES)] = "",
    kind: Annotated[str, Query(description="Only of this kind.")] = "",
    applicant: Annotated[str, Query(description="Only of this party.")] = "",
    assigned_to: Annotated[str, Query(description="Only assigned to this person; 'me', 'nobody'.")] = "",
    queue: Annotated[str, Query(description="Only in this queue.")] = "",
    after: Annotated[str, Query(description="The mark to ask on from.")] = "",
    limit: Annotated[int, Query(ge=1, le=199)] = 50,
) -> Any:  # fmt: skip
    """The cases you may see, the latest changed first, in pages."""
    check_states(state)
    filters = {"state": state, "kind": kind, "applicant": applicant, "queue": queue}
    filters["assigned_to"] = visitor.id if assigned_to == "me" else assigned_to
    rows = list_rows(site_of(request).registry, visitor, filters, read_after(after), limit + 1)
    following = mark_of(rows[limit - 1]) if len(rows) > limit else None
    return json_response({"cases": rows[:limit], "next": following})


@router.post("/cases", summary="Open a case", status_code=201, response_model=Recorded)
def open_new(request: Request, visitor: KnownVisitor, body: NewCase, key: WriteKey) -> Any:
    """Open a case as a draft, with answers where some are given."""
    event = open_case(
        site_of(request).registry, visitor.actor, body.kind, body.applicant, case_id=body.id,
        fields=body.fields, about=body.about, key=key,
    )  # fmt: skip
    COUNTER.forget()
    return json_response(recorded(body.id, event), 201, event.version)


def recorded(case_id: str, event: Any) -> dict[str, Any]:
    """An event as the answer to a write."""
    return {
        "case": case_id,
        **{name: getattr(event, name) for name in ("seq", "version", "type", "at", "hash")},
    }


@router.get("/cases/{case_id}", summary="Read a case", responses={304: {"description": "Not changed."}})
def show_case(
    request: Request, visitor: KnownVisitor, case_id: CaseId,
    if_none_match: Annotated[str | None, Header(description="The ETag you have.")] = None,
) -> Any:  # fmt: skip
    """A case as you may see it; ``withheld`` stands for what is there and not shown. The ETag is its version."""
    reading = reading_of(request, visitor, case_id)
    version = reading.case.version
    if if_none_match is not None and f'"{version}"' in [part.strip() for part in if_none_match.split(",")]:
        return Response(status_code=304, headers={"etag": f'"{version}"'})
    return json_response(reading.as_dict(), version=version)


@router.post("/cases/{case_id}/actions/{action}", summary="Act on a case", response_model=Recorded)
def act_on_case(
    request: Request, visitor: KnownVisitor, case_id: CaseId, action: Action, key: WriteKey,
    body: ActionForm, if_match: Seen = None,
) -> Any:  # fmt: skip
    """Do something to a case. The body is the action's form; `GET` of the case lists the actions open to you.

    With ``If-Match`` it is done only where nobody changed the case since.
    """
    version = read_match(if_match)
    reading_of(request, visitor, case_id)
    event = act(
        site_of(request).registry,
        visitor.actor,
        case_id,
        action,
        body.model_extra or {},
        key=key,
        version=version,
    )
    COUNTER.forget()
    return json_response(recorded(case_id, event), version=event.version)


@router.post(
    "/cases/{case_id}/documents", summary="Add a paper", response_model=Recorded, status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def add_paper(
    request: Request, visitor: KnownVisitor, case_id: CaseId, key: WriteKey,
    kind: Annotated[str, Query(min_length=1, max_length=100, description="What paper it is, such as import_contract.")],
    name: Annotated[str, Query(min_length=1, max_length=200, description="Its file name; the ending says its type.", json_schema_extra=FILE_NAME)],
    if_match: Seen = None,
) -> Any:  # fmt: skip
    """Put a file into a case. The body is the file; what its bytes are must be what its name says."""
    content = await request.body()

    def keep() -> Any:
        reading_of(request, visitor, case_id)
        return attach_upload(
            site_of(request).registry, visitor.actor, case_id, kind, name, content, key=key,
            version=read_match(if_match),
        )  # fmt: skip

    event = await run_in_threadpool(keep)
    COUNTER.forget()
    return json_response(recorded(case_id, event), 201, event.version)


@router.get("/cases/{case_id}/events", summary="List a case's events", response_model=Timeline)
def list_events(
    request: Request, visitor: KnownVisitor, case_id: CaseId,
    after: Annotated[int, Query(ge=0, le=2**53, description="Version to ask on from.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Any:  # fmt: skip
    """What happened to a case, as you may see it."""
    entries = [item for item in list_timeline(reading_of(request, visitor, case_id)) if item.version > after]
    shown = entries[:limit]
    more = len(entries) > limit
    return json_response(
        {"events": [item.as_dict() for item in shown], "next": shown[-1].version if more else None}
    )


@router.get("/cases/{case_id}/events/{seq}/proof", summary="Prove an event")
def prove(
    request: Request, visitor: KnownVisitor, case_id: CaseId, seq: Annotated[int, Field(ge=1, le=2**53)]
) -> Any:  # fmt: skip
    """The payload, its path to the root of the tree, and the signed checkpoint: enough to verify it anywhere."""
    reading = reading_of(request, visitor, case_id)
    return json_response(prove_case_event(site_of(request).registry, reading, seq))


@router.get("/case-kinds", summary="List kinds of case")
def list_case_kinds(_: KnownVisitor) -> Any:
    """The kinds of case there are, each with its title and who decides."""
    rows = [load_practice(name).kind for name in list_kinds()]
    return json_response(
        {"kinds": [{"id": kind.id, "title": kind.title, "issues": kind.issues, "authority": kind.authority} for kind in rows]}
    )  # fmt: skip


@router.get("/case-kinds/{kind}", summary="Read a kind of case")
def show_case_kind(_: KnownVisitor, kind: str) -> Any:
    """The manifest of a kind: fields of its form, papers, routing, grounds of a denial."""
    return json_response(load_practice(kind).kind.model_dump(mode="json", by_alias=True))


@router.get("/case-actions/{action}", summary="Read the form of an action")
def show_action(_: KnownVisitor, action: Action) -> Any:
    """The JSON schema of an action's form, and who may do it in which state."""
    rights = [
        {"role": str(right.role), "state": str(right.state), "guards": [str(guard) for guard in right.guards]}
        for right in list_rights()
        if right.action is action
    ]
    return json_response({"action": str(action), "form": FORMS[action].model_json_schema(), "rights": rights})
