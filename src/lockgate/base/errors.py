"""One error with a code, a place and a hint; and a way to report every problem of an input at once."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

Where = tuple[str | int, ...]


class LockgateError(Exception):
    """Something the user can put right.

    Args:
        message: What is wrong, in one sentence.
        code: Stable, documented identifier, such as ``unknown-chip``.
        where: Path in the input, outermost first: names and zero-based positions.
        hint: What to do about it.

    >>> error = LockgateError("no chip 'h20'", code="unknown-chip", where=("deal", "items", 0), hint="did you mean h20-96?")
    >>> str(error)
    "deal.items[0]: no chip 'h20' (did you mean h20-96?)"
    """

    def __init__(self, message: str, *, code: str, where: Where | str = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.where: Where = (where,) if isinstance(where, str) and where else tuple(where)
        self.hint = hint

    def within(self, *outer: str | int) -> Self:
        """The same error, seen from further out: ``outer`` is put before its path."""
        self.where = (*outer, *self.where)
        return self

    @property
    def path(self) -> str:
        """The place as a person writes it: ``rows[3].tdp_w``."""
        return render_where(self.where)

    @property
    def problems(self) -> tuple["LockgateError", ...]:
        """Every single problem; for a single error, itself."""
        return (self,)

    def as_dict(self) -> dict[str, Any]:
        """The error for JSON: ``message, code, where, hint``."""
        return {"message": self.message, "code": self.code, "where": self.path, "hint": self.hint}

    def __str__(self) -> str:
        place = f"{self.path}: " if self.where else ""
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class InvalidInputError(LockgateError):
    """An input with one or more problems, all of them reported together."""

    def __init__(self, problems: Iterable[LockgateError]) -> None:
        self._problems = tuple(problem for group in problems for problem in group.problems)
        count = len(self._problems)
        super().__init__(
            self._problems[0].message if count == 1 else f"{count} problems", code="invalid-input"
        )

    @property
    def problems(self) -> tuple[LockgateError, ...]:
        """Every single problem, in the order found."""
        return self._problems

    def within(self, *outer: str | int) -> Self:
        """Put ``outer`` before the path of every problem."""
        for problem in self._problems:
            problem.within(*outer)
        return self

    def as_dict(self) -> dict[str, Any]:
        """The error for JSON, with every problem under ``problems``."""
        return {**super().as_dict(), "problems": [problem.as_dict() for problem in self._problems]}

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self._problems)


class UnexpectedError(Exception):
    """A defect of Lockgate itself: logged whole, shown to the user as a reference number."""


class ProblemCollector:
    """Collects problems so that all of them are reported at once.

    >>> problems = ProblemCollector()
    >>> for row, text in enumerate(["1", "x", "y"]):
    ...     with problems.at("rows", row):
    ...         if not text.isdigit():
    ...             raise LockgateError(f"{text!r} is no number", code="not-a-number")
    >>> problems.raise_if_any()
    Traceback (most recent call last):
    lockgate.base.errors.InvalidInputError: rows[1]: 'x' is no number
    rows[2]: 'y' is no number
    """

    def __init__(self) -> None:
        self.problems: list[LockgateError] = []

    def add(self, message: str, *, code: str, where: Where | str = (), hint: str = "") -> None:
        """Note a problem and go on."""
        self.problems.append(LockgateError(message, code=code, where=where, hint=hint))

    @contextmanager
    def at(self, *where: str | int) -> Iterator[None]:
        """Note the problem raised in the block, with ``where`` before its path, and go on after it."""
        try:
            yield
        except LockgateError as error:
            self.problems.extend(error.within(*where).problems)

    def raise_if_any(self) -> None:
        """Raise all noted problems as one error.

        Raises:
            InvalidInputError: Where there is at least one problem.
        """
        if self.problems:
            raise InvalidInputError(self.problems)


def render_where(where: Iterable[str | int]) -> str:
    """A path as a person writes it.

    >>> render_where(("rows", 3, "tdp_w"))
    'rows[3].tdp_w'
    """
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def problems_from_validation(error: Any, *outer: str | int) -> InvalidInputError:
    """A pydantic ``ValidationError`` as our own error: one problem a field, with its path and what is allowed.

    Args:
        error: The ``pydantic.ValidationError``.
        outer: Path of the validated object in the whole input.
    """
    problems = []
    for item in error.errors(include_url=False):
        message = item["msg"].removeprefix("Value error, ")
        given: Any = item.get("input")
        shown = "" if isinstance(given, Mapping) or item["type"] == "missing" else f", not {given!r}"
        problems.append(
            LockgateError(message + shown, code=item["type"].replace("_", "-"), where=item["loc"])
        )
    return InvalidInputError(problems).within(*outer)
