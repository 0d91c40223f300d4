"""English and Chinese on the same URL: the reader's choice is a cookie, else what the browser asks for."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from babel import Locale
from babel.messages.pofile import read_po
from markupsafe import Markup, escape
from starlette.requests import Request

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
COOKIE = "lockgate_lang"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAY = re.compile(rf"(\d\d?) ({'|'.join(MONTHS)}) (\d{{4}})")
RANGE = re.compile(r"([\d,]+) to ([\d,]+)(?= )")
LITERAL_MIN = 4
"""Letters a message with parts must have besides them to be looked for in a text that is filled in already."""

FILLED_MAX = 1000
"""Letters of a text that is looked for as a filled-in message: a longer one holds what somebody sent, and trying it takes the cube of
its length."""


@cache
def catalogue_of(language: str) -> Mapping[str, str]:
    """Message -> translation, from ``translations/<language>*.po``; empty for English, which the messages are in."""
    found: dict[str, str] = {}
    for file in sorted(files("lockgate.web").joinpath("translations").iterdir(), key=lambda item: item.name):
        if file.name.startswith(language) and file.name.endswith(".po"):
            messages = read_po(io.BytesIO(file.read_bytes()))
            found |= {str(item.id): str(item.string) for item in messages if item.id and item.string}
    return found


@cache
def patterns_of(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Messages with ``{parts}`` as patterns with their translation, the most telling first."""
    found = []
    for message, text in catalogue_of(language).items():
        pieces = re.split(r"\{(\w+)\}", message)
        literal = sum(len(piece.strip()) for piece in pieces[::2])
        if len(pieces) > 1 and literal >= LITERAL_MIN:
            named: set[str] = set()
            body = "".join(_piece(number, piece, named) for number, piece in enumerate(pieces))
            found.append((-literal, re.compile(body, re.DOTALL), text))
    return tuple((pattern, text) for _, pattern, text in sorted(found, key=lambda item: item[0]))


def _piece(number: int, piece: str, named: set[str]) -> str:
    """A part of a message as a part of its pattern: words as they stand, a name as what stands for it."""
    if number % 2 == 0:
        return re.escape(piece)
    again = piece in named
    named.add(piece)
    taken = (
        ".+" if piece.endswith("s") else ".+?"
    )  # several things may hold the words that part one from the next
    return f"(?P={piece})" if again else f"(?P<{piece}>{taken})"


@lru_cache(maxsize=20_000)
def find_translation(language: str, message: str) -> str | None:
    """The translation of a message, or of one whose ``{parts}`` are filled in already; None where there is none.

    >>> find_translation("zh", "here 15,832")
    '此处为 15,832'
    """
    if language == "en":
        return None
    message = " ".join(message.split())
    exact = catalogue_of(language).get(message)
    if exact is not None:
        return exact
    if len(message) > FILLED_MAX:
        return None
    if found := re.fullmatch(
        r"([a-z][a-z0-9]*[-.][\w.-]+): (.+)", message, re.DOTALL
    ):  # a clause and what is said of it
        rest = find_translation(language, found[2])
        return rest if rest is None else f"{catalogue_of(language).get(found[1], found[1])}：{rest}"
    if language == "zh" and (found := DAY.fullmatch(message)):
        return f"{found[3]} 年 {MONTHS.index(found[2]) + 1} 月 {found[1]} 日"
    if language == "zh" and (found := RANGE.match(message)):
        return f"{found[1]} 至 {found[2]}{message[found.end() :]}"
    for pattern, text in patterns_of(language):
        if found := pattern.fullmatch(message):
            parts = {
                name: find_translation(language, part) or part for name, part in found.groupdict().items()
            }
            return text.format(**parts)
    return None


@dataclass(frozen=True, slots=True)
class Translator:
    """``_(message, **values)`` for a language: translated where known, then filled in.

    >>> Translator("en")("{count} chips", count=3)
    '3 chips'
    """

    language: str

    def __call__(self, message: str, **values: object) -> str:
        """A message of our own in the reader's language."""
        text = find_translation(self.language, str(message)) or message
        return text.format(**values) if values else text

    def word(self, of: str, word: str) -> str:
        """A word that means another thing of another kind of thing: the state ``open`` of a ``batch``, say."""
        return find_translation(self.language, f"{of} {word}") or self(word)

    def place(self, code: str, name: str) -> str:
        """A place by name."""
        if self.language == "en":
            return name
        return str(_territories(self.language).get(code.upper(), name))

    def said(self, text: object) -> Markup:
        """What the data or a computation says: in the reader's language where known, else marked as the English it is.

        >>> Translator("zh").said("4N process")
        Markup('<span lang="en">4N process</span>')
        """
        known = find_translation(self.language, str(text))
        if known is not None or self.language == "en":
            return escape(text if known is None else known)
        return Markup('<span lang="en">{}</span>').format(text) if _has_words(str(text)) else escape(text)


@cache
def _territories(language: str) -> Mapping[str, str]:
    return Locale(language).territories


def _has_words(text: str) -> bool:
    return re.search(r"[A-Za-z]{2}", text) is not None


@cache
def translator(language: str) -> Translator:
    """The translator of a language."""
    return Translator(language)


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
