"""China's import gate, as the press reports it.

No official text was found, so nothing here is law: provisions under ``cn-import`` are reported facts with a date, a source and
a confidence. Approval, order, US licence, test, tariff, export, customs entry and delivery are different facts; only a report
that carries a state of this gate sets its state, and none is inferred from another.

Source: ``data/law/cn-import``.
"""

import re
import unicodedata
from collections.abc import Iterator

from lockgate.base.explanation import Explanation
from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.determination import Condition, ConditionStatus, GateAnswer, Verdict
from lockgate.controls.naming import is_named
from lockgate.controls.transaction import Movement, Transaction

GATE = "cn-import"
REPORTS, CONDITIONS, RECIPIENTS = (f"{GATE}.{kind}." for kind in ("reports", "conditions", "recipients"))

STATES = {
    "discouraged": Verdict.UNDETERMINED,
    "stopped": Verdict.NOT_MET,
    "blocked-at-customs": Verdict.NOT_MET,
    "conditionally-approved": Verdict.MET,
    "unknown": Verdict.UNDETERMINED,
}
"""What each reported state means for the verdict: only an approval opens the gate, only a stop closes it."""

NOT_APPLICABLE = "not-applicable"
RESTS_ON_PRESS = (
    "China's import gate rests on press reports of unnamed sources; no official Chinese text was found"
)
NONE_HELD = "an approval is reported for this recipient, but the transaction says that none is held"
MAINLAND = "CN"
OTHER_CUSTOMS_TERRITORIES = frozenset({"HK", "MO"})
CORPORATE_FORMS = frozenset(
    {"co", "company", "corp", "corporation", "group", "inc", "limited", "llc", "ltd", "plc", "technology"}
    | {"有限公司", "有限责任公司", "股份有限公司"}
)  # fmt: skip


def answer_cn_import(transaction: Transaction, law: LawOnDate) -> GateAnswer:
    """What China's import gate says, as reported.

    MET: an approval of this recipient for this chip is reported, or one is held. NOT_MET: a stop is reported. Else
    UNDETERMINED. NOT_IN_FORCE: nothing is imported into China.

    Args:
        transaction: What moves.
        law: The reports of the day, as known on the day of knowledge.
    """
    outside = why_not_an_import(transaction)
    if outside:
        return GateAnswer(
            gate=GATE,
            verdict=Verdict.NOT_IN_FORCE,
            state=NOT_APPLICABLE,
            explanation=Explanation("China's import gate", NOT_APPLICABLE, note=outside),
        )
    recipient = recipient_id(transaction.end_user, law)
    found = sorted(
        ((id_, version) for id_, version in reports_of(transaction.item, law)),
        key=lambda pair: (pair[1].from_on, bool(pair[1].parties), pair[0]),
    )
    deciding = [
        pair
        for pair in found
        if pair[1].outcome and (not pair[1].parties or recipient in pair[1].parties)
    ]  # fmt: skip
    speaks_of_it = transaction.to_place == MAINLAND
    id_, version = deciding[-1] if deciding and speaks_of_it else ("", None)
    state = version.outcome if version else "unknown"
    held = transaction.cn_approval is True
    verdict = Verdict.MET if held else STATES[state]
    steps = [
        Explanation(
            "import approval held",
            {True: "yes", False: "no", None: "not stated"}[transaction.cn_approval],
            note="as the transaction says" if transaction.cn_approval is not None else "",
        ),
        *(explain_report(*pair, decides=pair[0] == id_) for pair in reversed(found)),
    ]
    return GateAnswer(
        gate=GATE,
        verdict=verdict,
        state=state,
        basis=(id_,) if id_ else (),
        explanation=Explanation(
            "China's import gate, as reported",
            state,
            note=describe(transaction, version, recipient),
            children=tuple(steps),
        ),
        missing=what_is_missing(transaction, verdict),
        conditions=tuple(conditions_of(transaction.item, law)) if verdict is not Verdict.NOT_MET else (),
        warnings=warn(transaction, version, state),
    )


def why_not_an_import(transaction: Transaction) -> str:
    """Why nothing is imported into China; empty where something is, or where that is not known."""
    to_place, from_place = transaction.to_place, transaction.from_place
    if to_place is not None and to_place != MAINLAND and to_place not in OTHER_CUSTOMS_TERRITORIES:
        return f"the goods go to {to_place}, not to China"
    if transaction.kind in (Movement.REMOTE_ACCESS, Movement.IN_COUNTRY_TRANSFER):
        return f"{transaction.kind}: no goods enter the country"
    if to_place is not None and to_place == from_place:
        return "the goods do not leave the place"
    return ""


def reports_of(item: str, law: LawOnDate) -> Iterator[tuple[str, Version]]:
    """Reports that speak of ``item`` (a catalogue id): id and version."""
    for id_, version in law.items():
        if id_.startswith(REPORTS) and names_item(version, item):
            yield id_, version


def names_item(version: Version, item: str) -> bool:
    """Whether ``item`` is among the items that ``version`` names.

    An item without an id is named only by what reaches everything.
    """
    return "*" in version.items or is_named(item, version.items)


def recipient_id(name: str | None, law: LawOnDate) -> str | None:
    """Id of the firm that ``name`` stands for, by the spellings known of it; None for anyone else."""
    wanted = plain_name(name or "")
    if not wanted:
        return None
    for id_, version in law.items():
        if id_.startswith(RECIPIENTS) and wanted in map(plain_name, version.parties):
            return id_.removeprefix(RECIPIENTS)
    return None


def plain_name(name: str) -> str:
    """A firm's name without case, width, punctuation, spaces and corporate form.

    >>> plain_name("ByteDance Ltd."), plain_name("Byte Dance"), plain_name("阿里巴巴集团 有限公司")
    ('bytedance', 'bytedance', '阿里巴巴集团')
    """
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold())
    kept = [word for word in words if word not in CORPORATE_FORMS] or words
    return "".join(kept)


def conditions_of(item: str, law: LawOnDate) -> Iterator[Condition]:
    """Conditions that reports attach to ``item``. None has an official wording, so none can be checked: all are unknown."""
    for id_, version in law.items():
        if id_.startswith(CONDITIONS) and names_item(version, item):
            yield reported_condition(id_, version)


def reported_condition(id_: str, version: Version) -> Condition:
    """A condition as reported: unknown, for none has an official wording."""
    note = f"as reported, confidence {version.confidence}; no official wording was found"
    return Condition(id_, ConditionStatus.UNKNOWN, version.needs, note=note)


def explain_report(id_: str, version: Version, *, decides: bool) -> Explanation:
    """One report as a step: what it reports, from which day, how surely, and whether it decides."""
    fact = version.values.get("fact", "report")
    role = (
        "Decides"
        if decides
        else ("A state for others or before" if version.outcome else "Sets no state here")
    )
    return Explanation(
        f"{fact} reported for {version.from_on.isoformat()}, confidence {version.confidence}",
        version.outcome or None,
        citation=id_,
        pinpoint=version.citation.pinpoint,
        note=f"{role}. {version.summary}",
    )


def describe(transaction: Transaction, version: Version | None, recipient: str | None) -> str:
    """Why this state, in a sentence."""
    if transaction.to_place is None:
        return "the destination is not given"
    if transaction.to_place in OTHER_CUSTOMS_TERRITORIES:
        return f"{transaction.to_place} is a customs territory of its own; the reports speak of the mainland"
    if version is None:
        return "no report sets a state for this item on this day"
    whom = "every recipient" if not version.parties else str(recipient)
    return f"the latest report that sets a state for {whom}, from {version.from_on.isoformat()}"


def what_is_missing(transaction: Transaction, verdict: Verdict) -> tuple[str, ...]:
    """Columns that would settle the gate."""
    if verdict is not Verdict.UNDETERMINED:
        return ()
    given = {"to": transaction.to_place, "item": transaction.item, "end_user": transaction.end_user}
    return (*(name for name, value in given.items() if not value), "cn_approval")


def warn(transaction: Transaction, version: Version | None, state: str) -> tuple[str, ...]:
    """What a reader must know besides the verdict."""
    warnings = [RESTS_ON_PRESS]
    if version is None:
        return tuple(warnings)
    approved = version.values.get("quantity_min")
    if approved and transaction.quantity is not None and transaction.quantity > approved:  # type: ignore[operator]
        warnings.append(
            f"quantity {transaction.quantity:,f} is above the {approved:,f} reported as approved in total"
        )
    if state == "conditionally-approved" and transaction.cn_approval is False:
        warnings.append(NONE_HELD)
    if STATES[state] is Verdict.NOT_MET and transaction.cn_approval:
        warnings.append(f"an approval is held although the reported state is {state}")
    return tuple(warnings)
