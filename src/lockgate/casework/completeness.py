"""What is still missing from an application, as a list of tasks: fields, papers, answers that do not fit."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.casework.case import Case
from lockgate.casework.kinds import CaseKind, DocumentNeed, FormField, holds_all


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do.

    Attributes:
        id: ``field:…`` or ``document:…``.
        title: What.
        done: Whether it is.
        before: What waits for it: ``submission``, ``decision``, ``shipment``.
        undetermined: Whether it is not known yet if it is needed.
        hint: What to do.
    """

    id: str
    title: str
    done: bool
    before: str = "submission"
    undetermined: bool = False
    hint: str = ""


def list_tasks(kind: CaseKind, fields: Mapping[str, Any], documents: frozenset[str]) -> tuple[Task, ...]:
    """Every task of an application, done or not; what does not apply is left out.

    Args:
        kind: The manifest.
        fields: Answers by field id.
        documents: Kinds of the papers in the file.
    """
    tasks = [_field_task(item, fields) for item in kind.fields]
    tasks += [_document_task(item, fields, documents) for item in kind.documents]
    return tuple(task for task in tasks if task is not None)


def missing_for(case: Case, kind: CaseKind, before: str) -> tuple[Task, ...]:
    """Tasks that keep a case from its submission, its decision or a shipment."""
    tasks = list_tasks(kind, case.fields, frozenset(item.kind for item in case.documents))
    return tuple(task for task in tasks if not task.done and task.before == before)


def _field_task(item: FormField, fields: Mapping[str, Any]) -> Task | None:
    answer, applies = fields.get(item.id), holds_all(item.when, fields)
    empty = answer in (None, "", [], ())
    if applies is False or (not item.required and empty):
        return None
    title = f"{item.label}"
    if empty:
        hint = (
            f"fill in {item.id!r}" if applies else f"needed or not: answer {_open_fields(item, fields)} first"
        )
        return Task(f"field:{item.id}", title, False, undetermined=applies is None, hint=hint)
    problem = describe_misfit(item, answer)
    return Task(f"field:{item.id}", title, not problem, hint=problem)


def _document_task(item: DocumentNeed, fields: Mapping[str, Any], documents: frozenset[str]) -> Task | None:
    applies = holds_all(item.when, fields)
    if applies is False:
        return None
    if item.kind in documents:
        return Task(f"document:{item.kind}", item.title, True, item.before)
    hint = (
        f"attach it as {item.kind!r}"
        if applies
        else f"needed or not: answer {_open_fields(item, fields)} first"
    )
    return Task(f"document:{item.kind}", item.title, False, item.before, applies is None, hint)


def _open_fields(item: FormField | DocumentNeed, fields: Mapping[str, Any]) -> str:
    return ", ".join(sorted({test.field for test in item.when if test.holds(fields) is None}))


def describe_misfit(item: FormField, answer: Any) -> str:
    """What is wrong with an answer; empty where nothing is.

    >>> describe_misfit(FormField(id="quantity", label="Quantity", type="quantity"), "many")
    "'many' is no whole number above 0"
    """
    if item.choices and any(
        str(one) not in item.choices for one in (answer if isinstance(answer, list | tuple) else [answer])
    ):
        return f"{answer!r} is none of {', '.join(item.choices)}"
    if item.type == "quantity":
        return (
            ""
            if isinstance(answer, int) and not isinstance(answer, bool) and answer > 0
            else f"{answer!r} is no whole number above 0"
        )
    if item.type in {"number", "usd"}:
        return "" if _is_number(answer) else f"{answer!r} is no number"
    if item.type == "date":
        return "" if _is_date(answer) else f"{answer!r} is no date; write it as YYYY-MM-DD"
    if item.type == "yes_no":
        return "" if isinstance(answer, bool) else f"{answer!r} is neither true nor false"
    if item.type in {"parties", "items"}:
        return "" if isinstance(answer, list | tuple) else f"{answer!r} is no list"
    return "" if isinstance(answer, str) else f"{answer!r} is no text"


def _is_number(answer: Any) -> bool:
    try:
        return not isinstance(answer, bool) and Decimal(str(answer)).is_finite()
    except InvalidOperation:
        return False


def _is_date(answer: Any) -> bool:
    try:
        return isinstance(answer, str | dt.date) and bool(parse_date(answer))
    except LockgateError:
        return False
