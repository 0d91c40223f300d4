"""The pattern language, and its compilation to regular expressions over token characters.

===============  =====================================================================
``APPROVE``      a word class of the vocabulary, or a macro
``approve``      that word itself
``@chip``        a named thing; ``@country.CN`` one that belongs to China
``#usd``         an amount or date of that dimension; ``#`` any amount
``limited_to``   a phrase
``NAME``         a capitalised word that nothing defines
``_``            any token
``..5``          up to five tokens of the same sentence, as few as will do
``++5``          up to five tokens of the same sentence, as many as there are
``--5``           up to five tokens of the same sentence, none of which is a firm, agency, publisher or person
``!APPROVE``     not behind a word of that class
``/APPROVE``     not before a word of that class
``~5``           up to five tokens up to the next mark, as many as there are
``<who: …>``     a part with a name, for the value and subject of the claim
``( | ) ? * +``  alternatives and repetition
``"("``          a mark
===============  =====================================================================
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.catalogue.evidence import EvidenceTables, PatternRow, RoleRow
from lockgate.evidence.lexicon import BREAK, PROPER, Lexicon

ELEMENT = re.compile(
    r"\s*(?:(?P<gap>\.\.\d+)|(?P<plain>--\d+)|(?P<run>~\d+)|(?P<rest>\+\+\d+)|!(?P<behind>[A-Z@a-z_#]+)|/(?P<ahead>[A-Z@a-z_#]+)|(?P<open><[a-z_]+:)|(?P<close>>)|(?P<group>[()|])|(?P<repeat>[?*+])"
    r"|(?P<kind>[@#][a-z_]*(?:\.[A-Z]{2})?)|(?P<name>[A-Z][A-Z_0-9]+)|\"(?P<mark>[^\"]+)\"|(?P<word>[^\s()|?*+<>\"]+))"
)
DIMENSIONS = ["#", "#number", "#chips", "#modules", "#firms", "#usd", "#cny", "#percent", "#ratio"]


def char_class(chars: frozenset[str] | set[str]) -> str:
    """A character class of a regular expression; the empty one matches nothing."""
    if not chars:
        return r"(?!)"
    return "[" + "".join(re.escape(char) for char in sorted(chars)) + "]"


def compile_pattern(source: str, lexicon: Lexicon, macros: Mapping[str, str], depth: int = 0) -> str:
    """The regular expression of a pattern.

    Raises:
        LockgateError: ``bad-pattern`` for a class that nothing defines or a sign out of place.
    """
    if depth > 8:
        raise LockgateError("a macro calls itself", code="bad-pattern", where=("macros",))
    parts: list[str] = []
    at = 0
    while at < len(source.rstrip()):
        found = ELEMENT.match(source, at)
        if found is None:
            raise LockgateError(f"cannot read {source[at:]!r}", code="bad-pattern")
        at = found.end()
        parts.append(_element(found, lexicon, macros, depth))
    return "".join(parts)


def _element(found: re.Match[str], lexicon: Lexicon, macros: Mapping[str, str], depth: int) -> str:
    kind, text = found.lastgroup, found.group(found.lastgroup or 0)
    if kind == "gap":
        return rf"[^{BREAK}]{{0,{int(text[2:])}}}?"
    if kind == "plain":
        actors = "".join(
            re.escape(char)
            for name in ("@vendor", "@buyer", "@us_agency", "@cn_agency", "@publisher", "@person")
            for char in sorted(lexicon.classes.get(name, ()))
        )
        return rf"[^{BREAK}{actors}]{{0,{int(text[2:])}}}?"
    if kind == "run":
        return rf"[^{BREAK},;:()]{{1,{int(text[1:])}}}"
    if kind == "rest":
        return f"[^{BREAK}]{{1,{int(text[2:])}}}"
    if kind == "behind":
        inner = compile_pattern(text, lexicon, macros, depth + 1)
        return f"(?<!{inner})"
    if kind == "ahead":
        return f"(?!{compile_pattern(text, lexicon, macros, depth + 1)})"
    if kind == "open":
        return f"(?P<{text[1:-1]}>"
    if kind == "close":
        return ")"
    if kind == "group":
        return "(?:" if text == "(" else text
    if kind == "repeat":
        return text
    if kind == "kind":
        if text == "#":
            return char_class(
                {code for name, code in lexicon.codes.items() if name.startswith("#") and name != "#date"}
            )
        if "." in text or text.startswith("#") or text not in lexicon.classes:
            return char_class({lexicon.kind_code(text)})
        return char_class(lexicon.classes[text])
    if kind == "name":
        if text == "NAME":
            return PROPER
        if text in macros:
            return "(?:" + compile_pattern(macros[text], lexicon, macros, depth + 1) + ")"
        if text not in lexicon.classes:
            raise LockgateError(f"no word class {text!r}", code="bad-pattern", hint="see vocabulary.toml")
        return char_class(lexicon.classes[text])
    if kind == "mark":
        return char_class({lexicon.code_of(text)})
    if text == "_":
        return f"[^{BREAK}]"
    return char_class({lexicon.code_of(text.replace("_", " "))})


def musts(source: str, lexicon: Lexicon) -> tuple[frozenset[str], ...]:
    """What a text must hold for a pattern to match at all: the classes that stand in it outside any choice.

    A text without one of them need not be searched.
    """
    found: list[frozenset[str]] = []
    depth, at = 0, 0
    while at < len(source.rstrip()):
        element = ELEMENT.match(source, at)
        if element is None:
            break
        at = element.end()
        kind, text = element.lastgroup, element.group(element.lastgroup or 0)
        if kind == "group":
            depth += {"(": 1, ")": -1}.get(text, 0)
            if text == "|" and depth == 0:
                return ()
        elif kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
        elif kind == "repeat":
            continue
        elif (
            kind in ("kind", "name")
            and depth == 0
            and text in lexicon.classes
            and source[at : at + 1] not in ("?", "*")
        ):
            found.append(frozenset(lexicon.classes[text]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled row of the pattern table. ``musts`` are sets of which a text needs one character each."""

    row: PatternRow
    regex: re.Pattern[str]
    unless: re.Pattern[str] | None
    needs: tuple[frozenset[str], ...] = ()
    avoid: frozenset[str] = frozenset()
    musts: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A compiled row of the role table: a weight for each cue character, requirements as sets of characters."""

    row: RoleRow
    cues: dict[str, float]
    needs: tuple[frozenset[str], ...]
    avoid: frozenset[str]
    tail: frozenset[str]
    behind: frozenset[str]
    beside: frozenset[str]
    before: frozenset[str]


class Grammar:
    """Lexicon, patterns and roles, ready to read with.

    Args:
        tables: The checked tables of ``data/evidence``.

    Raises:
        InvalidInputError: Every pattern and role that cannot be compiled, at once.
    """

    def __init__(self, tables: EvidenceTables) -> None:
        self.lexicon = lexicon = Lexicon(tables)
        for dimension in {row.dimension for row in tables.units} | {
            "number",
            "date",
            "tpp_number",
            "density",
        }:
            lexicon.kind_code("#" + dimension)
        self._sets: dict[tuple[str, ...], frozenset[str]] = {}
        problems = ProblemCollector()
        self.patterns: list[Pattern] = []
        for row in tables.patterns:
            with problems.at("patterns", row.id):
                regex = compile_pattern(row.match, lexicon, tables.macros)
                unless = compile_pattern(row.unless, lexicon, tables.macros) if row.unless else ""
                self.patterns.append(
                    Pattern(
                        row,
                        re.compile(regex),
                        re.compile(unless) if unless else None,
                        self._needs(row.needs),
                        frozenset().union(*(self._chars(name) for name in row.avoid)),
                        musts(row.match, lexicon),
                    )
                )
        self.roles: dict[str, list[Role]] = {}
        for number, role in enumerate(tables.roles):
            with problems.at("roles", number):
                compiled = self._role(role)
                for dimension in role.dimension:
                    self.roles.setdefault(dimension, []).append(compiled)
        self.cues = {
            dimension: frozenset().union(*(role.cues for role in roles))
            for dimension, roles in self.roles.items()
        }
        problems.raise_if_any()

    def _role(self, row: RoleRow) -> Role:
        cues: dict[str, float] = {}
        for name, weight in row.cues.items():
            for char in self._chars(name):
                cues[char] = max(weight, cues.get(char, 0.0))
        avoid, tail, behind, beside, before = (
            frozenset().union(*(self._chars(name) for name in names))
            for names in (row.avoid, row.tail, row.behind, row.beside, row.before)
        )
        return Role(row, cues, self._needs(row.needs), avoid, tail, behind, beside, before)

    def _needs(self, needs: tuple[str, ...]) -> tuple[frozenset[str], ...]:
        return tuple(frozenset().union(*(self._chars(part) for part in need.split("|"))) for need in needs)

    def _chars(self, name: str) -> frozenset[str]:
        if name in self.lexicon.classes:
            return frozenset(self.lexicon.classes[name])
        if name.startswith(("@", "#")):
            return frozenset({self.lexicon.kind_code(name)})  # "@country.US", "#chips"
        if name.islower():
            return frozenset({self.lexicon.code_of(name)})
        raise LockgateError(f"no word class {name!r}", code="bad-role", hint="see vocabulary.toml")

    def set_of(self, *names: str) -> frozenset[str]:
        """All characters of some classes, for tests outside a pattern."""
        found = self._sets.get(names)
        if found is None:
            found = self._sets[names] = frozenset().union(*(self._chars(name) for name in names))
        return found
