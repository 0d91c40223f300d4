"""``lockgate case``, ``advice`` and ``decision``: applications from draft to decision."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.cli.office import (
    DEFAULT_DB,
    As,
    Db,
    Form,
    Key,
    Set,
    office,
    plain_data,
    read_form,
    read_pairs,
    tell,
    tell_event,
    tell_rows,
)
from lockgate.cli.session import Json, print_json

case = typer.Typer(no_args_is_help=True, help="Cases: applications and what is done to them.")
advice = typer.Typer(no_args_is_help=True, help="What an agency says about a case.")
decision = typer.Typer(no_args_is_help=True, help="One person proposes, another countersigns.")

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Its number.")]
OUTCOMES = ("approval", "denial", "return", "no_licence_needed", "revocation")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(case, name="case")
    app.add_typer(advice, name="advice")
    app.add_typer(decision, name="decision")


@case.command("kinds")
def list_kinds(as_json: Json = False) -> None:
    """List the kinds of case."""
    from lockgate.services.practice import list_kinds as read
    from lockgate.services.practice import load_practice

    rows = []
    for name in read():
        kind = load_practice(name).kind
        rows.append(
            {"kind": kind.id, "title": kind.title, "issues": kind.issues, "authority": kind.authority}
        )
    tell_rows(rows, as_json, ["kind", "title", "issues", "authority"])


@case.command("open")
def open_case(
    kind: Annotated[str, typer.Argument(help="See `lockgate case kinds`.")],
    case_id: CaseId,
    applicant: Annotated[str, typer.Option(help="Party id; else your own organisation.")] = "",
    form: Form = None,
    fields: Set = None,
    about: Annotated[str, typer.Option(help="The case it is about, for an amendment or appeal.")] = "",
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Open a case as a draft, with answers to its form."""
    from lockgate.services.cases import open_case as begin

    answers = read_form(form, fields)
    with office(db, as_) as (registry, who):
        event = begin(
            registry,
            who,
            kind,
            applicant or who.organisation,
            case_id=case_id,
            fields=answers,
            about=about,
            key=key,
        )
    tell_event(event, as_json)


@case.command("list")
def list_cases(
    state: Annotated[str, typer.Option(help="Only in this state.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    applicant: Annotated[str, typer.Option(help="Only of this party.")] = "",
    assigned_to: Annotated[str, typer.Option(help="Only assigned to this person.")] = "",
    limit: Annotated[int, typer.Option(help="Rows, at most 200.")] = 50,
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """List cases, the latest changed first."""
    from lockgate.services.case_lists import list_cases as read

    with office(db, as_) as (registry, who):
        rows = read(
            registry, who, state=state, kind=kind, applicant=applicant, assigned_to=assigned_to, limit=limit
        )
    tell_rows(
        rows, as_json, ["id", "kind", "state", "title", "applicant", "assigned_to", "changed_at"], "no cases"
    )


@case.command("show")
def show_case(case_id: CaseId, db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """Show a case: as much of it as you may see."""
    from lockgate.services.case_view import view_case

    with office(db, as_) as (registry, who):
        found = view_case(registry, who, case_id)
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['id']}  {found['kind']}  {found['state']}  applicant {found['applicant']}")
    for title in (
        "fields",
        "granted",
        "documents",
        "advice",
        "conditions",
        "decisions",
        "deadlines",
        "tasks",
        "goods",
    ):
        part = found.get(title)
        if part:
            typer.echo(f"\n{title}")
            for line in render_part(part):
                typer.echo(f"  {line}")
    if found["actions"]:
        typer.echo("\nyou may: " + ", ".join(found["actions"]))


def render_part(part: Any) -> list[str]:
    """A part of a case as lines."""
    if isinstance(part, dict):
        return [f"{name}: {value}" for name, value in part.items()]
    return [
        "  ".join(f"{name} {value}" for name, value in row.items() if value not in ("", None, []))
        for row in part
    ]


@case.command("do")
def do(
    case_id: CaseId,
    action: Annotated[str, typer.Argument(help="What, such as submit, refer, suspend.")],
    form: Form = None,
    fields: Set = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Do anything to a case that its state and your role allow; `case show` lists what you may do."""
    from lockgate.base.errors import LockgateError
    from lockgate.casework.states import Action
    from lockgate.services.cases import act

    if action not in set(Action):
        raise LockgateError(
            f"there is no action {action!r}",
            code="unknown-action",
            hint="one of " + ", ".join(sorted(Action)),
        )
    with office(db, as_) as (registry, who):
        event = act(registry, who, case_id, Action(action), read_form(form, fields), key=key)
    tell_event(event, as_json)


@case.command("attach")
def attach(
    case_id: CaseId,
    kind: Annotated[str, typer.Argument(help="What paper it is, such as import_contract.")],
    file: Annotated[Path, typer.Argument(help="The paper.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Put a paper into a case."""
    from lockgate.services.documents import attach_document

    with office(db, as_) as (registry, who):
        event = attach_document(registry, who, case_id, kind, file)
    tell_event(event, as_json)


@case.command("submit")
def submit(case_id: CaseId, key: Key = "", db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """Submit a case, if nothing is missing."""
    do(case_id, "submit", None, None, key, db, as_, as_json)


@case.command("export")
def export(
    case_id: CaseId,
    out: Annotated[Path, typer.Option(help="File to write.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
) -> None:
    """Write the complete case file: JSON, documents, proofs and a page to read. `lockgate verify FILE` proves it."""
    from lockgate.services.case_export import export_case

    with office(db, as_) as (registry, who):
        count = export_case(registry, who, case_id, out)
    typer.echo(f"{out}: {count} events with proofs")


@advice.command("give")
def give_advice(
    case_id: CaseId,
    recommendation: Annotated[
        str, typer.Argument(help="approve, approve_with_conditions, deny or no_objection.")
    ],
    reasons: Annotated[str, typer.Option(help="In your own words.")] = "",
    statutory_basis: Annotated[str, typer.Option(help="Needed for a denial.")] = "",
    regulatory_basis: Annotated[str, typer.Option(help="Needed for a denial.")] = "",
    form: Form = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Give your agency's advice; conditions come from --form."""
    from lockgate.casework.states import Action
    from lockgate.services.cases import act

    data = {**read_form(form, None), "recommendation": recommendation}
    for name, value in (
        ("reasons", reasons),
        ("statutory_basis", statutory_basis),
        ("regulatory_basis", regulatory_basis),
    ):
        if value:
            data[name] = value
    with office(db, as_) as (registry, who):
        event = act(registry, who, case_id, Action.ADVISE, data, key=key)
    tell_event(event, as_json)


@decision.command("propose")
def propose(
    case_id: CaseId,
    outcome: Annotated[str, typer.Argument(help=", ".join(OUTCOMES))],
    reasons: Annotated[str, typer.Option(help="Why.")],
    grant: Annotated[list[str] | None, typer.Option(metavar="LINE=UNITS", help="For an approval.")] = None,
    criterion: Annotated[list[str] | None, typer.Option(help="For a denial: the ground it rests on.")] = None,
    expires_on: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of it.")
    ] = None,
    form: Annotated[Path | None, typer.Option(metavar="FILE", help="Conditions, as TOML or JSON.")] = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Propose a decision; somebody else has to countersign it."""
    from lockgate.base.errors import LockgateError
    from lockgate.casework.states import Action
    from lockgate.services.cases import act

    if outcome not in OUTCOMES:
        raise LockgateError(
            f"{outcome!r} is no outcome", code="bad-option", hint="one of " + ", ".join(OUTCOMES)
        )
    data: dict[str, Any] = {**read_form(form, None), "reasons": reasons}
    if grant:
        data["granted"] = read_pairs(grant, "--grant")
    if criterion:
        data["criteria"] = criterion
    if expires_on:
        data["expires_on"] = str(expires_on.date())
    with office(db, as_) as (registry, who):
        event = act(registry, who, case_id, Action(f"propose_{outcome}"), plain_data(data), key=key)
    tell_event(event, as_json)


@decision.command("countersign")
def countersign(
    case_id: CaseId, key: Key = "", db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False
) -> None:
    """Put what another person proposed in force."""
    do(case_id, "countersign", None, None, key, db, as_, as_json)


@decision.command("send-back")
def send_back(
    case_id: CaseId,
    reason: Annotated[str, typer.Option(help="Why.")],
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Refuse to countersign: the case goes back to where it was."""
    from lockgate.casework.states import Action
    from lockgate.services.cases import act

    with office(db, as_) as (registry, who):
        event = act(registry, who, case_id, Action.SEND_BACK, {"reason": reason}, key=key)
    tell_event(event, as_json)


@decision.command("letter")
def letter(
    case_id: CaseId,
    name: Annotated[
        str, typer.Option("--letter", help="Which letter; else the one the last step calls for.")
    ] = "",
    as_html: Annotated[bool, typer.Option("--html", help="Print a page to print on paper.")] = False,
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Preview a letter of a case; one that is not due, or not signed by a second person, says so."""
    from lockgate.reports.letters import letter_page
    from lockgate.services.letters import write_letter

    with office(db, as_) as (registry, who):
        text = write_letter(registry, who, case_id, name)
    if as_html and not as_json:
        typer.echo(letter_page(case_id, text))
        return
    tell({"case": case_id, "letter": text}, as_json, text)


@decision.command("conditions")
def list_conditions(case_id: CaseId, db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """Check the standing conditions of a case on what the record knows."""
    from lockgate.services.conditions import check_conditions

    with office(db, as_) as (registry, who):
        rows = check_conditions(registry, who, case_id)
    tell_rows(rows, as_json, ["condition", "set_by", "state", "holds", "why", "text"], "no conditions")


@decision.command("changes")
def list_changes(case_id: CaseId, db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """Show what changed between the versions of a decision, and since."""
    from lockgate.services.conditions import list_decision_changes

    with office(db, as_) as (registry, who):
        rows = list_decision_changes(registry, who, case_id)
    tell_rows(rows, as_json, ["from", "to", "part", "before", "after"], "nothing changed")


@case.command("retention")
def show_retention(case_id: CaseId, db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """Show how long the record of a case is kept, from what, and what holds it."""
    from lockgate.services.conditions import read_retention

    with office(db, as_) as (registry, who):
        found = read_retention(registry, who, case_id)
    until = f"kept until {found['keep_until']}" if found["keep_until"] else "kept"
    until += f" ({found['because']})"
    held = f"; held by {', '.join(found['holds'])}" if found["holds"] else ""
    tell(found, as_json, until + held)
