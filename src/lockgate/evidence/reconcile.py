"""Claims against claims: numbers as intervals, recipients as sets, directions, waits and ranks."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from lockgate.evidence.claims import Claim
from lockgate.evidence.findings import Authority, Finding, find, shown
from lockgate.evidence.record import Record

FORMAT = re.compile(r"\b(?:MX)?(?:FP|INT|BF|TF)\d{1,2}\b", re.IGNORECASE)
APPROXIMATE = 0.15  # "about 400,000" is 340,000 to 460,000
COUNTED = (
    "quantity.", "orders.", "shipment.", "inventory.", "demand.", "quota.", "price.", "charge.", "revenue.", "fee.", "tariff.",
    "market.size", "recipient.count", "share.", "chip.", "threshold.",
)  # fmt: skip
PASSING = (
    "revenue.",
    "shipment.",
    "orders.",
    "demand.",
    "inventory.",
    "market.size",
    "share.",
    "chip.yield_pct",
)
"""What differs from one time to the next: two figures conflict only where both are of the same stated time."""
STEADY = ("chip.", "perf.")  # what cannot differ within one text


def interval(claim: Claim) -> tuple[float, float]:
    """What a claim's wording allows, ends open where it sets none."""
    low = claim.low if claim.low is not None else float("-inf")
    high = claim.high if claim.high is not None else float("inf")
    if claim.low is None and claim.high is None and isinstance(claim.value, float):
        low, high = claim.value * (1 - APPROXIMATE), claim.value * (1 + APPROXIMATE)
    return low, high


def numeric(claim: Claim) -> bool:
    """Whether a claim bounds a number."""
    return isinstance(claim.value, float) or claim.low is not None or claim.high is not None


def reconcile(
    claims: Sequence[Claim], record: Record, dates: Mapping[str, date | None] | None = None
) -> Iterator[Finding]:
    """Every finding among claims. Grows as n log n with their number: claims are grouped and each group sorted once.

    Args:
        claims: Claims of all documents.
        record: What is on record.
        dates: Day of publication by document, where known.
    """
    groups: dict[tuple[str, str, str], list[Claim]] = defaultdict(list)
    by_attribute: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.polarity:
            by_attribute[claim.attribute].append(claim)
            if numeric(claim) and claim.unit != "date" and (claim.valid or not passing(claim)):
                time = claim.valid if passing(claim) else ""
                groups[claim.attribute, subject_key(claim) + time, claim.unit].append(claim)
    for (attribute, _, _), group in groups.items():
        yield from numbers(attribute, group, record)
    yield from recipients(by_attribute, record)
    yield from directions(by_attribute["policy.direction"], record)
    yield from waits(by_attribute["event.duration"])
    yield from ranks(by_attribute["chip.rank"], record, dates or {})
    yield from gates(by_attribute)


def on_record(claim: Claim, record: Record) -> bool:
    """Whether a property of a chip is one that a variant of it has on record, sparse rates included."""
    chip = record.chips.get(claim.subject_id)
    if chip is None:
        return False
    if claim.attribute == "chip.peak_tops":
        low, high = interval(claim)
        return any(
            known.fits(low / factor, high / factor, 0.04)
            for known in chip.peaks.values()
            for factor in (1, 2)
        )
    known = chip.known.get(claim.attribute)
    return known is not None and known.fits(*interval(claim), 0.04)


def passing(claim: Claim) -> bool:
    """Whether a figure is of a time: sales of a quarter, output of a year; what was approved is of one act."""
    return claim.attribute.startswith(PASSING) or (
        claim.attribute == "quantity.units" and not claim.subject.endswith(("approval", "licence"))
    )


def subject_key(claim: Claim) -> str:
    """What makes two claims be about one thing: the chip where there is one, and for counts what is counted."""
    if claim.attribute.startswith(("chip.", "perf.")):
        return claim.subject_id or claim.subject.lower()
    return claim.subject.lower().replace("import approval", "approval").replace("export licence", "approval")


def numbers(attribute: str, group: list[Claim], record: Record) -> Iterator[Finding]:
    """One number told several ways: compatible, or in conflict within a document or between documents."""
    if not attribute.startswith((*COUNTED, "perf.")):
        return
    bounds = {claim.id: interval(claim) for claim in group}
    if len(set(bounds.values())) == 1:
        return
    by_document: dict[str, list[Claim]] = defaultdict(list)
    for claim in group:
        by_document[claim.document].append(claim)
    if attribute.startswith("chip.") and all(on_record(claim, record) for claim in group):
        return  # variants, or rates of different formats: each is what a datasheet says
    if attribute.startswith(STEADY):
        for own in by_document.values():
            yield from _within(attribute, own)
    if len(by_document) < 2 or attribute.startswith("perf."):
        return
    if attribute.startswith("chip.") and not group[0].subject_id:
        return
    above = {claim.low for claim in group if claim.hedge == "over"}
    firm = [bounds[claim.id] for claim in group if claim.hedge == "over" or claim.value not in above]
    low, high = max(bound[0] for bound in firm), min(bound[1] for bound in firm)
    ordered = sorted(group, key=lambda claim: bounds[claim.id])
    values = "; ".join(dict.fromkeys(shown(claim) for claim in ordered))
    subject = group[0].subject
    if low <= high:
        together = (
            f"at least {low:,.6g}"
            if high == float("inf")
            else f"at most {high:,.6g}"
            if low == float("-inf")
            else f"{low:,.6g}"
            if low == high
            else f"between {low:,.6g} and {high:,.6g}"
        )
        yield find(
            "cross_seed_numeric", "low" if len(ordered) < 4 else "medium", ordered,
            f"{subject}: the documents give {values}. As intervals these are compatible; together they mean {together} {group[0].unit}."
            + (" A bare figure that another document puts “over” is read as its rounding." if len(firm) < len(group) else ""),
            "the latest version of the original report",
        )  # fmt: skip
        return
    yield find(
        "cross_seed_numeric", "high", ordered,
        f"{subject}: the documents give {values}; no number satisfies all of them.",
        "the original source of each figure and its date: a later version supersedes an earlier one",
    )  # fmt: skip


def _within(attribute: str, own: list[Claim]) -> Iterator[Finding]:
    if attribute.startswith("chip.") and not own[0].subject_id:
        return  # "SMIC chips" are many
    if attribute == "chip.peak_tops":
        own = [
            claim for claim in own if not FORMAT.search(claim.quote)
        ]  # each number format has its own rate
    if len({interval(claim) for claim in own}) < 2:
        return
    low = max(interval(claim)[0] for claim in own)
    high = min(interval(claim)[1] for claim in own)
    if low <= high:
        return
    values = "; ".join(dict.fromkeys(f"{claim.subject} {shown(claim)}" for claim in own))
    if attribute == "perf.ratio":
        yield find(
            "intra_doc", "low", own, f"One text gives different ratios for the same chips: {values}. Of different workloads they must not be merged; of one workload they cannot all be true.",
            "a measurement of each workload with its configuration",
        )  # fmt: skip
        return
    yield find(
        "intra_doc",
        "high",
        own,
        f"One text gives {attribute} as {values}, which cannot all be true.",
        "the maker's datasheet",
    )


def recipients(by_attribute: dict[str, list[Claim]], record: Record) -> Iterator[Finding]:
    """Who gets it: different lists, within a text and between texts; named or not; firms or categories."""
    named = [
        claim
        for claim in by_attribute["recipient"]
        if claim.value_id
        and claim.hedge != "may"
        and claim.subject.endswith("import approval")
        and not _group(claim)
    ]
    categories = [claim for claim in by_attribute["recipient"] if _group(claim)]
    lists: dict[tuple[str, int], list[Claim]] = defaultdict(list)
    for claim in named:
        lists[claim.document, claim.char_start].append(claim)
    sets = {
        key: frozenset(str(claim.value) for claim in group) for key, group in lists.items() if len(group) > 1
    }
    documents: dict[str, set[frozenset[str]]] = defaultdict(set)
    for (document, _), names in sets.items():
        documents[document].add(names)
    authority, truth = _recipients_on_record(named, record)
    for document, found in documents.items():
        if len(found) > 1 and not _nested(found):
            own = [
                claim for key, group in lists.items() if key[0] == document and key in sets for claim in group
            ]
            yield find(
                "intra_doc", "high", own, "One text gives different lists of recipients: " + "; ".join(_listing(names) for names in found) + truth,
                "" if authority else "the original report", authority,
            )  # fmt: skip
    every = {names for found in documents.values() for names in found}
    if len(documents) > 1 and len(every) > 1 and not _nested(every):
        yield find(
            "cross_seed_set", "high", [claim for key, group in lists.items() if key in sets for claim in group],
            "The documents name different recipients: " + "; ".join(sorted(map(_listing, every))) + truth,
            "" if authority else "the original report", authority,
        )  # fmt: skip
    known = {
        name
        for claim in named[:1]
        for fact in record.about(claim.subject_id, "recipient")
        for name in fact.words
    }
    for document in documents if len(every) < 2 else ():
        wrong = [
            claim
            for key, group in lists.items()
            if key[0] == document
            for claim in group
            if known and str(claim.value) not in known
        ]
        if wrong:
            yield find(
                "vs_authority_actor",
                "medium",
                wrong,
                f"{_listing({str(claim.value) for claim in wrong})} is named as a recipient" + truth,
                authority=authority,
            )
    silent = by_attribute["recipient.disclosure"]
    if silent and named and {claim.document for claim in silent} != {claim.document for claim in named}:
        yield find(
            "cross_seed_disclosure", "low", [*silent, *named],
            "Some documents say that the recipients were not named, others name them: versions of one report in order of time, not a conflict.",
            "the times of publication",
        )  # fmt: skip
    counts = [claim for claim in by_attribute["recipient.count"] if "internet" in claim.quote.lower()]
    if (
        counts
        and categories
        and {claim.document for claim in counts} != {claim.document for claim in categories}
    ):
        yield find(
            "cross_seed_category", "medium", [*categories, *counts],
            f"The recipients are {_listing({str(claim.value) for claim in categories})} in some documents and {shown(counts[0])} (internet firms) in others.",
            "" if authority else "the list of approvals", authority,
        )  # fmt: skip


def _group(claim: Claim) -> bool:
    return claim.value_id in (
        "technology-firms",
        "cloud-platforms",
        "research-institutions",
        "startups",
        "internet-companies",
        "state-owned-enterprises",
    )


def _listing(names: Iterable[str]) -> str:
    return "{" + ", ".join(sorted(names)) + "}"


def _nested(sets: Iterable[frozenset[str]]) -> bool:
    """Whether each set holds the one before: longer and shorter tellings of one list."""
    ordered = sorted(sets, key=len)
    return all(one <= other for one, other in pairwise(ordered))


def _recipients_on_record(named: Sequence[Claim], record: Record) -> tuple[Authority | None, str]:
    facts = [fact for claim in named[:1] for fact in record.about(claim.subject_id, "recipient")]
    if not facts:
        return None, "."
    first = facts[0]
    wrong = sorted({str(claim.value) for claim in named} - {name for fact in facts for name in fact.words})
    unsupported = f"; nothing on record supports {', '.join(wrong)}" if wrong else ""
    return Authority(
        first.source, "; ".join(first.words)
    ), f". On record: {_listing(first.words)} ({first.text}){unsupported}."


def directions(claims: Sequence[Claim], record: Record) -> Iterator[Finding]:
    """One government tightened and relaxed: which act is meant."""
    american = [claim for claim in claims if not claim.subject.startswith("China")]
    tightened = [claim for claim in american if claim.value == "tightened"]
    relaxed = [claim for claim in american if claim.value == "relaxed"]
    if (
        not tightened
        or not relaxed
        or {claim.document for claim in tightened} == {claim.document for claim in relaxed}
    ):
        return
    acts = [act for act in record.acts if act.government == "US"]
    last = max(acts, key=lambda act: max(act.dates)) if acts else None
    easing = max(
        (act for act in acts if act.direction == "relaxed"), key=lambda act: max(act.dates), default=last
    )
    said = f" The latest relaxing act on record is of {max(easing.dates)}: {easing.title}." if easing else ""
    yield find(
        "cross_seed_policy_direction", "high", [*tightened, *relaxed],
        "Some documents say that the US tightened its controls, others that it relaxed them." + said,
        "the act meant and its date", Authority(easing.source, f"{max(easing.dates)}: {easing.title}") if easing else None,
    )  # fmt: skip


def waits(claims: Sequence[Claim]) -> Iterator[Finding]:
    """How long something took, told differently."""
    by_subject: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_subject[claim.subject].append(claim)
    for subject, group in by_subject.items():
        words = {str(claim.value).lower() for claim in group}
        if len(words) > 1 and len({claim.document for claim in group}) > 1:
            yield find(
                "cross_seed_duration", "low", group,
                f"{subject}: {' and '.join(sorted(words))}. Both can be right from different starting points.",
                "the event from which each counts",
            )  # fmt: skip


def ranks(claims: Sequence[Claim], record: Record, dates: Mapping[str, date | None]) -> Iterator[Finding]:
    """A chip called the latest or the most powerful while the record has a later or stronger one of the same maker."""
    by_chip: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_chip[claim.subject_id].append(claim)
    for chip_id, group in by_chip.items():
        chip = record.chips.get(chip_id)
        top = [claim for claim in group if superlative(str(claim.value))]
        if chip is None or not top or chip.tpp is None:
            continue
        said = [on for claim in top if (on := dates.get(claim.document)) is not None]
        latest = max(said) if len(said) == len(top) else None
        stronger = [
            other for other in record.chips.values()
            if other.maker == chip.maker and other.tpp is not None and other.tpp > 1.2 * chip.tpp and other.released and chip.released and other.released[0] > chip.released[0]
            and (latest is None or other.released[0] <= latest)
        ]  # fmt: skip
        if not stronger:
            continue
        best = max(stronger, key=lambda other: other.tpp or 0.0)
        words = "; ".join(dict.fromkeys(f"“{claim.value}”" for claim in group))
        kind = "cross_seed_rank" if len({claim.document for claim in group}) > 1 else "vs_authority_spec"
        yield find(
            kind, "high" if kind == "cross_seed_rank" else "medium", group,
            f"{chip.name} is called {words}. On record {best.name} is later and stronger (TPP {best.tpp:,.0f} against {chip.tpp:,.0f}), so {chip.name} is not the maker's latest or most powerful.",
            authority=Authority(best.tpp_source, f"TPP {best.tpp:,.0f}"),
        )  # fmt: skip


def superlative(rank: str) -> bool:
    """Whether a rank puts a chip first among its maker's.

    >>> superlative("second most powerful chip"), superlative("flagship")
    (False, True)
    """
    words = rank.lower().replace("-", " ")
    if any(
        word in words
        for word in (
            "second",
            "permitted",
            "allowed",
            "available",
            "legal",
            "sold",
            "sell",
            "export",
            "offer",
            "approved",
            "cleared",
        )
    ):
        return False  # the best of those that may be sold is not the maker's best
    return any(
        word in words
        for word in ("latest", "newest", "flagship", "most ", "highest", "fastest", "best", "next gen", "最")
    )


def gates(by_attribute: dict[str, list[Claim]]) -> Iterator[Finding]:
    """The seller permitted to ship, the buyers permitted to import: two gates, two approvals."""
    sellers = by_attribute["approval.grantee"]
    imports = [claim for claim in by_attribute["approval.status"] if claim.subject.startswith("China->")]
    others = [claim for claim in imports if claim.document not in {seller.document for seller in sellers}]
    if sellers and others:
        yield find(
            "cross_seed_actor", "high", [*sellers, *others],
            f"Some documents say that {sellers[0].value} received permission to ship, others that China approved imports. "
            "These are two approvals of two governments: an export licence for the seller, an import approval for the buyers.",
            "which authority decided, for whom",
        )  # fmt: skip
