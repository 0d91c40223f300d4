import pytest

from lockgate.evidence.lexer import lex
from lockgate.evidence.quantities import Quantity
from lockgate.evidence.reading import Reader


def quantities(reader: Reader, text: str) -> list[Quantity]:
    return [
        thing for thing in lex(text, reader.grammar.lexicon).payload.values() if isinstance(thing, Quantity)
    ]


@pytest.mark.parametrize(
    ("text", "dimension", "low", "high"),
    [
        ("400,000 units", "chips", 400_000, 400_000),
        ("300,000-500,000 units", "chips", 300_000, 500_000),
        ("300,000–500,000 chips", "chips", 300_000, 500_000),
        ("3 to 3.5 million yuan", "cny", 3e6, 3.5e6),
        ("between 40,000 and 80,000 chips", "chips", 40_000, 80_000),
        ("several hundred thousand chips", "chips", 200_000, 999_999),
        ("hundreds of thousands of chips", "", 200_000, 999_999),
        ("tens of thousands of GPUs", "", 20_000, 99_999),
        ("half a million chips", "chips", 500_000, 500_000),
        ("two million chips", "chips", 2e6, 2e6),
        ("twenty-five percent", "percent", 25, 25),
        ("25-40% premium", "percent", 25, 40),
        ("$5.5 billion", "usd", 5.5e9, 5.5e9),
        ("US$215k", "usd", 215_000, 215_000),
        ("$2 [billion] to $5 billion", "usd", 2e9, 5e9),
        ("RMB 1.4 million", "cny", 1.4e6, 1.4e6),
        ("1.5 million yuan", "cny", 1.5e6, 1.5e6),
        ("4.8 terabytes per second", "byte_per_s", 4.8, 4.8),
        ("4,800 GB/s", "byte_per_s", 4.8, 4.8),
        ("141GB", "byte", 141, 141),
        ("1.9x faster", "ratio", 1.9, 1.9),
        ("100+ trillion parameter models", "parameters", 100e12, None),
        ("0.8 petaflops", "op_per_s", 800, 800),
        ("350 W", "power", 350, 350),
        ("40万颗", "chips", 400_000, 400_000),
        ("四十万颗", "chips", 400_000, 400_000),
        ("数十万颗", "chips", 200_000, 999_999),
        ("200多万颗", "chips", 2e6, None),
        ("2万7000美元", "usd", 27_000, 27_000),
        ("15亿美元", "usd", 1.5e9, 1.5e9),
        ("百分之二十五", "percent", 25, 25),
        ("百分之廿五", "percent", 25, 25),
        ("五成", "percent", 50, 50),
        ("１４１ＧＢ", "byte", 141, 141),
    ],
)  # fmt: skip
def test_an_amount_is_read(reader: Reader, text: str, dimension: str, low: float, high: float | None) -> None:
    found = quantities(reader, text)
    assert [(amount.dimension, amount.low, amount.high) for amount in found] == [(dimension, low, high)]


@pytest.mark.parametrize("text", ["an 8-GPU module", "a three-month wait"])
def test_a_modifier_is_no_amount_of_its_own(reader: Reader, text: str) -> None:
    from lockgate.evidence.counts import resolve_counts

    lexed = resolve_counts(lex(text, reader.grammar.lexicon), reader.grammar)
    assert all(thing.compound for thing in lexed.payload.values() if isinstance(thing, Quantity))


@pytest.mark.parametrize(
    "text", ["the H200 and the 910B", "ECCN 3A090", "in 2025", "U.S. rules", "an apple a day"]
)
def test_names_years_and_clauses_are_no_amounts(reader: Reader, text: str) -> None:
    assert [amount for amount in quantities(reader, text) if amount.dimension] == []
