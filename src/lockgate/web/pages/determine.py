"""May it pass? A form with one thing a page, and the answer with numbered reasons; all of it in the address."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.base.dates import parse_date
from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.base.explanation import Explanation
from lockgate.controls.determination import Determination
from lockgate.services.determine import answer_as_dict, cite
from lockgate.services.standing import follow_deal
from lockgate.services.transaction_rows import COLUMNS as TRANSACTION_COLUMNS
from lockgate.services.uploads import attach_upload
from lockgate.web.cases import COUNTER, reading_of
from lockgate.web.forms import own_key, require_answer
from lockgate.web.query import reads
from lockgate.web.respond import dates_of, encode, page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter()

GATES = {
    "us-export": "US export gate",
    "cn-import": "China’s import gate",
    "us-section-232": "Section 232 duty",
}
MOVEMENTS = ("export", "reexport", "in-country-transfer", "remote-access")
YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Question:
    """One field of the form: the column it fills, how it is asked, and what may be answered."""

    column: str
    label: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    list: str = ""


@dataclass(frozen=True)
class Step:
    """One page of the form."""

    id: str
    title: str
    questions: tuple[Question, ...]


STEPS: tuple[Step, ...] = (
    Step("item", "What moves?", (
        Question("item", "Chip", "An id of the catalogue; leave it empty and give the figures for a chip that is not in it.", list="chips"),
        Question("quantity", "How many"),
        Question("tpp", "Total processing performance", "Only for a chip of your own, or to override the catalogue; the answer then says so."),
        Question("performance_density", "Performance density, TPP per mm²"),
        Question("dram_bandwidth_gb_per_s", "Total memory bandwidth, GB/s"),
        Question("io_bandwidth_gb_per_s", "Aggregate transfer rate of all ports, GB/s", "Chip links and PCIe together, both directions."),
        Question("datacenter", "Designed or marketed for datacentres", choices=YES_NO),
        Question("manufacturer", "Maker"),
    )),
    Step("route", "Which way?", (
        Question("kind", "Kind of movement", choices=MOVEMENTS),
        Question("from", "From", "A country by name or two-letter code.", list="places"),
        Question("to", "To", list="places"),
        Question("us_entry", "Is it entered in the United States on its way?", choices=YES_NO),
    )),
    Step("parties", "Who?", (
        Question("exporter", "Exporter"),
        Question("end_user", "End user"),
        Question("end_user_hq", "Where the end user has its headquarters", list="places"),
        Question("ultimate_parent", "Where its ultimate parent has its headquarters", list="places"),
        Question("military_end_use", "Military end use or end user", choices=YES_NO),
        Question("supp8_approved", "All in supplement no. 8 to part 740", choices=YES_NO),
    )),
    Step("held", "What is held?", (
        Question("us_licence", "Is a US licence held?", choices=YES_NO),
        Question("cn_approval", "Is a Chinese import approval held?", choices=YES_NO),
    )),
    Step(
        "certificates",
        "Which certificates are there?",
        tuple(
            Question(
                name,
                column.meaning[:1].upper() + column.meaning[1:],
                choices=YES_NO if column.kind == "truth" else (),
            )
            for name, column in TRANSACTION_COLUMNS.items()
            if name.startswith("dd_")
        ),
    ),
)  # fmt: skip
COLUMNS = tuple(question.column for step in STEPS for question in step.questions)


@router.get("/determine")
@reads(*COLUMNS, "dd_*", "step", "with_on", "with_item", "with_to")
def determine(request: Request) -> Response:
    """The answer for what the address says; without an item or figures, the first page of the form."""
    row = read_row(request)
    step = request.query_params.get("step", "")
    if request.state.format == "html" and (step or not row):
        return ask(request, row, step or "item")
    return answer(request, row)


@router.get("/determine/step")
@reads("*")
def take_step(request: Request) -> Response:
    """A page of the form was filled in: on to the next one, or to the answer."""
    query = {
        name: value for name, value in request.query_params.items() if value and name not in ("step", "next")
    }
    upcoming = request.query_params.get("next", "")
    if upcoming in {step.id for step in STEPS}:
        query["step"] = upcoming
    return RedirectResponse("/determine?" + urlencode(query), 303)


@router.post("/determine/save")
@reads(*COLUMNS, "dd_*")
def save(
    request: Request, visitor: KnownVisitor, case: Annotated[str, Form()] = "", key: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    """Put the answer for what the address says into a case, as a paper of it."""
    site, clocks = site_of(request), dates_of(request)
    row = read_row(request)
    try:
        require_answer(case.strip(), "case", "name a case")
        found = site.determine(row, clocks["on"], clocks["known_at"])
        reading = reading_of(request, visitor, case.strip())
        kept = {
            "address": "/determine?" + urlencode({**row, "on": clocks["on"], "known_at": clocks["known_at"]}),
            "versions": site.versions,
            **answer_as_dict(found, site.catalogue, explain=True),
        }
        name = f"determination-{found.on.isoformat()}.json"
        attach_upload(
            site.registry, visitor.actor, reading.case.id, "determination", name, encode(kept).encode(),
            key=own_key(visitor, key),
        )  # fmt: skip
    except LockgateError as error:
        return answer(request, row, error.problems, case)
    COUNTER.forget()
    return RedirectResponse(f"/cases/{quote(reading.case.id)}?done=attach_document#papers", 303)


def read_row(request: Request) -> dict[str, str]:
    """The transaction's columns of the query, certificates included."""
    return {
        name: value
        for name, value in request.query_params.items()
        if value and (name in COLUMNS or name.startswith("dd_"))
    }


def ask(
    request: Request,
    row: Mapping[str, str],
    step_id: str,
    status: int = 200,
    problems: tuple[LockgateError, ...] = (),
) -> Response:
    """One page of the form."""
    site = site_of(request)
    names = [step.id for step in STEPS]
    if step_id not in names:
        raise LockgateError(
            f"there is no step {step_id!r}", code="bad-choice", where="step", hint=", ".join(names)
        )
    position = names.index(step_id)
    return page(
        request, "determine/ask.html", status, step=STEPS[position], number=position + 1, count=len(STEPS), row=row, problems=problems,
        following=names[position + 1] if position + 1 < len(names) else "", chips=site.catalogue.chips(), places=site.catalogue.places(),
    )  # fmt: skip


def answer(
    request: Request, row: Mapping[str, str], problems: tuple[LockgateError, ...] = (), case: str = ""
) -> Response:  # fmt: skip
    """The determination, and beside it the same deal on another date, with another chip or to another place where asked for.

    Args:
        request: The request; what to compare with stands in its address.
        row: The transaction.
        problems: What was wrong in saving the answer to a case.
        case: The case it was to go to.
    """
    site = site_of(request)
    clocks = dates_of(request)
    try:
        found = site.determine(row, clocks["on"], clocks["known_at"])
    except LockgateError as error:
        if request.state.format != "html":
            raise
        wrong = {problem.path for problem in error.problems}
        at = next(
            (step.id for step in STEPS if wrong & {question.column for question in step.questions}), "item"
        )
        return ask(request, row, at, 422, error.problems)
    other = None
    try:
        other = second(request, row)
    except LockgateError as error:
        if request.state.format != "html":
            raise
        problems = (*problems, *error.problems)
    if request.state.format != "html":
        return respond(
            request, "", data=answer_as_dict(found, site.catalogue, explain=True),
            rows=[answer_as_dict(found, site.catalogue)],
        )  # fmt: skip
    return page(
        request, "determine/answer.html", 422 if problems else 200, problems=problems, case=case, key=secrets.token_urlsafe(12),
        found=found, other=other, differences=differences(found, other) if other else (), row=row, steps=STEPS, gates=GATES,
        reasons=[(part, numbered(part.explanation)) for part in found.parts],
        timeline=list(follow_deal(site.catalogue, row, clocks["known_at"], clocks["today"])),
        citations=[cite(name, found, site.catalogue) for name in found.explanation.citations()], **clocks,
    )  # fmt: skip


def second(request: Request, row: Mapping[str, str]) -> Determination | None:
    """The determination to compare with: another date (``with_on``), chip (``with_item``) or destination (``with_to``).

    Raises:
        LockgateError: Where one of them is none, at the name it has in the address.
    """
    asked = {name: request.query_params.get(f"with_{name}", "") for name in ("on", "item", "to")}
    if not any(asked.values()):
        return None
    clocks = dates_of(request)
    try:
        on = parse_date(asked["on"]) if asked["on"] else clocks["on"]
        changed = {name: value for name, value in asked.items() if value and name != "on"}
        return site_of(request).determine({**row, **changed}, on, clocks["known_at"])
    except LockgateError as error:
        raise InvalidInputError([
            LockgateError(item.message, code=item.code, where=f"with_{item.path or 'on'}", hint=item.hint) for item in error.problems
        ]) from None  # fmt: skip


def numbered(explanation: Explanation) -> list[Explanation]:
    """The steps a reader should see as numbered reasons: the children of a gate's tree, or itself where it has none."""
    return list(explanation.children) or [explanation]


def differences(one: Determination, two: Determination) -> list[tuple[str, str, str]]:
    """What differs between two determinations, field by field."""

    def flat(found: Determination) -> dict[str, str]:
        data: dict[str, Any] = found.as_dict()
        rows = {
            name: str(data[name])
            for name in ("on", "item", "tpp", "performance_density", "classification", "verdict")
        }
        rows = {"to": found.transaction.to_place or "", **rows}
        for group in ("gates", "charges"):
            for name, part in data[group].items():
                for key, value in part.items():
                    if key != "conditions":
                        rows[f"{name}: {key.replace('_', ' ')}"] = (
                            ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                        )
        return rows

    left, right = flat(one), flat(two)
    return [
        (name, left.get(name, ""), right.get(name, ""))
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]
