"""The form of an action, made from its pydantic model: which inputs it has, what was typed into them, the data they make.

The names of inputs are the paths that the model's own errors carry, so that a problem stands beside its input.
"""

import datetime as dt
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from lockgate.base.errors import LockgateError, render_where
from lockgate.casework.commands import FORMS, NewCondition
from lockgate.casework.conditions import Terms
from lockgate.casework.states import Action

Path = tuple[str | int, ...]
LONG = frozenset(
    {
        "reason",
        "reasons",
        "question",
        "answer",
        "facts",
        "note",
        "text",
        "statutory_basis",
        "regulatory_basis",
    }
)
GRANTED_ROWS = 3
TERMS: Mapping[str, type[BaseModel]] = {
    model.model_fields["kind"].default: model for model in get_args(get_args(Terms)[0])
}
"""Kinds of condition by name."""

LABELS: Mapping[str, str] = {
    "id": "Short name",
    "to": "Person",
    "add": "Flags to raise",
    "remove": "Flags to take down",
    "stops_clocks": "Do its clocks stand still meanwhile?",
    "agencies": "Agencies to ask",
    "terms": "Kind of condition",
    "text": "The condition as the letter words it",
    "addressed_to": "Party that must meet it",
    "due_on": "To be shown by",
    "supersedes": "Condition it replaces",
    "stop": "What the clock stands still for",
    "granted": "Granted quantities",
    "criteria": "Grounds",
    "expires_on": "Last day",
    "holds": "Does it hold?",
    "document": "Paper that shows it",
    "kind": "Kind",
    "quantity_max": "At most, units",
    "ratio_max": "At most, share (0.5 for one half)",
    "sample_fraction": "Share of a shipment that is tested (0.01 for one in a hundred)",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a form.

    Attributes:
        path: Where its value stands in the action's data.
        label: What it asks.
        kind: ``text``, ``long``, ``select``, ``yes_no``, ``checks``, ``lines``, ``date``, ``number``, ``file``.
        required: Whether it must be filled.
        hint: What helps to fill it.
        choices: Value and label of each choice.
        values: What is in it.
    """

    path: Path
    label: str
    kind: str = "text"
    required: bool = False
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the form."""
        return render_where(self.path)

    @property
    def value(self) -> str:
        """What is in it, where that is one text."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines with units: a mapping from text to a number."""

    path: Path
    label: str
    rows: tuple[tuple[str, str], ...]
    hint: str = ""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return render_where(self.path)


@dataclass(frozen=True, slots=True)
class Group:
    """Inputs that belong together, such as those of one condition."""

    path: Path
    label: str
    parts: tuple["Part", ...]

    @property
    def name(self) -> str:
        """Its name in the form."""
        return render_where(self.path)


@dataclass(frozen=True, slots=True)
class Groups:
    """As many groups as are wanted; ``count`` travels in the form."""

    path: Path
    label: str
    groups: tuple[Group, ...]

    @property
    def name(self) -> str:
        """Its name in the form."""
        return render_where(self.path)


Part = Input | Rows | Group | Groups


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a form; ``fresh`` before anything was."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fresh: bool = True

    def of(self, name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """What is in an input; what it begins with where the form did not have it yet."""
        return tuple(default if self.fresh else self.values.get(name, default))

    def ticked(self, name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """The boxes that are ticked: a form does not send those that are not."""
        return tuple(default if self.fresh else self.values.get(name, ()))

    def one(self, name: str, default: str = "") -> str:
        """What is in an input that holds one text."""
        found = self.of(name, (default,))
        return found[0].strip() if found else ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a case lends to the inputs of an action: choices, values to begin with, hints; by name of the field."""

    choices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    defaults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    granted: tuple[tuple[str, str], ...] = ()
    hidden: frozenset[str] = frozenset()


def build_parts(action: Action, typed: Typed, lent: Choices) -> tuple[Part, ...]:
    """The inputs of an action, with what was typed in them."""
    return parts_of(FORMS[action], (), typed, lent)


def parts_of(model: type[BaseModel], at: Path, typed: Typed, lent: Choices) -> tuple[Part, ...]:
    """The inputs of a model that stands at a path."""
    found: list[Part] = []
    for name, info in model.model_fields.items():
        if name in lent.hidden or (at and at[-1] == "terms" and name == "kind"):
            continue
        path = (*at, name)
        if name == "terms":
            found.append(terms_part(path, typed))
        elif name == "conditions":
            found.append(conditions_part(path, typed, lent))
        elif get_origin(info.annotation) is dict:
            found.append(Rows(path, label_of(name), granted_rows(path, typed, lent)))
        else:
            found.append(input_of(path, info.annotation, info.is_required(), info.default, typed, lent))
    return tuple(found)


def input_of(path: Path, annotation: Any, required: bool, default: Any, typed: Typed, lent: Choices) -> Input:
    """One input, by the type of its field."""
    name = str(path[-1])
    kind, choices = kind_of(name, annotation)
    if name in lent.choices:
        choices = lent.choices[name]
        kind = "checks" if kind == "lines" else "select"
    first = lent.defaults.get(name, ())
    if not first and not required and isinstance(default, str | bool | Enum) and default != "":
        first = (str(default).lower() if isinstance(default, bool) else str(default),)
    return Input(
        path, label_of(name), kind, required, lent.hints.get(name, "one a line" if kind == "lines" else ""), choices,
        (typed.ticked if kind == "checks" else typed.of)(render_where(path), first),
    )  # fmt: skip


def kind_of(name: str, annotation: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What kind of input a type asks for, and its choices."""
    kind = bare(annotation)
    origin = get_origin(kind)
    if origin is Literal:
        return "select", tuple((str(item), str(item).replace("_", " ")) for item in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "select", tuple((str(item.value), str(item.value).replace("_", " ")) for item in kind)
    if kind is bool:
        return "yes_no", ()
    if origin is tuple:
        return "lines", ()
    if kind is dt.date:
        return "date", ()
    if kind is int:
        return "number", ()
    return ("long" if name in LONG else "text"), ()


def bare(annotation: Any) -> Any:
    """A type without its constraints and without None."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return bare(next(item for item in get_args(annotation) if item is not type(None)))
    return annotation


def terms_part(path: Path, typed: Typed) -> Group:
    """The kind of a condition, and that kind's own inputs once it is chosen."""
    kind_path = (*path, "kind")
    chosen = typed.one(render_where(kind_path))
    choices = tuple((name, name.replace("_", " ")) for name in TERMS)
    parts: list[Part] = [
        Input(
            kind_path, "Kind of condition", "select", True, "choose, then show its fields", choices, (chosen,)
        )
    ]
    if chosen in TERMS:
        parts += parts_of(TERMS[chosen], path, typed, Choices())
    return Group(path, "Terms", tuple(parts))


def conditions_part(path: Path, typed: Typed, lent: Choices) -> Groups:
    """As many conditions as the form says, each with its inputs."""
    groups = []
    for number in range(count_of(path, typed)):
        own = Choices(lent.choices, {"id": (f"c{number + 1}",)}, lent.hints, hidden=lent.hidden)
        groups.append(
            Group((*path, number), "Condition", parts_of(NewCondition, (*path, number), typed, own))
        )
    return Groups(path, "Conditions", tuple(groups))


def count_of(path: Path, typed: Typed) -> int:
    """How many groups the form holds; a button in it asks for one more."""
    name = render_where(path)
    text = typed.one(f"{name}.count", "0")
    count = int(text) if text.isascii() and text.isdigit() else 0
    return min(count + (typed.one("again") == name), 50)


def granted_rows(path: Path, typed: Typed, lent: Choices) -> tuple[tuple[str, str], ...]:
    """Rows of line and units as typed, with empty ones to fill."""
    name = render_where(path)
    lines, units = typed.of(f"{name}.line"), typed.of(f"{name}.units")
    rows = list(lent.granted) if typed.fresh else list(zip(lines, units, strict=False))
    while len(rows) < GRANTED_ROWS or (typed.one("again") == name and all(line for line, _ in rows)):
        rows.append(("", ""))
    return tuple(rows)


def label_of(name: str) -> str:
    """What an input asks, in words."""
    text = LABELS.get(name, name.replace("_", " "))
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------------------------------------------- reading
def read_parts(parts: Iterable[Part]) -> dict[str, Any]:
    """The data that the inputs hold; empty ones are left out, and so are groups in which nothing is filled."""
    data: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, Input):
            value = read_input(part)
            if value is not None:
                data[str(part.path[-1])] = value
        elif isinstance(part, Rows):
            rows = {line.strip(): units.strip().replace(",", "") for line, units in part.rows if line.strip()}
            if rows:
                data[str(part.path[-1])] = rows
        elif isinstance(part, Group):
            data[str(part.path[-1])] = read_parts(part.parts)
        else:
            groups = [read_parts(group.parts) for group in part.groups]
            wanted = [group for group in groups if set(group) - {"id", "terms"} or group.get("terms")]
            if wanted:
                data[str(part.path[-1])] = wanted
    return data


def read_input(part: Input) -> Any:
    """The value in an input; None where it is empty."""
    if part.kind == "file":
        return None
    if part.kind == "checks":
        return [value for value in part.values if value] or None
    if part.kind == "lines":
        return [line.strip() for value in part.values for line in value.splitlines() if line.strip()] or None
    text = part.value.strip()
    if part.kind == "yes_no":
        return {"true": True, "false": False}.get(text)
    return (text.replace(",", "") if part.kind == "number" else text) or None


def labels_of(parts: Iterable[Part]) -> dict[str, str]:
    """Label of every input and group, by name."""
    found: dict[str, str] = {}
    for part in parts:
        found[part.name] = part.label
        if isinstance(part, Group):
            found |= labels_of(part.parts)
        elif isinstance(part, Groups):
            found |= labels_of(part.groups)
    return found


def place_problems(
    error: LockgateError, labels: Mapping[str, str], fallback: str
) -> tuple[LockgateError, ...]:
    """The problems of an error, each at the innermost input of the form that it is about."""
    placed = []
    for problem in error.problems:
        where = [part for part in problem.where if part not in TERMS]
        while where and render_where(where) not in labels:
            where.pop()
        name = render_where(where) or fallback
        missing = problem.code == "missing" and not problem.hint
        message = "this must be filled in" if missing else problem.message
        hint = labels.get(name, "") if missing else problem.hint
        placed.append(LockgateError(message, code=problem.code, where=name, hint=hint))
    return tuple(placed)
