"""English and Chinese on the same URL: the reader's choice is a cookie, else what the browser asks for."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po
from starlette.requests import Request

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
COOKIE = "lockgate_lang"


@cache
def catalogue_of(language: str) -> Mapping[str, str]:
    """Message -> translation, from ``translations/<language>.po``; empty for English, which the messages are in."""
    if language == "en":
        return {}
    with files("lockgate.web").joinpath("translations", f"{language}.po").open("rb") as file:
        return {
            str(message.id): str(message.string) for message in read_po(file) if message.id and message.string
        }


def translator(language: str) -> Callable[..., str]:
    """``_(message, **values)`` for a language: translated where known, then filled in.

    >>> translator("en")("{count} chips", count=3)
    '3 chips'
    """
    messages = catalogue_of(language)

    def translate(message: str, **values: object) -> str:
        text = messages.get(message, message)
        return text.format(**values) if values else text

    return translate


def language_of(request: Request) -> str:
    """The reader's language: the cookie, else the first known one of ``Accept-Language``, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"
