"""What a bare number counts: the noun that follows it, or the measure that is spoken of."""

from dataclasses import replace

from lockgate.evidence.grammar import Grammar
from lockgate.evidence.lexer import Lexed
from lockgate.evidence.lexicon import BREAK, PROPER, UNKNOWN, Entity
from lockgate.evidence.pieces import one_form
from lockgate.evidence.quantities import Quantity

NAME_MAX = 10_000  # no product's name has a larger number
LOOKAHEAD = 8
STRANGERS_MAX = 2  # adjectives that no table has, between a number and its noun
MODIFIERS = ("chips", "firms", "modules", "percent", "day", "month")
UNITS = {"chips": "units", "firms": "companies", "tpp_number": "", "density": ""}


def resolve_counts(lexed: Lexed, grammar: Grammar) -> Lexed:
    """Give every number without a unit the dimension its surroundings name."""
    changed: dict[int, str] = {}
    for token, thing in lexed.payload.items():
        if not isinstance(thing, Quantity):
            continue
        if thing.dimension == "byte" and _per_second(lexed, token):
            per = replace(thing, dimension="byte_per_s", unit="TB/s").scaled(0.001)
            lexed.payload[token] = per
            changed[token] = grammar.lexicon.kind_code("#byte_per_s")
        elif _in_name(lexed, token, thing):
            lexed.payload[token] = replace(thing, compound=True)
        elif thing.dimension in MODIFIERS and thing.value is not None:
            words = one_form(lexed.text[lexed.starts[token] : lexed.ends[token]])
            if "-" in words.strip("-"):
                lexed.payload[token] = replace(thing, compound=True)
        elif not thing.dimension:
            dimension = (
                _measure(lexed.codes, token, thing, grammar)
                or _noun(lexed.codes, token, grammar)
                or _understood(lexed, token, thing, grammar)
            )
            if dimension:
                lexed.payload[token] = replace(thing, dimension=dimension, unit=UNITS[dimension])
                changed[token] = grammar.lexicon.kind_code("#" + dimension)
    if not changed:
        return lexed
    codes = list(lexed.codes)
    for token, code in changed.items():
        codes[token] = code
    return replace(lexed, codes="".join(codes))


def _per_second(lexed: Lexed, token: int) -> bool:
    """Whether an amount of bytes is of a second that stands before it, as in "每秒700GB"."""
    before = lexed.text[lexed.starts[lexed.sentence(token)[0]] : lexed.starts[token]]
    return "每秒" in before and (
        "頻寬" in before or "带宽" in before or "帶寬" in before or before.endswith("每秒")
    )


def _in_name(lexed: Lexed, token: int, thing: Quantity) -> bool:
    """Whether a number belongs to the name before it: "an Atlas 350 card", "Ascend 960 chips"."""
    if thing.dimension == "ratio":
        return lexed.text[lexed.ends[token] : lexed.ends[token] + 1].isdigit()  # "PCIe 5.0×16"
    if thing.dimension not in ("", "chips") or thing.value is None or thing.value >= NAME_MAX or not token:
        return False
    digits = str(int(thing.value))
    start = lexed.starts[token]
    return lexed.codes[token - 1] == PROPER and lexed.text[start : start + len(digits)] == digits


def _noun(codes: str, token: int, grammar: Grammar) -> str:
    """The noun behind a number: "400,000 Nvidia H200 AI chips", "three of China's largest internet companies"."""
    chips, things = grammar.set_of("@chip"), grammar.set_of("CHIPNOUN")
    firms = grammar.set_of("FIRMNOUN", "@group")
    skip = grammar.set_of(
        "MODIFIER",
        "@chip",
        "@vendor",
        "@country",
        "@architecture",
        "@cn_agency",
        "@buyer",
        "BRACKET",
        "MOSTPOWERFUL",
        "LATEST",
    )
    saw_chip, strangers = False, 0
    for at in range(token + 1, min(token + 1 + LOOKAHEAD, len(codes))):
        code, following = codes[at], codes[at + 1 : at + 2]
        if code in things:
            if following and (following in firms or following in things):
                continue  # "chip makers", "AI chip units": the second noun counts
            return "chips"
        if code in firms:
            return "firms"
        if code in chips:
            saw_chip = True
        elif code in (UNKNOWN, PROPER) and strangers < STRANGERS_MAX:
            strangers += 1
        elif code not in skip:
            break
    return "chips" if saw_chip else ""


def _understood(lexed: Lexed, token: int, thing: Quantity, grammar: Grammar) -> str:
    """Chips that are not said again: "orders exceed 2 million", "75,000 per customer"."""
    if (thing.value or thing.high or 0) < 1000:
        return ""
    following = lexed.codes[token + 1 : token + 2]
    behind = grammar.set_of("CONNECTOR", "PER_CUSTOMER", "EACH", "CAP", "ORDER", "SHIPMENTS", "MARK")
    if following and following != BREAK and following not in behind:
        return ""
    if following in grammar.set_of("PER_CUSTOMER", "EACH") and following:
        return "chips"
    first, end = lexed.sentence(token)
    inside = set(lexed.codes[first:end])
    counted = grammar.set_of(
        "ORDER", "STOCK", "DEMAND", "SHIP", "PRODUCE", "CAP", "APPROVE", "SMUGGLE", "BUY"
    )
    return "chips" if inside & counted and inside & grammar.set_of("@chip", "CHIPNOUN") else ""


def _measure(codes: str, token: int, thing: Quantity, grammar: Grammar) -> str:
    """Total processing performance or performance density, where one of the two words stands near."""
    number = thing.value if thing.value is not None else thing.low or thing.high or 0.0
    best, dimension = 99, ""
    for name, words, low, high in (
        ("tpp_number", grammar.set_of("TPPWORD"), 100.0, 1e9),
        ("density", grammar.set_of("PDWORD"), 0.1, 100.0),
    ):
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
