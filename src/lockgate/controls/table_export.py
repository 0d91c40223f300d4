"""The United States export gate for many rows at once.

Each function is that of `lockgate.controls.us_export` and the modules it calls, over arrays; a property test holds the two to the
same answers in every field.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lockgate.base.three_valued import Truth
from lockgate.catalogue.law import Version
from lockgate.controls.classification import PROVISIONS, STATED, A, B, C
from lockgate.controls.end_use import AFFILIATES, FOUND, MILITARY, SCREENING, UNSCREENED
from lockgate.controls.exceptions import ACA, CONDITIONS, HBM, NAC, PURCHASE_ORDER
from lockgate.controls.foundry import NOTE_1
from lockgate.controls.licence import GATE, REMOTE_ACCESS
from lockgate.controls.naming import is_named, names
from lockgate.controls.review import NONE, UNDETERMINED
from lockgate.controls.table_classification import CODES, ItemRows
from lockgate.controls.table_conditions import CheckRows, check_rows
from lockgate.controls.table_rows import Named, Rows, among
from lockgate.controls.transaction import Movement
from lockgate.controls.truth_arrays import (
    NO,
    UNKNOWN,
    YES,
    Mask,
    Truths,
    all_of,
    any_of,
    choose,
    negate,
    of_mask,
)
from lockgate.controls.us_export import FOREIGN_DESIGN, NOT_ENFORCED, UNVERIFIED

DENIAL = "presumption-of-denial"


@dataclass(frozen=True, slots=True)
class GroundRows:
    """`Ground`, over rows; rows that it does not concern have ``required`` at `NO` and are not in ``concerns``."""

    id: str
    concerns: Mask
    required: Truths
    enforced: Truths
    version: Version
    missing: tuple[Named, ...]

    @property
    def outcome(self) -> str:
        """The review policy it names, if any."""
        return self.version.outcome


def approved_rows(rows: Rows, version: Version, in_scope: Truths) -> Truths:
    """A destination in scope, less the entities of supplement no. 8 to part 740 where the version spares them."""
    rule = version.values.get("supp_8")
    if rule is None:
        return in_scope
    here = rows.is_value(rows.table.places["to_place"], version.values.get("supp_8_place"))
    held = rows.table.truth("supp8_approved")
    spared = negate(held) if rule == "exempt" else choose(held == NO, YES, UNKNOWN)
    return choose(here, all_of(in_scope, spared), in_scope)


def find_grounds(rows: Rows, item: ItemRows) -> list[GroundRows]:
    """Every ground of the control list, of letters and of guidance."""
    law, table = rows.law, rows.table
    moves = rows.leaves_home
    found = []
    for id_, version in law.of_kind(GATE, "licence"):
        named = item.among(rows, version.items)
        party = rows.reaches_party(version.party_scope)
        text = approved_rows(rows, version, rows.reaches(version.scope, "to_place"))
        enforced = text
        if version.enforced_scope is not None:
            enforced = approved_rows(rows, version, rows.reaches(version.enforced_scope, "to_place"))
        required = all_of(named, moves, any_of(text, party))
        open_ = required == UNKNOWN
        missing = [*rows.missing_places(version, open_)]
        if "supp_8_place" in version.values:
            here = rows.is_value(table.places["to_place"], version.values["supp_8_place"])
            missing.append(("supp8_approved", open_ & here & (table.truth("supp8_approved") == UNKNOWN)))
        enforced = all_of(required, any_of(enforced, party))
        found.append(GroundRows(id_, named != NO, required, enforced, version, tuple(missing)))
    addressee_known = rows.ask(table.names["exporter"], bool) == YES
    by_maker = table.names["manufacturer"]
    for id_, version in law.of_kind(GATE, "letter"):
        asked = names_any(version.parties)
        addressed = choose(
            addressee_known, rows.ask(table.names["exporter"], asked), rows.ask(by_maker, asked)
        )
        test = rows.run_test(version, item.quantities)
        named = any_of(rows.ask(table.names["item"], is_among(version.items)), test.truth)
        route = rows.reaches_route(version)
        required = all_of(addressed, named, moves, route)
        open_ = required == UNKNOWN
        missing = [
            ("exporter", open_ & (addressed == UNKNOWN)),
            *among(test.missing, open_ & (named == UNKNOWN)),
            *rows.missing_places(version, open_ & (route == UNKNOWN)),
        ]
        found.append(GroundRows(id_, addressed != NO, required, required, version, tuple(missing)))
    for id_, version in law.of_kind(GATE, "guidance"):
        named = rows.ask(table.names["item"], is_among(version.items))
        designed = of_mask(
            (rows.reaches(version.party_scope, "designer_country") == YES)
            & ~rows.lacks_place("designer_country")
        )
        required = any_of(named, all_of(designed, any_of(item.truths[A], item.truths[B])))
        found.append(GroundRows(id_, required != NO, required, required, version, ()))
    return found


def is_among(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether an item is named by one of the patterns."""
    return lambda item: is_named(item, patterns)


def names_any(parties: tuple[str, ...]) -> Callable[[str | None], Truth]:
    """Whether a name is that of one of the parties; not known where it is not."""
    return lambda name: None if name is None else any(names(name, party) for party in parties)


@dataclass(frozen=True, slots=True)
class EndUseRows:
    """`EndUse`, over rows."""

    required: Truths
    basis: list[Named]
    missing: list[Named]
    warnings: list[Named]


def examine_end_uses(rows: Rows) -> EndUseRows:
    """Whether an end use asks for a licence, the provisions that do, what is missing and what was not asked."""
    table = rows.table
    required = rows.all(False)
    basis: list[Named] = []
    missing: list[Named] = []
    warnings: list[Named] = []
    every = np.ones(rows.count, dtype=np.bool_)
    military = table.truth("military_end_use")
    for id_, version in rows.law.of_kind(GATE, "end-use"):
        if id_ == AFFILIATES:
            if version.status == "suspended":
                continue
            share = table.evidence_number(str(version.values["column"]))
            over = share >= float(version.number("owner_fraction_min"))
            note = f"affiliates rule since {version.from_on}: {version.summary}"
            if version.status == "unknown":
                warnings.append((note, every))
            else:
                warnings.append((f"not asked: {version.needs}", np.isnan(share)))
            truth = choose(over, UNKNOWN if version.status == "unknown" else YES, NO)
        else:
            here = rows.reaches(version.scope, "to_place")
            if id_ == MILITARY:
                truth = all_of(here, military)
            else:
                stated = table.evidence(str(version.values["column"]))
                truth = choose(stated == YES, here, NO)
                warnings.append((f"not asked: {version.needs}", (stated == UNKNOWN) & (here != NO)))
            missing += [
                ("military_end_use", (truth == UNKNOWN) & (military == UNKNOWN)),
                ("to", (truth == UNKNOWN) & rows.lacks_place("to_place")),
            ]
        basis.append((id_, truth == YES))
        required = any_of(required, truth)
    screened = table.evidence(SCREENING)
    hit: Mask = screened == NO
    missing.append((SCREENING, hit))
    warnings += [(FOUND, hit), (UNSCREENED, screened == UNKNOWN)]
    return EndUseRows(any_of(required, choose(hit, UNKNOWN, NO)), basis, missing, warnings)


@dataclass(frozen=True, slots=True)
class ReviewRows:
    """`Review`, over rows: ``policy`` is a position in ``policies``, ``conditions`` one in ``prefixes``."""

    policies: tuple[str, ...]
    policy: np.ndarray[tuple[int], np.dtype[np.int8]]
    prefixes: tuple[str, ...]
    conditions: np.ndarray[tuple[int], np.dtype[np.int8]]
    basis: tuple[Named, ...]
    missing: tuple[Named, ...]
    blocks: tuple[Named, ...]

    def is_policy(self, policy: str) -> Mask:
        """Where a policy holds."""
        mask: Mask = self.policy == self.policies.index(policy)
        return mask


def find_policies(rows: Rows, item: ItemRows, required: Truths, grounds: Sequence[GroundRows]) -> ReviewRows:
    """How an application for each row would be reviewed."""
    versions = sorted(rows.law.of_kind(GATE, "review"), key=lambda pair: pair[1].number("rank"))
    policies = (NONE, UNDETERMINED, *sorted({version.outcome for _, version in versions} | {ground.outcome for ground in grounds} - {""} - {NONE, UNDETERMINED}))  # fmt: skip
    policies = tuple(dict.fromkeys(policies))
    prefixes = tuple(
        dict.fromkeys(["", *(str(version.values.get("conditions", "")) for _, version in versions)])
    )
    none, open_ = policies.index(NONE), policies.index(UNDETERMINED)
    first = np.full(rows.count, -1, dtype=np.int8)
    mixed = np.zeros(rows.count, dtype=np.bool_)
    conditions = np.zeros(rows.count, dtype=np.int8)
    basis: list[Named] = []
    missing: list[Named] = []
    blocks: list[Named] = []
    settled: Mask = required == NO
    first[settled] = none
    by_denial = [ground for ground in grounds if ground.outcome == DENIAL]
    for ground in by_denial:
        settled = settle(ground, policies, first, settled, basis)
    listed = any_of(rows.all(False), *(ground.required for ground in grounds if not ground.outcome))
    unlisted: Mask = listed == NO
    for ground in grounds:
        if ground.outcome and ground.outcome != DENIAL:
            settled = settle(ground, policies, first, settled, basis, unlisted)
    live = ~settled
    first[live & (listed != YES)] = open_
    for id_, version in versions:
        fits, lacking = fit_policy(rows, version, item)
        if version.lines:
            blocks.append((id_, live & (item.among(rows, version.items) != NO)))
        taken = live & (fits != NO)
        position = policies.index(version.outcome)
        mixed |= taken & (first != -1) & (first != position)
        first[taken & (first == -1)] = position
        prefix = prefixes.index(str(version.values.get("conditions", "")))
        conditions[taken & (conditions == 0)] = prefix
        basis.append((id_, taken))
        missing += among(tuple(lacking), taken)
        live = live & (fits != YES)
    mixed |= live & (first != -1) & (first != open_)
    first[live] = np.where(first[live] == -1, open_, first[live])
    sure = settled | (~mixed & (required == YES))
    policy = np.where(sure, first, open_).astype(np.int8)
    unsettled = ~settled & (policy == open_)
    lacking_ = tuple(among(tuple(missing), unsettled))
    return ReviewRows(policies, policy, prefixes, conditions, tuple(basis), lacking_, tuple(blocks))


def settle(
    ground: GroundRows,
    policies: tuple[str, ...],
    first: np.ndarray[tuple[int], np.dtype[np.int8]],
    settled: Mask,
    basis: list[Named],
    where: Mask | None = None,
) -> Mask:
    """Let a ground that names its own policy settle the rows that nothing else has settled."""
    fresh = ~settled & (ground.required == YES)
    if where is not None:
        fresh &= where
    first[fresh] = policies.index(ground.outcome)
    basis.append((ground.id, fresh))
    joined: Mask = settled | fresh
    return joined


def fit_policy(rows: Rows, version: Version, item: ItemRows) -> tuple[Truths, list[Named]]:
    """Whether a policy fits, and what would tell."""
    named = item.among(rows, version.items)
    route = rows.qualifies(version)
    test = rows.run_test(version, item.quantities) if version.lines else None
    lesser = item.lesser if "lesser" in version.values else YES
    fits = all_of(named, route, YES if test is None else test.truth, lesser)
    open_: Mask = fits == UNKNOWN
    missing = list(among(test.missing, open_)) if test is not None else []
    unclear = open_ & (route == UNKNOWN)
    missing += rows.missing_places(version, unclear)
    if "kinds" in version.values:
        missing.append(("kind", unclear & rows.is_value(rows.movement, None)))
    if "from_place" in version.values:
        starts = rows.starts_from(str(version.values["from_place"]))
        missing.append(("from", unclear & (starts == UNKNOWN)))
    if "lesser" in version.values:
        missing.append(("datacenter", open_ & (item.lesser == UNKNOWN)))
    return fits, missing


@dataclass(frozen=True, slots=True)
class ExceptionRows:
    """`OpenException`, over rows; ``shown`` is where it is listed."""

    name: str
    id: str
    concerns: Mask
    usable: Truths
    shown: Mask


def find_exceptions(rows: Rows, item: ItemRows, where: Mask) -> list[ExceptionRows]:
    """Exceptions for the items of some rows."""
    found = []
    taken = rows.all(False)
    for id_, version in sorted(rows.law.of_kind(GATE, "exception"), key=lambda pair: pair[0] != NAC):
        named = item.among(rows, version.items)
        concerned = where & (named != NO)
        if version.status != "in-force":
            continue
        eligible = item.lesser
        if id_ == HBM:
            eligible = all_of(item.truths[C], rows.run_test(version, item.quantities).truth)
        fits = all_of(named, eligible)
        goes = all_of(rows.leaves_home, rows.reaches_route(version))
        moved = negate(taken) if id_ == ACA else rows.moves_as(str(version.values.get("kinds", "")))
        usable = choose(concerned, all_of(fits, goes, moved), NO)
        if id_ == NAC:
            taken = choose(concerned, all_of(goes, moved), NO)
        shown = concerned & ((usable == YES) | ((fits == YES) & (goes == YES) & (usable == UNKNOWN)))
        found.append(ExceptionRows(version.outcome, id_, concerned, usable, shown))
    return found


@dataclass(frozen=True, slots=True)
class ExportRows:
    """What the export gate says of each row; ``verdict`` is a truth, yes for MET."""

    item: ItemRows
    required: Truths
    enforced: Truths
    review: ReviewRows
    exceptions: tuple[ExceptionRows, ...]
    conditions: tuple[tuple[str, Mask, Truths], ...]
    verdict: Truths
    basis: tuple[Named, ...]
    missing: tuple[Named, ...]
    warnings: tuple[Named, ...]
    citations: tuple[Named, ...]
    blocks: tuple[Named, ...]


def answer_export(rows: Rows, item: ItemRows) -> ExportRows:
    """What the export gate says of each row."""
    grounds = find_grounds(rows, item)
    required = any_of(rows.all(False), *(ground.required for ground in grounds))
    enforced = any_of(rows.all(False), *(ground.enforced for ground in grounds))
    end_use = examine_end_uses(rows)
    review = find_policies(rows, item, required, grounds)
    blocked = any_of(end_use.required, *(ground.required for ground in grounds if ground.outcome))
    exceptions = find_exceptions(rows, item, (required != NO) & (blocked != YES))
    policy_checks = [
        (review.conditions == position, check_rows(prefix, rows))
        for position, prefix in enumerate(review.prefixes)
        if prefix and (review.conditions == position).any()
    ]
    met = rows.all(True)
    for where, checks in policy_checks:
        met = choose(where, checks.met, met)
    conditional = choose(review.is_policy(UNDETERMINED), any_of(met, UNKNOWN), met)
    licence = rows.table.truth("us_licence")
    by_exception = rows.all(False)
    exception_checks = []
    for exception in exceptions:
        if exception.id.startswith(CONDITIONS):
            checks = check_rows(CONDITIONS if exception.id == NAC else PURCHASE_ORDER, rows)
        else:
            checks = CheckRows((), rows.all(None), ())
        exception_checks.append((exception, checks))
        by_exception = any_of(by_exception, all_of(exception.usable, checks.met, negate(blocked)))
    free = all_of(negate(required), negate(end_use.required))
    verdict = any_of(free, all_of(licence, conditional), by_exception)
    policy_missing = [named for where, checks in policy_checks for named in among(checks.missing, where)]
    exception_missing = [
        named
        for exception, checks in exception_checks
        for named in among(checks.missing, exception.usable != NO)
    ]
    held_back: Mask = verdict != YES
    asked: Mask = ((required != NO) | (end_use.required == YES)) & (licence == UNKNOWN) & held_back
    open_: Mask = required == UNKNOWN
    missing: list[Named] = [*among(item.missing, open_ | item.undetermined)]
    missing += [named for ground in grounds for named in among(ground.missing, open_)]
    missing += [*review.missing, ("us_licence", asked), *end_use.missing]
    missing += among(tuple(policy_missing), held_back)
    missing += among(tuple(exception_missing), held_back & (licence != YES))
    missing.append(("end_user", rows.is_value(rows.table.names["end_user"], None)))
    conditions = [(id_, here & where, truth) for where, checks in policy_checks for id_, here, truth in checks.conditions]  # fmt: skip
    for exception, checks in exception_checks:
        conditions += [(id_, here & exception.shown, truth) for id_, here, truth in checks.conditions]
    tests = [
        *((PROVISIONS[name], item.code == CODES.index(name)) for name in PROVISIONS),
        *among(item.tests, item.code == 0),
    ]
    asking = [(ground.id, ground.concerns & (ground.required == required)) for ground in grounds]
    every = np.ones(rows.count, dtype=np.bool_)
    return ExportRows(
        item,
        required,
        enforced,
        review,
        tuple(exceptions),
        tuple(conditions),
        verdict,
        (*tests, *asking, *review.basis, *end_use.basis),
        tuple(missing),
        tuple(warn_rows(rows, item, grounds, required, enforced, review, end_use)),
        (
            *item.tests,
            *((ground.id, ground.concerns) for ground in grounds),
            *((exception.id, exception.concerns) for exception in exceptions),
            *review.basis,
            *((id_, every) for id_, _ in rows.law.of_kind(GATE, "end-use")),
        ),
        (
            *((id_, mask) for id_, mask in item.tests if id_ not in (STATED, NOTE_1)),
            *((ground.id, ground.concerns) for ground in grounds if ground.version.lines),
            *review.blocks,
        ),
    )


def warn_rows(
    rows: Rows,
    item: ItemRows,
    grounds: Sequence[GroundRows],
    required: Truths,
    enforced: Truths,
    review: ReviewRows,
    end_use: EndUseRows,
) -> Iterator[Named]:
    """What a reader must know besides."""
    yield NOT_ENFORCED, (required == YES) & (enforced == NO)
    stated = [(id_, mask) for id_, mask in item.tests if id_ == STATED]
    asking = [(ground.id, ground.concerns & (ground.required != NO)) for ground in grounds]
    for id_, mask in (*stated, *asking, *review.basis):
        version = rows.law[id_]
        if version.verification in UNVERIFIED:
            yield f"{id_}: {version.verification}, not read in the primary text", mask
        for text in version.open:
            yield f"{id_}: {text}", mask
    if REMOTE_ACCESS in rows.law:
        yield rows.law[REMOTE_ACCESS].summary, rows.is_kind(Movement.REMOTE_ACCESS)
    designer = rows.table.places["designer_country"]
    yield FOREIGN_DESIGN, ~rows.is_value(designer, None) & ~rows.is_value(designer, "US")
    yield from end_use.warnings
