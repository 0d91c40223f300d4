"""What goes into an allocation and what comes out: requests, allotments with reasons, the result."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from lockgate.casework.calendars import WEEKENDS, Calendar
from lockgate.casework.rules import AllocationRule


@dataclass(frozen=True, slots=True)
class RecipientRequest:
    """What one recipient asks for.

    Attributes:
        recipient: Id of the recipient. One request each; under a rule by day, one for each day.
        quantity: Units asked for. None: no own figure, the rule decides by weight alone.
        accepted_on: Day on which the request was accepted: the order key of rules by date.
        recipient_class: Class the rule may reserve a share for, such as ``new`` or ``small``.
        weight: Need or size by which a rule may share, such as a population. None: the quantity.
        score: Points by which a rule may rank, the higher the earlier.
        ceiling: Most this recipient may get, in units.
        held: Units already allotted to the recipient that count towards a cap per recipient.
        useful_min: Fewer units than this are of no use to it.
        group: Name shared by linked recipients that count as one under caps.
    """

    recipient: str
    quantity: int | None = None
    accepted_on: dt.date | None = None
    recipient_class: str = ""
    weight: Fraction | None = None
    score: Fraction = Fraction(0)
    ceiling: int | None = None
    held: int = 0
    useful_min: int = 0
    group: str = ""


@dataclass(frozen=True)
class AllocationRound:
    """Everything that decides a round. The same round always gives the same result.

    Attributes:
        rule: The published order rule.
        supply: Units to allocate; None where a published coefficient alone decides.
        requests: One a recipient.
        opening_supply: Units that ``caps.share_of_supply`` counts from; None: ``supply``.
        denominator: Total of weights on the record date, where it is more than those of the requests.
        coefficient: A coefficient published from outside, applied as it is.
        calendar: Working days, for rules that name them.
    """

    rule: AllocationRule
    supply: int | None
    requests: tuple[RecipientRequest, ...]
    opening_supply: int | None = None
    denominator: Fraction | None = None
    coefficient: Fraction | None = None
    calendar: Calendar = WEEKENDS


class Binding(StrEnum):
    """What held a recipient's number where it is."""

    REQUEST = "request"
    COEFFICIENT = "coefficient"
    ORDER = "order"
    CEILING = "ceiling"
    ROUNDING = "rounding"
    CLASS_SHARE = "class_share"
    USEFUL_MIN = "useful_min"
    INADMISSIBLE = "inadmissible"
    OPTIMUM = "optimum"
    WITHHELD = "withheld"


WORDS: Mapping[Binding, tuple[str, str]] = MappingProxyType(
    {
        Binding.REQUEST: ("asked for {requested:,} and got all of it", "only a larger request"),
        Binding.COEFFICIENT: (
            "{exact} is its part of what there was at {coefficient} a unit, rounded to whole lots",
            "a larger supply, smaller requests by others, or a larger weight of its own",
        ),
        Binding.ORDER: (
            "others come first under the order rule; {quantity:,} were left when its turn came",
            "a larger supply, or an earlier place in the order",
        ),
        Binding.CEILING: (
            "the ceiling of {maximum:,} holds it, whatever the supply",
            "a higher ceiling; a ceiling that is a part of the supply also rises with it",
        ),
        Binding.ROUNDING: ("its part of {exact} is not a multiple of the lot", "a smaller lot, or a request in whole lots"),
        Binding.CLASS_SHARE: (
            "{exact} is its part of its own class's share, at {coefficient} a unit",
            "a larger share for its class, or smaller requests in it",
        ),
        Binding.USEFUL_MIN: ("its part would be too small to be of use, so it gets none", "a larger supply, or a smaller useful minimum"),
        Binding.INADMISSIBLE: (
            "asked for {requested:,} where at most {maximum:,} may be asked for; the rule lets the whole request fall",
            "a request of no more than {maximum:,}",
        ),
        Binding.OPTIMUM: (
            "more for it would lower the total the rule maximises, or break one of its limits",
            "a larger supply, a higher score, or a wider limit",
        ),
        Binding.WITHHELD: (
            "several classes want what is left and the rule gives no formula to share it",
            "a decision by the officer, or a rule for the second pass",
        ),
    }
)  # fmt: skip
"""Binding to the reason and to what would change the number."""


@dataclass(frozen=True, slots=True)
class Allotment:
    """One recipient's number, and why.

    Attributes:
        recipient: Whose.
        quantity: Units.
        requested: Units asked for; None where the rule goes by weight alone.
        exact_ratio: The share before rounding: numerator and denominator, in units.
        binding: What held it there.
        coefficient: Units per unit of weight in its stage; None where none was applied.
        maximum: The ceiling that counted; None where there is none.
        may_withdraw: Whether the rule lets the recipient hand it back because it is too small.
    """

    recipient: str
    quantity: int
    requested: int | None
    exact_ratio: tuple[int, int]
    binding: Binding
    coefficient: Fraction | None = None
    maximum: int | None = None
    may_withdraw: bool = False

    @property
    def exact(self) -> Fraction:
        """The share before rounding, in units."""
        return Fraction(*self.exact_ratio)

    @property
    def reason(self) -> str:
        """Why the number is what it is, in words."""
        return self._worded(0)

    @property
    def would_change(self) -> str:
        """What would have to differ for it to be more, in words."""
        return self._worded(1)

    def _worded(self, part: int) -> str:
        return WORDS[self.binding][part].format(
            requested=self.requested or 0,
            quantity=self.quantity,
            maximum=self.maximum or 0,
            exact=render_fraction(self.exact),
            coefficient="" if self.coefficient is None else render_fraction(self.coefficient),
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of an allocation: a day, a class or a pass, with its own coefficient."""

    name: str
    supply: Fraction
    requested: int
    coefficient: Fraction | None
    allocated: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def left(self) -> Fraction:
        """Units of this stage's supply that it did not hand out."""
        return self.supply - sum(self.allocated.values())


@dataclass(frozen=True, slots=True)
class AllocationResult:
    """Who gets how many under which rule, what is left and why.

    Attributes:
        rule: Id of the rule with its version.
        supply: Units there were to allocate.
        allotments: One a request, in the order of the requests.
        stages: The steps in order.
        remainder_reason: Why units are left; empty where none are.
        digest: SHA-256 over rule, inputs and numbers: the same inputs give the same digest.
    """

    rule: str
    supply: int
    allotments: tuple[Allotment, ...]
    stages: tuple[Stage, ...]
    remainder_reason: str
    digest: str

    @property
    def quantities(self) -> dict[str, int]:
        """Units by recipient, its requests together."""
        found: dict[str, int] = {}
        for item in self.allotments:
            found[item.recipient] = found.get(item.recipient, 0) + item.quantity
        return found

    @property
    def allocated(self) -> int:
        """Units handed out in all."""
        return sum(item.quantity for item in self.allotments)

    @property
    def unallocated(self) -> int:
        """Units left in the pool."""
        return self.supply - self.allocated


def render_fraction(value: Fraction) -> str:
    """A fraction as people read it: whole, or with up to six decimals and the exact form beside where those do not suffice.

    >>> render_fraction(Fraction(3, 2)), render_fraction(Fraction(500, 683)), render_fraction(Fraction(7))
    ('1.5', '0.732064 (500/683)', '7')
    """
    if value.denominator == 1:
        return f"{value.numerator:,}"
    decimals = f"{float(value):,.6f}".rstrip("0")
    exact = Fraction(decimals.replace(",", "")) == value
    return decimals if exact else f"{decimals} ({value.numerator}/{value.denominator})"
