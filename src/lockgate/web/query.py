"""What an address may ask for. A name nobody reads is told, never passed over: a filter with a typo must not look like one."""

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant

from lockgate.base.errors import InvalidInputError, LockgateError

CLOCKS = ("on", "known_at")
Route = TypeVar("Route", bound=Callable[..., Any])


def reads(*names: str) -> Callable[[Route], Route]:
    """Says which parts of the address a page reads besides the parameters of its function; ``*`` stands for any text."""

    def mark(route: Route) -> Route:
        route.query_names = names  # type: ignore[attr-defined]
        return route

    return mark


def names_read(request: Request) -> tuple[str, ...]:
    """The names that the route of a request reads from its address."""
    route = request.scope["route"]
    return (*dict.fromkeys(names_declared(route.dependant)), *getattr(route.endpoint, "query_names", ()))


def names_declared(dependant: Dependant) -> Iterator[str]:
    """The parameters of a route's function and of all that it depends on."""
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from names_declared(below)


def names_unread(given: Iterable[str], known: tuple[str, ...]) -> list[str]:
    """Those of the given names that no known one fits.

    >>> names_unread(["state", "dd_x", "stat"], ("state", "dd_*"))
    ['stat']
    """
    return [name for name in dict.fromkeys(given) if not any(fnmatchcase(name, one) for one in known)]


def unknown_parameters(names: list[str], known: tuple[str, ...]) -> InvalidInputError:
    """The refusal of names that nothing reads, each with the one that was meant or all that there are."""
    return InvalidInputError(
        [
            LockgateError(
                f"nothing here reads {name!r}", code="unknown-parameter", where=("query", name),
                hint=hint_for(name, known),
            )
            for name in names
        ]
    )  # fmt: skip


def hint_for(name: str, known: tuple[str, ...]) -> str:
    """What may have been meant.

    >>> hint_for("stat", ("state", "kind")), hint_for("zzz", ("state", "kind")), hint_for("zzz", ())
    ('did you mean state?', 'it reads: state, kind', 'it reads no parameters')
    """
    near = get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]}?"
    return "it reads: " + ", ".join(known) if known else "it reads no parameters"


async def refuse_unknown(request: Request) -> None:
    """Refuse a request whose address has a name that its route does not read.

    Raises:
        InvalidInputError: ``unknown-parameter``.
    """
    known = names_read(request)
    if unread := names_unread(request.query_params, known):
        raise unknown_parameters(unread, known)


async def note_unknown(request: Request) -> None:
    """Refuse it where a program asks for a page's twin; a page says so and is shown.

    Raises:
        InvalidInputError: ``unknown-parameter``.
    """
    if not request.query_params or request.method not in ("GET", "HEAD"):
        return
    known = (*names_read(request), *CLOCKS)
    unread = names_unread(request.query_params, known)
    if unread and request.state.format != "html":
        raise unknown_parameters(unread, known)
    request.state.unread = {name: hint_for(name, known) for name in unread}
