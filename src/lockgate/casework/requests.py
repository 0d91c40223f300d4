"""What goes into an allocation and what comes out: requests, allotments with reasons, the result."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class RecipientRequest:
    """What one recipient asks for.

    Attributes:
        recipient: Id of the recipient; one request each.
        quantity: Units asked for. None: no own figure, the rule decides by weight alone.
        accepted_on: Day on which the request was accepted: the order key of rules by date.
        recipient_class: Class the rule may reserve a share for, such as ``new`` or ``small``.
        weight: Need or size by which a rule may share, such as a population. None: the quantity.
        score: Points by which a rule may rank, the higher the earlier.
        ceiling: Most this recipient may get, in units.
        held: Units already allotted to it that count towards a cap per recipient.
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


class Binding(StrEnum):
    """What held a recipient's number where it is."""

    REQUEST = "request"
    SUPPLY = "supply"
    COEFFICIENT = "coefficient"
    ORDER = "order"
    CEILING = "ceiling"
    ROUNDING = "rounding"
    CLASS_SHARE = "class_share"
    USEFUL_MIN = "useful_min"
    INADMISSIBLE = "inadmissible"
    OPTIMUM = "optimum"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Allotment:
    """One recipient's number, and why.

    Attributes:
        recipient: Whose.
        quantity: Units.
        exact: The share before rounding, as an exact fraction of units.
        binding: What held it there.
        reason: The same in words.
        would_change: What would have to differ for it to be more.
        may_withdraw: Whether the rule lets the recipient hand it back because it is too small.
    """

    recipient: str
    quantity: int
    exact: Fraction
    binding: Binding
    reason: str
    would_change: str
    may_withdraw: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of an allocation: a day, a class or a pass, with its own coefficient."""

    name: str
    supply: int
    requested: int
    coefficient: Fraction | None
    allocated: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def left(self) -> int:
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
        """Units by recipient."""
        return {item.recipient: item.quantity for item in self.allotments}

    @property
    def allocated(self) -> int:
        """Units handed out in all."""
        return sum(item.quantity for item in self.allotments)

    @property
    def unallocated(self) -> int:
        """Units left in the pool."""
        return self.supply - self.allocated
