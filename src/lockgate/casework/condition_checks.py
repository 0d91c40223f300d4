"""Whether a typed condition holds on the facts: yes, no, or not known, with the figures behind the answer."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, word
from lockgate.casework.conditions import (
    Condition,
    DataLocalisationTerms,
    EndUseTerms,
    ExpiryTerms,
    ExportTestTerms,
    KycTerms,
    LocationTerms,
    RatioCapTerms,
    RecipientQuotaTerms,
    RemoteAccessTerms,
    ReportingTerms,
    VolumeTerms,
)


@dataclass(frozen=True, slots=True)
class RemoteUser:
    """Somebody who uses the goods from afar, with every place they are in or are owned from; None: not known."""

    id: str
    places: frozenset[str] | None


@dataclass(frozen=True)
class Facts:
    """What is known about the goods under a decision. None throughout: not known, which is not nothing.

    Attributes:
        on: The day it is asked for.
        shipped_quantity: Units shipped.
        held_by_recipient: Units by recipient and product, over every vendor.
        aggregate_tpp: Aggregate TPP by product and place of end use.
        places: Places where goods stand.
        sites: Sites where goods stand.
        end_uses: Uses they are put to.
        remote_users: Who uses them from afar.
        data_places: Places where the data named is kept.
        procedures: Kinds of papers on file that document a procedure.
        untested_lots: Lots shipped without the test; an empty set: every lot was tested.
        sampled_fraction: The smallest part of a lot that was sampled.
        overdue_reports: Whether a report is overdue, by its subject.
    """

    on: dt.date
    shipped_quantity: int | None = None
    held_by_recipient: Mapping[str, Mapping[str, int]] | None = None
    aggregate_tpp: Mapping[str, Mapping[str, Decimal]] | None = None
    places: frozenset[str] | None = None
    sites: frozenset[str] | None = None
    end_uses: frozenset[str] | None = None
    remote_users: tuple[RemoteUser, ...] | None = None
    data_places: frozenset[str] | None = None
    procedures: frozenset[str] | None = None
    untested_lots: frozenset[str] | None = None
    sampled_fraction: Decimal | None = None
    overdue_reports: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer for one condition.

    Attributes:
        condition: Its id.
        holds: Yes, no, or not known.
        explanation: The figures behind it.
        missing: Names of facts that would settle it.
    """

    condition: str
    holds: Truth
    explanation: Explanation
    missing: tuple[str, ...] = ()


Answer = tuple[Truth, str, tuple[str, ...]]
UNKNOWN = "not known"


def check_condition(condition: Condition, facts: Facts) -> Finding:
    """Whether a condition holds on the facts."""
    holds, why, missing = CHECKS[condition.terms.kind](condition.terms, facts)
    explanation = Explanation(condition.text, word(holds), note=why)
    return Finding(condition.id, holds, explanation, missing)


def _missing(*names: str) -> Answer:
    return None, UNKNOWN, names


def _volume(terms: VolumeTerms, facts: Facts) -> Answer:
    if facts.shipped_quantity is None:
        return _missing("shipped_quantity")
    return (
        facts.shipped_quantity <= terms.quantity_max,
        f"{facts.shipped_quantity} of {terms.quantity_max} units",
        (),
    )


def _recipient_quota(terms: RecipientQuotaTerms, facts: Facts) -> Answer:
    if facts.held_by_recipient is None:
        return _missing("held_by_recipient")
    totals = {
        who: sum(units for product, units in held.items() if not terms.products or product in terms.products)
        for who, held in facts.held_by_recipient.items()
    }
    over = {who: units for who, units in totals.items() if units > terms.quantity_max}
    most = max(totals.values(), default=0)
    words = (
        ", ".join(f"{who} has {units}" for who, units in sorted(over.items()))
        or f"the most anybody has is {most}"
    )
    return not over, f"{words} of {terms.quantity_max} units", ()


def _ratio_cap(terms: RatioCapTerms, facts: Facts) -> Answer:
    if facts.aggregate_tpp is None or terms.product not in facts.aggregate_tpp:
        return _missing(f"aggregate_tpp.{terms.product}")
    by_place = facts.aggregate_tpp[terms.product]
    capped = sum((Fraction(by_place.get(place, 0)) for place in terms.capped_places), Fraction(0))
    base = sum((Fraction(by_place.get(place, 0)) for place in terms.base_places), Fraction(0))
    ceiling = Fraction(terms.ratio_max) * base
    return capped <= ceiling, f"{float(capped):,.0f} of {float(ceiling):,.0f} TPP", ()


def _within(found: Iterable[str], allowed: Iterable[str]) -> tuple[bool, str]:
    outside = sorted(set(found) - set(allowed))
    return not outside, "outside: " + ", ".join(outside) if outside else "all within"


def _location(terms: LocationTerms, facts: Facts) -> Answer:
    checks = [("places", terms.places, facts.places), ("sites", terms.sites, facts.sites)]
    asked = [(name, allowed, found) for name, allowed, found in checks if allowed]
    answers = [_within(found, allowed) for _, allowed, found in asked if found is not None]
    missing = tuple(name for name, _, found in asked if found is None)
    if any(not held for held, _ in answers):
        return False, "; ".join(why for held, why in answers if not held), ()
    return (None, UNKNOWN, missing) if missing else (True, "all within", ())


def _end_use(terms: EndUseTerms, facts: Facts) -> Answer:
    if facts.end_uses is None:
        return _missing("end_uses")
    barred = sorted(facts.end_uses & set(terms.barred))
    if barred:
        return False, "barred: " + ", ".join(barred), ()
    held, why = _within(facts.end_uses, terms.allowed or facts.end_uses)
    return held, why, ()


def _remote_access(terms: RemoteAccessTerms, facts: Facts) -> Answer:
    if facts.remote_users is None:
        return _missing("remote_users")
    barred = [
        user.id for user in facts.remote_users if user.places and user.places & set(terms.barred_places)
    ]
    secret = [user.id for user in facts.remote_users if user.id not in terms.disclosed_users]
    unknown = tuple(f"remote_users.{user.id}.places" for user in facts.remote_users if user.places is None)
    if barred or secret:
        return (
            False,
            "; ".join(
                [
                    *(f"{who} is from a barred place" for who in barred),
                    *(f"{who} is not disclosed" for who in secret),
                ]
            ),
            (),
        )
    return (
        (None, UNKNOWN, unknown) if unknown else (True, f"{len(facts.remote_users)} users, all disclosed", ())
    )


def _data_localisation(terms: DataLocalisationTerms, facts: Facts) -> Answer:
    if facts.data_places is None:
        return _missing("data_places")
    held, why = _within(facts.data_places, {terms.place})
    return held, why, ()


def _kyc(terms: KycTerms, facts: Facts) -> Answer:
    if facts.procedures is None:
        return _missing("procedures")
    wanted = terms.procedure or "kyc_procedure"
    return (
        wanted in facts.procedures,
        f"{wanted} {'is' if wanted in facts.procedures else 'is not'} on file",
        (),
    )


def _export_test(terms: ExportTestTerms, facts: Facts) -> Answer:
    if facts.untested_lots is None:
        return _missing("untested_lots")
    if facts.untested_lots:
        return False, "shipped untested: " + ", ".join(sorted(facts.untested_lots)), ()
    if terms.sample_fraction is None:
        return True, "every lot was tested", ()
    if facts.sampled_fraction is None:
        return _missing("sampled_fraction")
    return (
        facts.sampled_fraction >= terms.sample_fraction,
        f"sampled {facts.sampled_fraction}, at least {terms.sample_fraction}",
        (),
    )


def _reporting(terms: ReportingTerms, facts: Facts) -> Answer:
    if facts.overdue_reports is None or terms.subject not in facts.overdue_reports:
        return _missing(f"overdue_reports.{terms.subject}")
    late = facts.overdue_reports[terms.subject]
    return not late, f"{terms.subject} is {'overdue' if late else 'not overdue'}", ()


def _expiry(terms: ExpiryTerms, facts: Facts) -> Answer:
    return facts.on <= terms.expires_on, f"runs to the end of {terms.expires_on}", ()


CHECKS: Mapping[str, Callable[[Any, Facts], Answer]] = MappingProxyType(
    {
        "volume": _volume,
        "recipient_quota": _recipient_quota,
        "ratio_cap": _ratio_cap,
        "location": _location,
        "end_use": _end_use,
        "remote_access": _remote_access,
        "data_localisation": _data_localisation,
        "kyc": _kyc,
        "test_before_export": _export_test,
        "reporting": _reporting,
        "expiry": _expiry,
    }
)
"""What answers each kind of terms."""
