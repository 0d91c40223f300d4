"""From text to pieces: words, numbers, marks, line breaks, Chinese characters, each with its place.

A piece's kind is told by its first character alone but for apostrophes and hyphens, which is what makes cutting quick.
"""

import re
from itertools import accumulate, compress, pairwise
from operator import sub
from typing import NamedTuple

# Characters that mean the same, one for one, so that offsets stay those of the original text.
SAME: dict[str, str] = {
    **dict.fromkeys("’‘ʼ′´`", "'"),
    **dict.fromkeys("“”„«»「」『』《》〝〞", '"'),
    **dict.fromkeys("‐‑‒−", "-"),
    **dict.fromkeys("–—", "–"),
    **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000\x0b\x0c\x1c\x1d\x1e\x1f\t\r", " "),
    **{chr(space): " " for space in range(0x2000, 0x200B)},
    **{chr(full): chr(full - 0xFEE0) for full in range(0xFF01, 0xFF5F)},
    "。": ".",
    "、": ",",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u0085": "\n",
}

CJK = "\u3400-\u9fff"
CUT = re.compile(
    r"[^\S\n]*(?:"  # the white space before a piece is cut with it and stripped: half as many pieces
    r"https?://[^\s<>\"')\]]+"  # an address
    r"|(?:[a-z]\.){2,}"  # u.s.
    r"|\d{1,3}(?:,\d{3}|[’']\d{3}\b)+(?:\.\d+)?|\d+(?:\.\d+)?"
    r"|(?:rmb|cny|usd|eur|gbp|ntd)(?=\d)"  # RMB2.8 is money, H200 a name
    rf"|[^\W\d_{CJK}][^\W_{CJK}]*|[{CJK}]"
    r"|(?<=\w)'s?\b|\n\s*|.)"
)
ADDRESS, NUMBER, WORD, HAN, NOTHING, LINE, MARK, UNSURE = range(1, 9)
BULLET = re.compile(r"\n[ ]*(?:[-–•*▪●·]|\d{1,2}[.)])[ ]")
WRAPPED_WIDTH = 110
LETTER = re.compile(r"\w")
SHAPES = (
    (LINE, re.compile(r"\n")),
    (NOTHING, re.compile(r"[\s_]")),
    (UNSURE, re.compile(r"['-]")),
    (HAN, re.compile(f"[{CJK}]")),
    (NUMBER, re.compile(r"\d")),
    (WORD, re.compile(r"\w")),
)


def one_form(text: str) -> str:
    """A text with the characters that mean the same made one; offsets stay."""
    for char in SAME.keys() & set(text):
        text = text.replace(char, SAME[char])
    return text


class _Kinds(dict[str, int]):
    """First character of a piece -> its kind."""

    def __missing__(self, char: str) -> int:
        self[char] = kind = next((kind for kind, shape in SHAPES if shape.match(char)), MARK)
        return kind


KINDS = _Kinds()


class Pieces(NamedTuple):
    """A text in pieces: kind, lower-case form, start and end of each."""

    text: str
    kinds: list[int]
    words: list[str]
    starts: list[int]
    ends: list[int]

    def glued(self, index: int) -> bool:
        """Whether the piece follows the one before without space."""
        return 0 < index < len(self.words) and self.starts[index] == self.ends[index - 1]


def is_wrapped(text: str) -> bool:
    r"""Whether the lines of a text were broken to a width, so that a line break ends nothing.

    >>> is_wrapped("A line that ends here.\nAnd one more.")
    False
    """
    lines = text[:20000].split("\n")
    inner = [line for line, following in pairwise(lines) if line.strip() and following.strip()]
    if any(line.lstrip().startswith("|") for line in inner):
        return False  # the rows of a table
    if len(inner) < 2 or max(map(len, inner)) > WRAPPED_WIDTH:
        return False
    long = [line for line in inner if len(line) > 45]
    return (
        len(long) * 10 >= len(inner) * 7
        and sum(line.rstrip()[-1] not in '.!?:;"' for line in inner) * 10 >= len(inner) * 6
    )


def cut(text: str) -> Pieces:
    """A text in pieces; white space, and what only joins the parts of a compound or marks a possessive, is left out.

    Args:
        text: In one form (`one_form`).
    """
    lower = text.lower()
    if len(lower) != len(text):  # a letter whose lower case is two characters
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    spaced = CUT.findall(lower.rstrip())
    ends = list(accumulate(map(len, spaced)))
    words = [word.lstrip(" ") if word[0] == " " else word for word in spaced]
    starts = list(map(sub, ends, map(len, words)))
    kinds = [KINDS[word[0]] for word in words]
    for at in [at for at, kind in enumerate(kinds) if kind == UNSURE]:
        kinds[at] = NOTHING if _joins(lower, words[at], starts[at]) else MARK
    if "://" in lower:
        for at in [at for at, word in enumerate(words) if word.startswith("http") and "://" in word]:
            kinds[at] = ADDRESS
    if is_wrapped(text):
        for at in [at for at, kind in enumerate(kinds) if kind == LINE]:
            if words[at].count("\n") == 1 and not BULLET.match(text, starts[at]):
                kinds[at] = NOTHING
    kept = [kind != NOTHING for kind in kinds]
    return Pieces(
        text,
        list(compress(kinds, kept)),
        list(compress(words, kept)),
        list(compress(starts, kept)),
        list(compress(ends, kept)),
    )


def _joins(text: str, word: str, start: int) -> bool:
    """Whether an apostrophe or hyphen joins letters: "Nvidia's", "didn't", "H200-based"."""
    if start == 0 or not LETTER.match(text[start - 1]):
        return False
    following = text[start + len(word) : start + len(word) + 1]
    if word[0] == "'":
        return len(word) > 1 or bool(LETTER.match(following))
    return bool(LETTER.match(following)) and not following.isdecimal()
