"""How many planted errors are found, and how often a true sentence is flagged.

``python -m benchmarks evidence_errors [--show]``. Sentences are made from what is on record: for every chip and every property
the catalogue has of it a true sentence and the same with a wrong value, unit, maker or date; for every act and line of the
law likewise; and sums, days and agencies. An error counts as found if a finding holds a claim of its sentence and is of one
of the kinds that fit; a true sentence counts as a false alarm if any finding against the record or the text itself is made.
"""

import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.documents import Document
from lockgate.evidence.reading import Reader
from lockgate.evidence.record import ChipRecord, Record
from lockgate.services.read import Reading, reconcile_reading
from lockgate.services.record import load_record

DAY = dt.date(2026, 6, 1)
TEMPLATES = {
    "chip.memory_gb": ("The {chip} carries {value:g} GB of memory.", "{chip}: {value:g}GB memory", "With {value:g} gigabytes of memory, the {chip} is sought after."),
    "chip.memory_bandwidth_tbs": ("The {chip} has a memory bandwidth of {value:g} TB/s.", "{chip}: {value:g}TB/s bandwidth", "Its memory lets the {chip} move {value:g} terabytes per second of bandwidth."),
    "chip.power_w": ("The {chip} draws {value:g} W.", "The {chip} is rated at {value:g} watts."),
    "chip.process_nm": ("The {chip} is made on a {value:g}nm process.", "{chip}: {value:g} nm"),
    "chip.die_area_mm2": ("The die of the {chip} measures {value:g} mm2.",),
    "chip.transistors_bn": ("The {chip} packs {value:g} billion transistors.",),
    "chip.tpp": ("The {chip} has a total processing performance of {value:,.0f}.", "The {chip}'s TPP is {value:,.0f}."),
}  # fmt: skip
PEAKS = (
    "The {chip} delivers {value:g} TFLOPS in {format}.",
    "The {chip} reaches {value:g} teraflops of {format} compute.",
)
MEMORIES = ("HBM2", "HBM2e", "HBM3", "HBM3e", "HBM4", "GDDR6", "GDDR7", "LPDDR5")
ARCHITECTURES = ("Hopper", "Blackwell", "Ampere", "Rubin")
MAKERS = {
    "nvidia": "AMD", "amd": "Nvidia", "intel": "Nvidia", "huawei": "Cambricon", "cambricon": "Moore Threads",
    "moore-threads": "Cambricon", "biren": "Huawei",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A sentence: of what sort, whether it is wrong, and the kinds of finding that would say so."""

    sort: str
    text: str
    wrong: bool
    kinds: tuple[str, ...] = ("vs_authority_",)


def chip_cases(chip: ChipRecord) -> Iterator[Case]:
    """True and false sentences about one chip."""
    for attribute, templates in TEMPLATES.items():
        known = chip.known.get(attribute)
        numbers = [float(value) for value, _ in known.values if not isinstance(value, str)] if known else []
        if not known or not numbers:
            continue
        right = numbers[0]
        wrong = next(
            (right * factor for factor in (1.5, 0.5, 2.2, 0.3) if not known.fits(right * factor, right * factor, 0.08)),
            right * 9,
        )  # fmt: skip
        wrong = float(round(wrong)) if right >= 10 else wrong
        for template in templates:
            for value, bad in ((right, False), (wrong, True)):
                yield Case(attribute, template.format(chip=chip.name, value=value), bad)
    for name in ("fp16", "fp8", "int8"):
        rates = chip.peaks.get(name)
        if rates is None:
            continue
        right = float(rates.values[0][0])
        for template in PEAKS:
            yield Case(
                "chip.peak_tops", template.format(chip=chip.name, value=right, format=name.upper()), False
            )
            yield Case("chip.peak_tops", template.format(chip=chip.name, value=round(right * 3.3), format=name.upper()), True)  # fmt: skip
    yield from word_cases(chip)
    yield from unit_cases(chip)
    yield from date_cases(chip)


def word_cases(chip: ChipRecord) -> Iterator[Case]:
    """Memory type, architecture, maker."""
    memory = chip.known.get("chip.memory_type")
    names = [str(value) for value, _ in memory.values] if memory else []
    if names and names[0] in MEMORIES:
        wrong = next(name for name in MEMORIES if not any(name.lower() in one.lower() or one.lower() in name.lower() for one in names))  # fmt: skip
        for name, bad in ((names[0], False), (wrong, True)):
            yield Case("chip.memory_type", f"The {chip.name} carries {memory_size(chip)} of {name} memory.", bad)  # fmt: skip
    architecture = chip.known.get("chip.architecture")
    if architecture and any(
        str(architecture.values[0][0]).startswith(name) for name in ("Hopper", "Blackwell", "Ampere")
    ):
        right = str(architecture.values[0][0]).split()[0]
        wrong = next(name for name in ARCHITECTURES if name != right)
        yield Case("chip.architecture", f"The {chip.name} is built on the {right} architecture.", False)
        yield Case("chip.architecture", f"The {chip.name} is built on the {wrong} architecture.", True)
    if chip.maker in MAKERS:
        plain = chip.name.removeprefix("AMD ").removeprefix("Huawei ").removeprefix("Cambricon ").removeprefix("Biren ").removeprefix("Intel ")  # fmt: skip
        names_of = {row.id: row.name for row in load_evidence_tables().entities if row.kind == "vendor"}
        for maker, bad in ((names_of[chip.maker], False), (MAKERS[chip.maker], True)):
            yield Case("chip.vendor", f"Buyers asked for the {maker} {plain}.", bad)
            yield Case("chip.vendor", f"{maker}'s {plain} is in demand.", bad)
            yield Case("chip.vendor", f"The {plain}, made by {maker}, is in demand.", bad)


def memory_size(chip: ChipRecord) -> str:
    known = chip.known.get("chip.memory_gb")
    return f"{float(known.values[0][0]):g}GB" if known else "plenty"


def unit_cases(chip: ChipRecord) -> Iterator[Case]:
    """The right number with the wrong unit."""
    bandwidth, memory = chip.known.get("chip.memory_bandwidth_tbs"), chip.known.get("chip.memory_gb")
    if bandwidth:
        value = float(bandwidth.values[0][0])
        yield Case("unit", f"The {chip.name} has a memory bandwidth of {value:g} Tb/s.", True)
        yield Case("unit", f"The {chip.name} has a memory bandwidth of {value:g} GB/s.", True)
        yield Case("unit", f"The {chip.name} has a memory bandwidth of {value * 1000:g} GB/s.", False)
    if memory:
        yield Case("unit", f"The {chip.name} carries {float(memory.values[0][0]):g} TB of memory.", True)
    if chip.tpp and chip.peaks:
        yield Case("unit", f"The {chip.name} delivers {chip.tpp:,.0f} TOPS.", True)
        rate = next(iter(chip.peaks.values())).values[0][0]
        if isinstance(rate, float) and rate != chip.tpp and "int8" in chip.peaks:
            yield Case(
                "unit", f"The {chip.name} has a TPP of {float(chip.peaks['int8'].values[0][0]):g}.", True
            )


def date_cases(chip: ChipRecord) -> Iterator[Case]:
    if chip.released:
        right, late = chip.released[0], chip.released[0] + dt.timedelta(days=760)
        early = right - dt.timedelta(days=1300)
        yield Case("chip.announce_date", f"The {chip.name} was released in {right:%B %Y}.", False)
        yield Case("chip.announce_date", f"The {chip.name}, announced in {late:%B %Y}, is in demand.", True)
        yield Case("chip.announce_date", f"The {chip.name} was launched in {early:%B %Y}.", True)


def law_cases(record: Record) -> Iterator[Case]:
    """Days of acts, lines of the law, agencies, directions."""
    for act in record.acts:
        if act.government != "US":
            continue
        for day in act.effective:
            yield Case("effective day", f"The rule took effect on {day:%B} {day.day}, {day.year}.", False)
            off = day + dt.timedelta(days=18)
            if all(off not in other.effective for other in record.acts):
                yield Case("effective day", f"The rule took effect on {off:%B} {off.day}, {off.year}.", True)
        day = act.dates[0]
        verb, other = ("tightened", "relaxed") if act.direction == "tightened" else ("relaxed", "tightened")
        if sum(any(abs((one - day).days) <= 3 for one in a.dates) for a in record.acts) == 1:
            yield Case("direction", f"On {day:%B} {day.day}, {day.year}, the Commerce Department {verb} its export controls.", False)  # fmt: skip
            yield Case("direction", f"On {day:%B} {day.day}, {day.year}, the Commerce Department {other} its export controls.", True)  # fmt: skip
        for name in act.names[:1]:
            yield Case("named act", f"On {act.dates[-1]:%B} {act.dates[-1].day}, {act.dates[-1].year}, BIS issued the {name} policy.", False)  # fmt: skip
            off = act.dates[-1] + dt.timedelta(days=190)
            yield Case("named act", f"On {off:%B} {off.day}, {off.year}, BIS issued the {name} policy.", True)
    lines = {
        "threshold.tpp": ("Items with a total processing performance of {value:,.0f} or more need a licence under the export rule.", 1.31),
        "threshold.dram_gbs": ("The export rule covers chips with a total DRAM bandwidth of less than {value:,.0f} GB/s.", 1.37),
        "threshold.performance_density": ("Items with a performance density of {value:g} or more are controlled by the rule.", 1.43),
    }  # fmt: skip
    for attribute, (template, factor) in lines.items():
        known = record.about("us-threshold", attribute)
        for value in sorted({fact.low for fact in known if fact.low is not None and fact.low < 1e6}):
            yield Case("line of the law", template.format(value=value), False)
            wrong = value * factor
            if all(abs(wrong - (fact.low or 0)) > 0.1 * wrong and abs(wrong - (fact.high or 0)) > 0.1 * wrong for fact in known):  # fmt: skip
                yield Case("line of the law", template.format(value=wrong), True)
    for agency, bad in (("Commerce Department", False), ("Bureau of Industry and Security", False), ("Treasury Department", True), ("State Department", True), ("Defense Department", True), ("Justice Department", True)):  # fmt: skip
        yield Case("agency", f"The {agency} tightened export controls on AI chips.", bad)
        yield Case("agency", f"On January 13, 2026, the {agency} revised its license review policy.", bad)
    for text, bad in (
        ("Shipments of the H200 to China may not exceed 50% of the volume sold to US customers.", False),
        ("Shipments of the H200 to China may not exceed 60% of the volume sold to US customers.", True),
        ("A 25% tariff on the H200 takes effect.", False),
        ("A 35% tariff on the H200 takes effect.", True),
        ("Nvidia hands the US government 15% of its H20 revenue.", False),
        ("Nvidia hands the US government 30% of its H20 revenue.", True),
        ("AMD chief executive Lisa Su spoke.", False),
        ("Intel chief executive Lisa Su spoke.", True),
    ):
        yield Case("figure of the affair", text, bad)


def text_cases() -> Iterator[Case]:
    """Days that no calendar has, and numbers that do not fit one another."""
    for text, bad in (
        ("The letter reached Nvidia on April 30, 2025.", False), ("The letter reached Nvidia on April 31, 2025.", True),
        ("The rule is of 29 February 2024.", False), ("The rule is of 30 February 2024.", True),
        ("Sales stopped on 2025-06-30.", False), ("Sales stopped on 2025-06-31.", True),
        ("Talks ended on September 30.", False), ("Talks ended on September 31.", True),
        ("新规于2025年11月30日生效。", False), ("新规于2025年11月31日生效。", True), ("Feb. 29, 2025 was named.", True),
    ):  # fmt: skip
        yield Case("day of the calendar", text, bad)
    for parts in ((100, 150, 200), (80, 120, 300), (40, 60, 250)):
        told = [f"{part},000" for part in parts]
        for total, bad in ((sum(parts), False), (sum(parts) + 70, True)):
            yield Case("sum", f"China approved {told[0]} H200 chips for ByteDance, {told[1]} chips for Alibaba and {told[2]} chips for Tencent, {total},000 chips in total.", bad, ("intra_doc",))  # fmt: skip
    for count, price in ((10_000, 11_000), (50_000, 12_000), (200_000, 10_000)):
        worth = count * price / 1e9
        for value, bad in ((worth, False), (worth * 1.8, True)):
            yield Case("product", f"The firm ordered {count:,} H20 chips at ${price:,} each, an order worth ${value:g} billion.", bad, ("intra_doc",))  # fmt: skip


def cases(record: Record) -> list[Case]:
    """Every case."""
    chips = [case for chip in record.chips.values() if chip.known for case in chip_cases(chip)]
    return [*chips, *law_cases(record), *text_cases()]


def verdicts(found: list[Case], record: Record, reader: Reader) -> dict[str, list[tuple[Case, list[str]]]]:
    """Sort -> its cases, each with the statements that were made of it."""
    del record
    result: dict[str, list[tuple[Case, list[str]]]] = defaultdict(list)
    for case in found:
        document = Document("d", case.text, date=DAY)
        reading = Reading(documents=[document], claims=reader.read(document))
        reconcile_reading(reading, reader)
        result[case.sort].append(
            (
                case,
                [
                    f"{one.kind}: {one.statement}"
                    for one in reading.findings
                    if one.kind.startswith(case.kinds if case.wrong else ("vs_authority_", "intra_doc"))
                    and one.kind != "vs_authority_outcome"
                ],
            )
        )
    return result


def main() -> None:
    record, reader = load_record(), Reader(load_evidence_tables())
    table = verdicts(cases(record), record, reader)
    print("| what | errors | found | true sentences | flagged |\n|---|--:|--:|--:|--:|")
    sums = [0, 0, 0, 0]
    for sort, judged in sorted(table.items()):
        wrong = [said for case, said in judged if case.wrong]
        right = [said for case, said in judged if not case.wrong]
        row = [len(wrong), sum(map(bool, wrong)), len(right), sum(map(bool, right))]
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        print(f"| {sort} | {row[0]} | {row[1]} | {row[2]} | {row[3]} |")
    print(f"| all | {sums[0]} | {sums[1]} | {sums[2]} | {sums[3]} |")
    if "--show" in sys.argv:
        for judged in table.values():
            for case, said in judged:
                if bool(said) != case.wrong:
                    print("missed:" if case.wrong else "flagged:", case.sort, "|", case.text, "|", said[:1])


if __name__ == "__main__":
    main()
