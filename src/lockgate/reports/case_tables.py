"""The case table as the manual shows it: a diagram, a table of moves, a table of rights. Made from the code, never by hand."""

import csv
import io
from collections.abc import Iterable

from lockgate.casework.authorisation import ATTRIBUTES, BY_ROLE, list_rights
from lockgate.casework.guards import GUARDS
from lockgate.casework.roles import Role, Visibility
from lockgate.casework.states import CaseState, Previous, Transition
from lockgate.casework.table import TABLE


def words(name: str) -> str:
    """A name as people read it."""
    return str(name).replace("_", " ")


def draw_states() -> str:
    """The moves between states as a Mermaid diagram; what leaves a case where it is, is left out."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        if row.target is not row.source and isinstance(row.target, CaseState):
            labels = arrows.setdefault((row.source.value, row.target.value), [])
            if words(row.action) not in labels:
                labels.append(words(row.action))
    lines += [
        f"    {source} --> {target}: {', '.join(labels)}" for (source, target), labels in arrows.items()
    ]
    return "\n".join([*lines, "    closed --> [*]"])


def list_moves() -> str:
    """Every row of the table that moves a case, as a Markdown table; one line for rows that differ in their state only."""
    moving = [row for row in TABLE if row.target is not row.source]
    return render_table(("from", "action", "to", "who", "if", "recorded as"), _grouped(moving))


def list_acts() -> str:
    """Every row that leaves a case where it is, as a Markdown table."""
    staying = [row for row in TABLE if row.target is row.source]
    lines = ((line[0], line[1], *line[3:]) for line in _grouped(staying))
    return render_table(("in", "action", "who", "if", "recorded as"), lines)


def _grouped(rows: Iterable[Transition]) -> list[tuple[str, ...]]:
    grouped: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        back = row.target is Previous.STATE
        target = "where it was" if back else "same" if row.target is row.source else words(row.target)
        guards = ", ".join(words(guard) for guard in row.guards)
        who = ", ".join(words(role) for role in Role if role in row.roles)
        grouped.setdefault((words(row.action), target, who, guards, f"`{row.event}`"), []).append(
            words(row.source)
        )
    return [(", ".join(sources), *rest) for rest, sources in grouped.items()]


def list_guards() -> str:
    """Every guard with what it asks, as a Markdown table."""
    lines = ((words(guard), (function.__doc__ or "").split("\n", 1)[0]) for guard, function in GUARDS.items())
    return render_table(("guard", "what it asks"), lines)


def write_rights() -> str:
    """Role × action × case state as CSV: every line is a right, and what has no line is not allowed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("role", "action", "state", "guards"))
    for right in list_rights():
        writer.writerow((right.role, right.action, right.state, " ".join(right.guards)))
    return out.getvalue()


def list_rights_by_role() -> str:
    """For each role and action the states it is for, as a Markdown table."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for right in list_rights():
        grouped.setdefault((words(right.role), words(right.action)), []).append(words(right.state))
    return render_table(
        ("role", "action", "case states"), ((*key, ", ".join(states)) for key, states in grouped.items())
    )


def list_visibility() -> str:
    """Which role sees what of a case it has to do with, as a Markdown table."""
    lines = (
        (words(role), *("yes" if level in BY_ROLE[role] else "" for level in Visibility)) for role in Role
    )
    parts = "\n".join(
        f"- **{words(level)}**: "
        + (
            ", ".join(words(name) for name, found in ATTRIBUTES.items() if found is level)
            or "fields of the form only"
        )
        for level in Visibility
    )
    return render_table(("role", *map(words, Visibility)), lines) + "\n\n" + parts


def render_table(heads: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    rows = [heads, tuple("---" for _ in heads), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in rows)


STATES_TEXT = """A case moves by one table and by nothing else: a state and an action give the next state, who may do it,
what must hold besides, and the event that is recorded. This page is made from that table (`lockgate.casework.table`)."""

RIGHTS_TEXT = """Made from the case table. The same as one line for each role, action and state:
[authorisation.csv](authorisation.csv). What has no line is not allowed. Guards come on top: see [case states](case-states.md)."""

SIGHT_TEXT = """Of a case it has to do with: an applicant of its own, a laboratory where the application names it, an adviser
once the agency was asked, an official without a tie to the applicant who has not withdrawn. Fields of the form say in the
manifest who may see them. That somebody entitled read a restricted part is itself an event."""


def render_states_page(made: str) -> str:
    """The page of the manual about states; ``made`` is the line that says it is not written by hand."""
    drawing = f"```mermaid\n{draw_states()}\n```"
    parts = ["# Case states", made.strip(), STATES_TEXT, drawing, "## Moves", list_moves()]
    parts += ["## What leaves a case where it is", list_acts(), "## Guards", list_guards()]
    return "\n\n".join(parts) + "\n"


def render_rights_page(made: str) -> str:
    """The page of the manual about who may do and see what."""
    parts = ["# Who may do what, who may see what", made.strip(), RIGHTS_TEXT, "## What each role may do"]
    parts += [list_rights_by_role(), "## What each role may see", SIGHT_TEXT, list_visibility()]
    return "\n\n".join(parts) + "\n"
