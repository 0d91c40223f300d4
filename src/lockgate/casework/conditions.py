"""Typed conditions on a decision: what is required, who set it, what shows that it holds, and how it may go."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class _Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VolumeTerms(_Terms):
    """No more than so many units in all."""

    kind: Literal["volume"] = "volume"
    quantity_max: PositiveInt


class RecipientQuotaTerms(_Terms):
    """No more than so many units for one recipient, counted over every product named, whoever makes it."""

    kind: Literal["recipient_quota"] = "recipient_quota"
    quantity_max: PositiveInt
    products: tuple[str, ...] = ()


class RatioCapTerms(_Terms):
    """What goes to ``capped_places`` stays at or under a share of what goes to ``base_places``, by aggregate TPP of one product."""

    kind: Literal["ratio_cap"] = "ratio_cap"
    product: str
    ratio_max: Annotated[Decimal, Field(gt=0)]
    capped_places: tuple[str, ...]
    base_places: tuple[str, ...]


class LocationTerms(_Terms):
    """The goods stay at the named sites, or within the named places."""

    kind: Literal["location"] = "location"
    places: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


class EndUseTerms(_Terms):
    """Only the named end uses; never the barred ones."""

    kind: Literal["end_use"] = "end_use"
    allowed: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()


class RemoteAccessTerms(_Terms):
    """No remote user who is in, or whose headquarters or parent is in, a barred place; others only if disclosed."""

    kind: Literal["remote_access"] = "remote_access"
    barred_places: tuple[str, ...]
    disclosed_users: tuple[str, ...] = ()


class DataLocalisationTerms(_Terms):
    """Data named here stays in the place."""

    kind: Literal["data_localisation"] = "data_localisation"
    place: str
    data: str = "all"


class KycTerms(_Terms):
    """The addressed party runs a documented know-your-customer procedure."""

    kind: Literal["kyc"] = "kyc"
    procedure: str = ""


class ExportTestTerms(_Terms):
    """A qualified laboratory tests a sample of each shipment before it leaves."""

    kind: Literal["test_before_export"] = "test_before_export"
    place: str
    sample_fraction: Annotated[Decimal, Field(gt=0, le=1)] | None = None


class ReportingTerms(_Terms):
    """A report by a named party, due by a clock of the procedure counted from a named event."""

    kind: Literal["reporting"] = "reporting"
    subject: str
    clock: str


class ExpiryTerms(_Terms):
    """The decision ends on this day, as printed on its face."""

    kind: Literal["expiry"] = "expiry"
    expires_on: dt.date


Terms = Annotated[
    VolumeTerms
    | RecipientQuotaTerms
    | RatioCapTerms
    | LocationTerms
    | EndUseTerms
    | RemoteAccessTerms
    | DataLocalisationTerms
    | KycTerms
    | ExportTestTerms
    | ReportingTerms
    | ExpiryTerms,
    Field(discriminator="kind"),
]


class ConditionState(StrEnum):
    """How far a condition is shown to hold."""

    OPEN = "open"
    ASSERTED = "asserted"
    EVIDENCED = "evidenced"
    CHECKED = "independently_checked"
    BREACHED = "breached"
    REMOVED = "removed"


class RemovalAnswer(StrEnum):
    """What the agency that set a condition said about removing it."""

    CONSENTS = "consents"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that bears on a condition.

    Attributes:
        document: Hash or id of the document.
        given_by: The person.
        given_on: The day.
        independent: Whether it comes from somebody other than the party bound by the condition.
        note: What it shows.
    """

    document: str
    given_by: str
    given_on: dt.date
    independent: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Consultation:
    """The recorded question to an agency about removing a condition it set, and its answer."""

    agency: str
    answer: RemovalAnswer
    answered_by: str
    answered_on: dt.date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """A condition found broken."""

    reported_by: str
    found_on: dt.date
    facts: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a decision.

    Attributes:
        id: Unique within the case.
        terms: What is required, typed.
        text: The condition as the letter words it.
        agency: The agency that set it; its consent or recorded consultation is needed to remove it.
        proposed_by: The person who proposed it.
        addressed_to: Party id of whoever must meet it.
        due_on: Day by which it must be shown to hold; None where it holds throughout.
    """

    id: str
    terms: Terms
    text: str
    agency: str
    proposed_by: str
    addressed_to: str = ""
    due_on: dt.date | None = None
    state: ConditionState = ConditionState.OPEN
    evidence: tuple[Evidence, ...] = ()
    consultations: tuple[Consultation, ...] = ()
    breaches: tuple[Breach, ...] = ()
    supersedes: str = ""
