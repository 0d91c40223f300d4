"""``lockgate case``, ``advice`` and ``decision``: applications from draft to decision."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.cli.office import Desk, Form, Key, Set, at_desk, plain_data, print_table, read_form, read_pairs
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
    if as_json:
        print_json(rows)
    else:
        print_table(rows, ["kind", "title", "issues", "authority"])


@at_desk(case, "open")
def open_case(
    desk: Desk,
    kind: Annotated[str, typer.Argument(help="See `lockgate case kinds`.")],
    case_id: CaseId,
    applicant: Annotated[str, typer.Option(help="Party id; else your own organisation.")] = "",
    form: Form = None,
    fields: Set = None,
    about: Annotated[str, typer.Option(help="The case it is about, for an amendment or appeal.")] = "",
    key: Key = "",
) -> None:
    """Open a case as a draft, with answers to its form."""
    from lockgate.services.cases import open_case as begin

    answers = read_form(form, fields)
    event = begin(
        desk.registry,
        desk.who,
        kind,
        applicant or desk.who.organisation,
        case_id=case_id,
        fields=answers,
        about=about,
        key=key,
    )
    desk.tell_event(event)


@at_desk(case, "list")
def list_cases(
    desk: Desk,
    state: Annotated[str, typer.Option(help="Only in this state.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    applicant: Annotated[str, typer.Option(help="Only of this party.")] = "",
    assigned_to: Annotated[str, typer.Option(help="Only assigned to this person.")] = "",
    limit: Annotated[int, typer.Option(help="Rows, at most 200.")] = 50,
) -> None:
    """List cases, the latest changed first."""
    from lockgate.services.case_lists import list_cases as read

    rows = read(
        desk.registry,
        desk.who,
        state=state,
        kind=kind,
        applicant=applicant,
        assigned_to=assigned_to,
        limit=limit,
    )
    desk.tell_rows(
        rows, ["id", "kind", "state", "title", "applicant", "assigned_to", "changed_at"], "no cases"
    )


@at_desk(case, "show")
def show_case(
    desk: Desk,
    case_id: CaseId,
) -> None:
    """Show a case: as much of it as you may see."""
    from lockgate.services.case_view import view_case

    found = view_case(desk.registry, desk.who, case_id)
    if desk.as_json:
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


@at_desk(case, "do")
def do(
    desk: Desk,
    case_id: CaseId,
    action: Annotated[str, typer.Argument(help="What, such as submit, refer, suspend.")],
    form: Form = None,
    fields: Set = None,
    key: Key = "",
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
    event = act(desk.registry, desk.who, case_id, Action(action), read_form(form, fields), key=key)
    desk.tell_event(event)


@at_desk(case, "attach")
def attach(
    desk: Desk,
    case_id: CaseId,
    kind: Annotated[str, typer.Argument(help="What paper it is, such as import_contract.")],
    file: Annotated[Path, typer.Argument(help="The paper.")],
) -> None:
    """Put a paper into a case."""
    from lockgate.services.documents import attach_document

    event = attach_document(desk.registry, desk.who, case_id, kind, file)
    desk.tell_event(event)


@at_desk(case, "submit")
def submit(
    desk: Desk,
    case_id: CaseId,
    key: Key = "",
) -> None:
    """Submit a case, if nothing is missing."""
    do(desk, case_id, "submit", key=key)


@at_desk(case, "export")
def export(
    desk: Desk,
    case_id: CaseId,
    out: Annotated[Path, typer.Option(help="File to write.")],
) -> None:
    """Write the complete case file: JSON, documents, proofs and a page to read. `lockgate verify FILE` proves it."""
    from lockgate.services.case_export import export_case

    count = export_case(desk.registry, desk.who, case_id, out)
    desk.tell({"file": str(out), "events": count}, f"{out}: {count} events with proofs")


@at_desk(advice, "give")
def give_advice(
    desk: Desk,
    case_id: CaseId,
    recommendation: Annotated[
        str, typer.Argument(help="approve, approve_with_conditions, deny or no_objection.")
    ],
    reasons: Annotated[str, typer.Option(help="In your own words.")] = "",
    statutory_basis: Annotated[str, typer.Option(help="Needed for a denial.")] = "",
    regulatory_basis: Annotated[str, typer.Option(help="Needed for a denial.")] = "",
    form: Form = None,
    key: Key = "",
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
    event = act(desk.registry, desk.who, case_id, Action.ADVISE, data, key=key)
    desk.tell_event(event)


@at_desk(decision, "propose")
def propose(
    desk: Desk,
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
    event = act(desk.registry, desk.who, case_id, Action(f"propose_{outcome}"), plain_data(data), key=key)
    desk.tell_event(event)


@at_desk(decision, "countersign")
def countersign(
    desk: Desk,
    case_id: CaseId,
    key: Key = "",
) -> None:
    """Put what another person proposed in force."""
    do(desk, case_id, "countersign", key=key)


@at_desk(decision, "send-back")
def send_back(
    desk: Desk,
    case_id: CaseId,
    reason: Annotated[str, typer.Option(help="Why.")],
    key: Key = "",
) -> None:
    """Refuse to countersign: the case goes back to where it was."""
    from lockgate.casework.states import Action
    from lockgate.services.cases import act

    event = act(desk.registry, desk.who, case_id, Action.SEND_BACK, {"reason": reason}, key=key)
    desk.tell_event(event)


@at_desk(decision, "letter")
def letter(
    desk: Desk,
    case_id: CaseId,
    name: Annotated[
        str, typer.Option("--letter", help="Which letter; else the one the last step calls for.")
    ] = "",
    as_html: Annotated[bool, typer.Option("--html", help="Print a page to print on paper.")] = False,
) -> None:
    """Preview a letter of a case; one that is not due, or not signed by a second person, says so."""
    from lockgate.reports.letters import letter_page
    from lockgate.services.letters import write_letter

    text = write_letter(desk.registry, desk.who, case_id, name)
    if as_html and not desk.as_json:
        typer.echo(letter_page(case_id, text))
        return
    desk.tell({"case": case_id, "letter": text}, text)


@at_desk(decision, "conditions")
def list_conditions(
    desk: Desk,
    case_id: CaseId,
) -> None:
    """Check the standing conditions of a case on what the record knows."""
    from lockgate.services.conditions import check_conditions

    rows = check_conditions(desk.registry, desk.who, case_id)
    desk.tell_rows(rows, ["condition", "set_by", "state", "holds", "why", "text"], "no conditions")


@at_desk(decision, "changes")
def list_changes(
    desk: Desk,
    case_id: CaseId,
) -> None:
    """Show what changed between the versions of a decision, and since."""
    from lockgate.services.conditions import list_decision_changes

    rows = list_decision_changes(desk.registry, desk.who, case_id)
    desk.tell_rows(rows, ["from", "to", "part", "before", "after"], "nothing changed")


@at_desk(case, "retention")
def show_retention(
    desk: Desk,
    case_id: CaseId,
) -> None:
    """Show how long the record of a case is kept, from what, and what holds it."""
    from lockgate.services.conditions import read_retention

    found = read_retention(desk.registry, desk.who, case_id)
    until = f"kept until {found['keep_until']}" if found["keep_until"] else "kept"
    until += f" ({found['because']})"
    held = f"; held by {', '.join(found['holds'])}" if found["holds"] else ""
    desk.tell(found, until + held)
