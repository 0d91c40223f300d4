"""Claims about chips against the catalogue: who makes them, when they came, what they can do."""

import re
from collections.abc import Iterator
from datetime import date

from lockgate.evidence.claims import Claim
from lockgate.evidence.findings import Authority, Finding, find, shown
from lockgate.evidence.reconcile import interval
from lockgate.evidence.record import ChipRecord, Known, Record

TOLERANCE = 0.04  # rounding in print: 4.8 for 4.89, 3.35 for 3.3
BITS = 8.0
FORMAT = re.compile(r"\b((?:MX)?(?:FP|INT|BF|TF)\d{1,2})\b", re.IGNORECASE)
SPARSE = 2.0  # a maker prints the rate with structured sparsity as twice the dense one
EARLY_DAYS = 730  # an announcement so long before the release is of another chip
SPECS = (
    "chip.memory_gb", "chip.memory_bandwidth_tbs", "chip.memory_type", "chip.process_nm", "chip.power_w",
    "chip.die_area_mm2", "chip.transistors_bn", "chip.architecture", "chip.tpp",
)  # fmt: skip


def announced(claim: Claim, record: Record) -> Iterator[Finding]:
    """An announcement date against the one on record, or against the release, which cannot come first."""
    if claim.low is None or claim.high is None:
        return
    chip = record.chips.get(claim.subject_id)
    said = record.about(claim.subject_id, "chip.announce_date")
    for known in said:
        if (
            known.low is not None
            and known.high is not None
            and claim.low <= known.high + 31
            and known.low - 31 <= claim.high
        ):
            return
    if (
        chip
        and chip.released
        and claim.low <= chip.released[1].toordinal() + 31
        and claim.high >= chip.released[0].toordinal() - 31
    ):
        return  # the text may mean the release
    if said and said[0].low is not None:
        day = date.fromordinal(int(said[0].low))
        distance = abs(claim.low - said[0].low) / 30.4
        yield find(
            "vs_authority_date", "high", [claim],
            f"{claim.subject} is said to be announced {claim.value}; on record it was {said[0].text}, about {distance:.0f} months apart.",
            authority=Authority(said[0].source, day.isoformat()),
        )  # fmt: skip
    elif chip and chip.released and claim.low > chip.released[1].toordinal() + 62:
        yield find(
            "vs_authority_date", "high", [claim],
            f"{claim.subject} is said to be announced {claim.value}, after it was released ({chip.released[0]}): impossible.",
            authority=Authority(chip.released_source, chip.released[0].isoformat()),
        )  # fmt: skip
    elif not said and chip and chip.released and claim.high < chip.released[0].toordinal() - EARLY_DAYS:
        yield find(
            "vs_authority_date", "medium", [claim],
            f"{claim.subject} is said to be announced {claim.value}; on record it came on {chip.released[0]}, more than two years later.",
            authority=Authority(chip.released_source, chip.released[0].isoformat()),
        )  # fmt: skip


def maker(claim: Claim, record: Record) -> Iterator[Finding]:
    """A chip given to a maker that does not make it: two things run together."""
    chip = record.chips.get(claim.subject_id)
    if chip is not None:
        source = next(
            (known.values[0][1] for known in (*chip.known.values(), *chip.peaks.values())), "catalogue"
        )
        made_by = "" if chip.name.lower().startswith(chip.maker) else f", made by {chip.maker}"
        yield find(
            "vs_authority_vendor", "high", [claim],
            f"{claim.subject} is given to {claim.value}; on record it is {chip.name}{made_by}. Two products are run together.",
            authority=Authority(source, chip.maker),
        )  # fmt: skip


def peak(claim: Claim, record: Record) -> Iterator[Finding]:
    """A peak rate against every rate on record, dense and sparse."""
    chip = record.chips.get(claim.subject_id)
    if chip is None or not chip.peaks or not isinstance(claim.value, float):
        return
    value = claim.value
    wide = [name for name in ("int8", "fp8") if name in chip.peaks]
    fits = [
        name for name, known in chip.peaks.items()
        if any(known.fits(value / factor, value / factor, TOLERANCE) or (len(known.values) > 2 and known.spans(value / factor, TOLERANCE)) for factor in (1.0, SPARSE))
    ]  # fmt: skip
    formats = {"TOPS": ("int8", "fp8", "fp4", "int4", "fp6")}.get(claim.unit, tuple(chip.peaks))
    rates = "; ".join(
        f"{name} {known.values[0][0]:,.6g}"
        for name, known in chip.peaks.items()
        if name in ("int8", "fp8", "bf16", "fp16")
    )
    source = (chip.peaks[wide[0]] if wide else next(iter(chip.peaks.values()))).values[0][1]
    said = {name.lower().removeprefix("mx") for name in FORMAT.findall(claim.quote)} & set(chip.peaks)
    if chip.tpp and abs(value / chip.tpp - 1) <= TOLERANCE and not fits:
        yield find(
            "vs_authority_unit", "high", [claim],
            f"{claim.subject} is said to have {shown(claim)}; that is its total processing performance, which has no unit, not a rate ({rates}).",
            authority=Authority(source, f"TPP {chip.tpp:,.0f}; {rates}"),
        )  # fmt: skip
    elif len(said) == 1 and fits and not said & set(fits):
        yield find(
            "vs_authority_spec", "medium", [claim],
            f"{claim.subject} is said to have {shown(claim)} in {said.pop().upper()}; on record that is its {'/'.join(fits)} rate ({rates}).",
            authority=Authority(source, rates),
        )  # fmt: skip
    elif not fits:
        yield find(
            "vs_authority_value", "high", [claim],
            f"{claim.subject} is said to have {shown(claim)}; no rate on record is that, dense or sparse ({rates}; TPP {chip.tpp:,.0f})." if chip.tpp else f"{claim.subject} is said to have {shown(claim)}; on record: {rates}.",
            authority=Authority(source, rates),
        )  # fmt: skip
    elif not any(name in formats for name in fits) and wide:
        yield find(
            "vs_authority_spec", "medium", [claim],
            f"{claim.subject} is said to have {shown(claim)}: that is its {'/'.join(fits)} rate, not its rate in TOPS ({rates}). The precision is missing.",
            authority=Authority(source, rates),
        )  # fmt: skip


def spec(claim: Claim, record: Record) -> Iterator[Finding]:
    """A property of a chip against the datasheets; of Chinese chips at large against all of them."""
    chip = record.chips.get(claim.subject_id)
    if chip is None:
        if claim.subject == "Chinese domestic chips" and isinstance(claim.value, float):
            yield from domestic(claim, record)
        return
    known = chip.known.get(claim.attribute)
    if known is None:
        return
    if isinstance(claim.value, str) and claim.low is None and claim.high is None:
        names = [str(value) for value, _ in known.values]
        if any(same_words(claim.value, name) for name in names) or (
            claim.value.upper() == "HBM" and any("HBM" in name.upper() for name in names)
        ):
            return
        if claim.attribute == "chip.architecture" and not any(
            name[:3].isalpha() and "not" not in name for name in names
        ):
            return
        yield find(
            "vs_authority_spec", "medium", [claim],
            f"{claim.subject}: {claim.attribute} is given as {claim.value}; on record: {', '.join(dict.fromkeys(names))}.",
            authority=Authority(known.values[0][1], names[0]),
        )  # fmt: skip
        return
    low, high = interval(claim)
    bits = claim.unit.endswith("b/s") and claim.unit != "TB/s"
    if not bits and known.fits(low, high, TOLERANCE):
        return
    if bits and known.fits(low / BITS, high / BITS, TOLERANCE):
        return  # the same in bits
    if bits or _rate_for_tpp(claim, chip):
        yield _wrong_unit(claim, chip, known)
        return
    nearest = known.nearest(claim.value if isinstance(claim.value, float) else high)
    if nearest is None:
        return
    numbers = ", ".join(
        dict.fromkeys(f"{value:,.6g}" for value, _ in known.values if not isinstance(value, str))
    )
    yield find(
        "vs_authority_spec", "medium", [claim],
        f"{claim.subject}: {claim.attribute} is given as {shown(claim)}; on record {numbers} {claim.unit}.",
        authority=Authority(nearest[1], f"{nearest[0]:,.6g} {claim.unit}"),
    )  # fmt: skip


def _rate_for_tpp(claim: Claim, chip: ChipRecord) -> bool:
    """Whether a figure given as total processing performance is a rate of the chip."""
    low, high = interval(claim)
    return claim.attribute == "chip.tpp" and any(
        known.fits(low, high, 0.001) for known in chip.peaks.values()
    )


def _wrong_unit(claim: Claim, chip: ChipRecord, known: Known) -> Finding:
    value, source = known.values[0]
    return find(
        "vs_authority_unit", "high", [claim],
        f"{claim.subject}: {claim.attribute} is given as {shown(claim)}; on record it is {value:,.6g} {'TB/s, in bytes' if claim.unit.endswith('b/s') else 'in TPP, which is a rate times its bit length'}.",
        authority=Authority(source, f"{chip.name}: {value:,.6g}"),
    )  # fmt: skip


def domestic(claim: Claim, record: Record) -> Iterator[Finding]:
    """A figure for Chinese chips at large that no Chinese chip on record has."""
    assert_value = float(claim.value)
    found = [
        (chip, known) for chip in record.chips.values()
        if chip.maker_country == "CN" and (known := chip.known.get(claim.attribute)) is not None
    ]  # fmt: skip
    if not found or any(known.fits(assert_value, assert_value, TOLERANCE) for _, known in found):
        return
    top_chip, top = max(
        found, key=lambda pair: max(float(value) for value, _ in pair[1].values if not isinstance(value, str))
    )
    best, source = max((float(value), source) for value, source in top.values if not isinstance(value, str))
    yield find(
        "vs_authority_spec", "low", [claim],
        f"Chinese chips are given {shown(claim)}; of {len(found)} on record none has that. The highest is {top_chip.name} with {best:,.6g} {claim.unit}.",
        "which chip is meant", Authority(source, f"{top_chip.name}: {best:,.6g} {claim.unit}"),
    )  # fmt: skip


def same_words(one: str, other: str) -> bool:
    """Whether two names share a word that tells them apart.

    >>> same_words("the AI Now Institute", "Center for Humane Technology"), same_words("HBM3E", "HBM3e")
    (False, True)
    """
    common = {"the", "of", "for", "and", "institute", "group", "center", "centre"}
    a, b = (
        {word for word in text.lower().replace("-", " ").split() if word not in common}
        for text in (one, other)
    )
    return bool(a & b)
