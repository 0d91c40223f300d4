"""Numbers of one sentence that must fit one another: parts and their total, a price and a sum."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from lockgate.evidence.against_law import sentence_of
from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.findings import Finding, find, shown

TOTAL = re.compile(
    r"\b(?:in total|in all|altogether|combined|a total of|for a total|totall?ing|together)\b|总计|共计|合计",
    re.IGNORECASE,
)
ROUNDING = 0.02  # parts are rounded, and so is their total
PRICE_ROUNDING = 0.15
COUNTED = ("quantity.units", "orders.units", "shipment.units", "demand.units", "inventory.units")


def sums(by_attribute: Mapping[str, list[Claim]], documents: Mapping[str, Document]) -> Iterator[Finding]:
    """Parts that do not add up to the total beside them, and a sum that is not the number times the price."""
    sentences: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for attribute in (*COUNTED, "price.usd", "orders.usd_bn"):
        for claim in by_attribute.get(attribute, ()):
            if isinstance(claim.value, float) and claim.hedge in ("none", "reported", "approx"):
                sentences[claim.document, sentence_of(claim, documents)].append(claim)
    for (_, sentence), claims in sentences.items():
        counts = [claim for claim in claims if claim.attribute in COUNTED]
        yield from _total(sentence, counts)
        yield from _product(counts, claims)


def _total(sentence: str, counts: list[Claim]) -> Iterator[Finding]:
    if len(counts) < 3 or not TOTAL.search(sentence):
        return
    total = max(counts, key=lambda claim: float(claim.value))
    parts = [claim for claim in counts if claim is not total]
    added = sum(float(claim.value) for claim in parts)
    if abs(added - float(total.value)) > ROUNDING * float(total.value):
        yield find(
            "intra_doc", "high", counts,
            f"The parts ({'; '.join(map(shown, parts))}) add up to {added:,.6g}, not to {shown(total)}.",
            "the figures of the original",
        )  # fmt: skip


def _product(counts: list[Claim], claims: list[Claim]) -> Iterator[Finding]:
    prices = [claim for claim in claims if claim.attribute == "price.usd" and "module" not in claim.subject]
    worth = [claim for claim in claims if claim.attribute == "orders.usd_bn"]
    if len(counts) == len(prices) == len(worth) == 1:
        product = float(counts[0].value) * float(prices[0].value) / 1e9
        if abs(product - float(worth[0].value)) > PRICE_ROUNDING * max(product, float(worth[0].value)):
            yield find(
                "intra_doc", "medium", [counts[0], prices[0], worth[0]],
                f"{shown(counts[0])} at {shown(prices[0])} each come to {product:,.4g} billion dollars, not to {float(worth[0].value):,.4g}.",
                "the figures of the original",
            )  # fmt: skip
