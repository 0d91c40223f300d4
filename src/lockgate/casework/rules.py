"""An order rule as data: who is admitted, in which order, how a scarce group is shared, how shares become whole units."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StringConstraints,
    ValidationError,
    model_validator,
)

from lockgate.base.errors import problems_from_validation

Share = Annotated[Decimal, Field(gt=0, le=1)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
TieKey = Literal["accepted_on", "score", "larger_request", "smaller_request", "recipient", "draw"]
OrderKey = Literal["day", "score"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OpeningDays(_Part):
    """Days at the start of a period that all count as one: the last of them or, where that is no working day, the next."""

    first: MonthDay
    last: MonthDay


class OrderPart(_Part):
    """Which requests come before which. Requests with equal keys are simultaneous.

    Attributes:
        keys: Compared one after the other: ``day`` of acceptance, earliest first; ``score``, highest first.
            None of them: all requests are simultaneous.
        opening: Days that count as one.
    """

    keys: tuple[OrderKey, ...] = ()
    opening: OpeningDays | None = None


class SharePart(_Part):
    """How simultaneous requests share what does not suffice for all.

    Attributes:
        method: ``pro_rata``: in proportion to a weight. ``in_turn``: each in full, in the order of the tie-break.
            ``optimum``: the whole round at once, highest total of score times units. ``withheld``: the rule has no formula.
        weight: What pro rata goes by: the quantity ``request``-ed, the part of it that is ``admissible`` under the
            ceilings, the ``need`` given with the request, or ``equal`` for all.
        refill: Whether what a ceiling takes off is shared again among the others.
        coefficient_decimals: Digits to which the coefficient is cut before it is applied; None: kept exact.
        leftover: Where units lost in rounding go: they stay in the ``pool`` or pass on to the ``next`` in order.
    """

    method: Literal["pro_rata", "in_turn", "optimum", "withheld"] = "pro_rata"
    weight: Literal["request", "admissible", "need", "equal"] = "admissible"
    refill: bool = True
    coefficient_decimals: Annotated[int, Field(ge=0, le=12)] | None = None
    leftover: Literal["pool", "next"] = "pool"


class CapPart(_Part):
    """How much one recipient may get.

    Attributes:
        per_recipient: Units, with those it already holds.
        share_of_supply: Part of the round's opening supply; what is held from earlier rounds does not count.
        share_of_allocated: Part of what is handed out in the round; for ``optimum`` only.
        over_maximum: A request over its maximum is trimmed (``trim``) or falls out whole (``inadmissible``).
        linked_as_one: Whether recipients of one group count as one.
    """

    per_recipient: PositiveInt | None = None
    share_of_supply: Share | None = None
    share_of_allocated: Share | None = None
    over_maximum: Literal["trim", "inadmissible"] = "trim"
    linked_as_one: bool = True


class ClassShare(_Part):
    """A class of recipients and its part of the supply (None where the mode needs none)."""

    name: str
    share: Share | None = None


class ClassPart(_Part):
    """Shares or precedence of classes of recipients.

    Attributes:
        mode: ``separate``: each class has its own part. ``reserve``: the named classes get theirs first, what they
            leave and the rest goes to all. ``precedence``: one class after the other, in the order given.
        classes: The classes.
        spill: With ``separate``: whether what a class does not ask for passes to the others, in proportion to their shares.
        rest: With ``reserve``: how the rest is shared; ``withheld`` where the rule gives no formula and more
            than one class wants it.
    """

    mode: Literal["separate", "reserve", "precedence"]
    classes: Annotated[tuple[ClassShare, ...], Field(min_length=1)]
    spill: bool = False
    rest: Literal["pro_rata", "in_turn", "withheld"] = "pro_rata"

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        names = [item.name for item in self.classes]
        if len(set(names)) < len(names):
            raise ValueError("a class is named twice")
        shares = [item.share for item in self.classes]
        if self.mode == "precedence":
            return self
        if None in shares:
            raise ValueError(f"mode {self.mode} needs a share for every class")
        total = sum((share for share in shares if share is not None), Decimal(0))
        if total > 1 or (self.mode == "separate" and total != 1):
            raise ValueError(f"the shares add up to {total}, not 1")
        return self


class RoundingPart(_Part):
    """How exact shares become whole units.

    Attributes:
        lot: Units are handed out in multiples of this.
        method: ``floor``: rounded down. ``largest_remainder``: the lots left go to the largest fractions cut off.
            ``highest_average``: the lots left go one by one to whoever would hold the fewest for its weight.
        ties: How equal claims to a lot, or to the next turn, are put in order.
        draw_seed: Published seed of the key ``draw``.
    """

    lot: PositiveInt = 1
    method: Literal["floor", "largest_remainder", "highest_average"] = "floor"
    ties: tuple[TieKey, ...] = ("accepted_on", "recipient")
    draw_seed: str = ""

    @model_validator(mode="after")
    def _ties_decide(self) -> Self:
        if self.ties[-1:] not in {("recipient",), ("draw",)}:
            raise ValueError("the last tie key must be 'recipient' or 'draw', so that no tie is left open")
        if "draw" in self.ties and not self.draw_seed:
            raise ValueError("the tie key 'draw' needs a published draw_seed")
        return self


class SmallPart(_Part):
    """What happens to a result too small to be useful.

    Attributes:
        result_min: Units below which a result is too small; the request's own ``useful_min`` counts if higher.
        then: ``may_withdraw``: the recipient may hand it back. ``nothing``: it gets none and the units are shared again.
        withdraw_working_days: Days it has to do so.
    """

    result_min: int = 0
    then: Literal["may_withdraw", "nothing"] = "may_withdraw"
    withdraw_working_days: int | None = None


class AllocationRule(_Part):
    """A published order rule.

    Attributes:
        id: Its path, such as ``uk-quota.by-day``.
        aliases: Other names by which it is known.
        version: Raised with every change of meaning.
        title: What it does, in a line.
        source: Id of the source; empty for a rule of our own design.
        pinpoint: Where in it.
        confidence: Tag of the fact tables: P primary text, Q quoted, S summary, D design.
        note: What a reader should know.
    """

    id: str
    aliases: tuple[str, ...] = ()
    version: PositiveInt = 1
    title: str
    source: str = ""
    pinpoint: str = ""
    confidence: Literal["P", "Q", "S", "D"] = "D"
    note: str = ""
    order: OrderPart = OrderPart()
    share: SharePart = SharePart()
    caps: CapPart = CapPart()
    classes: ClassPart | None = None
    rounding: RoundingPart = RoundingPart()
    small: SmallPart | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        problems = []
        if self.caps.share_of_allocated is not None and self.share.method != "optimum":
            problems.append("caps.share_of_allocated needs share.method = 'optimum'")
        if self.share.method == "optimum" and self.order.keys:
            problems.append(
                "share.method = 'optimum' decides the whole round at once and takes no order keys"
            )
        if self.share.method == "optimum" and self.classes and self.classes.mode != "reserve":
            problems.append("share.method = 'optimum' takes classes only with mode = 'reserve'")
        if self.share.method == "optimum" and self.small and self.small.then == "may_withdraw":
            problems.append("share.method = 'optimum' takes small.then = 'nothing'")
        if self.order.opening and "day" not in self.order.keys:
            problems.append("order.opening needs the order key 'day'")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def reference(self) -> str:
        """Id with version, as results and letters quote it."""
        return f"{self.id}@{self.version}"

    @property
    def may_fall_with_supply(self) -> tuple[str, ...]:
        """Why, under this rule, a larger supply could give somebody less; empty where it cannot."""
        reasons = []
        if self.rounding.method == "largest_remainder":
            reasons.append("largest remainders: a lot can move to another recipient when the supply grows")
        if self.share.leftover == "next":
            reasons.append("units lost in rounding pass on, and a larger supply can leave fewer of them")
        if self.caps.share_of_supply is not None:
            reasons.append(
                "a cap that is a part of the supply grows with it, and large requests then claim more"
            )
        if self.small and self.small.then == "nothing":
            reasons.append("a recipient whose result becomes useful takes units from the others")
        if self.share.method == "optimum" and (self.caps.share_of_allocated or self.classes):
            reasons.append("a larger supply can have another optimum")
        return tuple(reasons)


def parse_rule(raw: Mapping[str, Any]) -> AllocationRule:
    """A rule from the tables of its file.

    Raises:
        InvalidInputError: With every field that does not fit.

    >>> parse_rule({"id": "mine", "title": "Equal parts", "share": {"weight": "equal"}}).reference
    'mine@1'
    """
    try:
        return AllocationRule.model_validate(dict(raw))
    except ValidationError as error:
        raise problems_from_validation(error, str(raw.get("id", "rule"))) from None
