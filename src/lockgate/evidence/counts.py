"""What a bare number counts: the noun that follows it, or the measure that is spoken of."""

from dataclasses import replace

from lockgate.evidence.grammar import Grammar
from lockgate.evidence.lexer import Lexed
from lockgate.evidence.lexicon import BREAK, Entity
from lockgate.evidence.quantities import Quantity

LOOKAHEAD = 8
CONNECTORS = [
    "in",
    "for",
    "to",
    "and",
    "by",
    "from",
    "this",
    "as",
    "while",
    "with",
    "at",
    "on",
    "which",
    "last",
    "after",
    "before",
    "but",
    "compared",
    "since",
    "that",
    "or",
]


def resolve_counts(lexed: Lexed, grammar: Grammar) -> Lexed:
    """Give every number without a unit the dimension its surroundings name."""
    lexicon = grammar.lexicon
    skip = grammar.set_of(
        "MODIFIER", "@chip", "@vendor", "@country", "@architecture", "@cn_agency", "@buyer"
    ) | {'"', "("}
    chips, things, firms = (
        grammar.set_of("@chip"),
        grammar.set_of("CHIPNOUN"),
        grammar.set_of("FIRMNOUN", "@group"),
    )
    tpp, density = grammar.set_of("TPPWORD"), grammar.set_of("PDWORD")
    counted = grammar.set_of(
        "ORDER", "STOCK", "DEMAND", "SHIP", "PRODUCE", "CAP", "APPROVE", "SMUGGLE", "BUY"
    )
    stops = {BREAK, ",", ".", ")", ";", ":", "–", "-", '"'} | {lexicon.code_of(word) for word in CONNECTORS}
    codes = lexed.codes
    changed: dict[int, str] = {}
    for token, thing in lexed.payload.items():
        if not isinstance(thing, Quantity):
            continue
        if thing.dimension in ("chips", "firms", "modules", "percent", "day", "month"):
            if (
                "-" in lexed.text[lexed.starts[token] : lexed.ends[token]].strip("-")
                and thing.value is not None
            ):
                lexed.payload[token] = replace(thing, compound=True)
            continue
        if thing.dimension:
            continue
        dimension = _measure(codes, token, thing, tpp, density)
        if not dimension:
            dimension = _noun(lexed, token, skip, chips, things, firms)
        if (
            not dimension
            and (thing.value or thing.high or 0) >= 1000
            and codes[token + 1 : token + 2] in stops | {""}
        ):
            first, behind = lexed.sentence(token)
            inside = set(codes[first:behind])
            if inside & counted and inside & (chips | things):
                dimension = "chips"
        if dimension:
            unit = {"chips": "units", "firms": "companies", "tpp_number": "", "density": ""}[dimension]
            lexed.payload[token] = replace(thing, dimension=dimension, unit=unit)
            changed[token] = lexicon.kind_code("#" + dimension)
    if not changed:
        return lexed
    together = list(codes)
    for token, code in changed.items():
        together[token] = code
    return replace(lexed, codes="".join(together))


def _noun(
    lexed: Lexed,
    token: int,
    skip: frozenset[str],
    chips: frozenset[str],
    things: frozenset[str],
    firms: frozenset[str],
) -> str:
    """The noun behind a number: "400,000 Nvidia H200 AI chips", "three of China's largest internet companies"."""
    codes = lexed.codes
    saw_chip = False
    for at in range(token + 1, min(token + 1 + LOOKAHEAD, len(codes))):
        code = codes[at]
        if code in things and not (codes[at + 1 : at + 2] in firms and codes[at + 1 : at + 2]):
            following = codes[at + 1 : at + 2]
            if following and following in things | skip and code not in chips and following in things:
                continue
            return "chips"
        if code in firms:
            return "firms"
        if code in chips:
            saw_chip = True
        elif code not in skip:
            break
    return "chips" if saw_chip else ""


def _measure(codes: str, token: int, thing: Quantity, tpp: frozenset[str], density: frozenset[str]) -> str:
    """Total processing performance or performance density, where one of the two words stands near."""
    number = thing.value if thing.value is not None else thing.low or thing.high or 0.0
    best, dimension = 99, ""
    for name, words, low, high in (("tpp_number", tpp, 100.0, 1e9), ("density", density, 0.1, 100.0)):
        if not low <= number <= high:
            continue
        for at in range(max(0, token - 12), min(len(codes), token + 5)):
            if codes[at] in words and BREAK not in codes[min(at, token) : max(at, token)]:
                distance = token - at if at < token else 2 * (at - token)
                if distance < best:
                    best, dimension = distance, name
    return dimension


def named(lexed: Lexed, token: int) -> Entity | None:
    """The thing a token names."""
    thing = lexed.payload.get(token)
    return thing if isinstance(thing, Entity) else None
