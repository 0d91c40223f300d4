"""The form of an application, made from its kind's manifest: sections of one page each, answers as typed and as kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lockgate.casework.completeness import Task
from lockgate.casework.kinds import CaseKind, FormField, holds_all

COMPUTED = "determination"


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the form."""

    id: str
    title: str
    fields: tuple[FormField, ...]


TITLES: tuple[tuple[str, str], ...] = (
    ("transaction", "What is asked for"),
    ("parties", "Who takes part"),
    ("goods", "Goods and value"),
    ("further", "What follows from your answers"),
)
GOODS_TYPES = ("items", "quantity", "usd", "number")


def sections_of(kind: CaseKind) -> tuple[Section, ...]:
    """The sections of a kind's form, in order; those without fields left out."""
    grouped: dict[str, list[FormField]] = {name: [] for name, _ in TITLES}
    for item in kind.fields:
        if item.id != COMPUTED:
            grouped[section_id(item)].append(item)
    return tuple(Section(name, title, tuple(grouped[name])) for name, title in TITLES if grouped[name])


def section_id(item: FormField) -> str:
    """The section a field stands in."""
    if item.when:
        return "further"
    if item.type in ("party", "parties"):
        return "parties"
    return "goods" if item.type in GOODS_TYPES else "transaction"


def section_of_task(kind: CaseKind, task: Task) -> str:
    """The section in which a task is done: of a field, or ``documents``."""
    what, _, name = task.id.partition(":")
    return section_id(kind.field_by_id(name)) if what == "field" else "documents"


def asked_now(item: FormField, fields: Mapping[str, Any]) -> bool:
    """Whether a field is asked: not where the answers so far say that it does not apply."""
    return holds_all(item.when, fields) is not False


def show_answer(answer: Any) -> str:
    r"""An answer as it stands in its input.

    >>> show_answer(["one", "two"]), show_answer(True), show_answer(None)
    ('one\ntwo', 'yes', '')
    """
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list | tuple):
        return "\n".join(str(item) for item in answer)
    return str(answer)


def read_answer(item: FormField, text: str) -> Any:
    """What was typed as the value to keep; None for nothing. What does not fit is kept as typed, to be refused with it.

    >>> read_answer(FormField(id="n", label="n", type="quantity"), "100,000")
    100000
    """
    text = text.strip()
    if not text:
        return None
    if item.type in ("parties", "items"):
        return [line.strip() for line in text.splitlines() if line.strip()]
    if item.type == "yes_no":
        return {"yes": True, "no": False}.get(text, text)
    if item.type in ("quantity", "usd", "number"):
        plain = text.replace(",", "").replace(" ", "")
        return int(plain) if plain.isascii() and plain.lstrip("-").isdigit() else plain
    return text.upper() if item.type == "place" and len(text) == 2 else text


def read_answers(
    fields: Sequence[FormField], typed: Mapping[str, str], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """What changed: answers by field id, None for one that was taken away."""
    found = {item.id: read_answer(item, typed[item.id]) for item in fields if item.id in typed}
    return {name: answer for name, answer in found.items() if answer != kept.get(name)}
