"""Trade units at the edge, base units without prefixes inside."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from lockgate.base.errors import LockgateError

# Suffix of a name in files, flags and pages -> (suffix inside, factor).
TRADE_UNITS: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        "gb": ("byte", Decimal(10) ** 9),
        "gib": ("byte", Decimal(2) ** 30),
        "tb": ("byte", Decimal(10) ** 12),
        "mb": ("byte", Decimal(10) ** 6),
        "gb_per_s": ("byte_per_s", Decimal(10) ** 9),
        "tb_per_s": ("byte_per_s", Decimal(10) ** 12),
        "gbit_per_s": ("byte_per_s", Decimal(10) ** 9 / 8),
        "tflops": ("flop_per_s", Decimal(10) ** 12),
        "tops": ("op_per_s", Decimal(10) ** 12),
        "kw": ("w", Decimal(10) ** 3),
        "mw": ("w", Decimal(10) ** 6),
        "us": ("s", Decimal("1e-6")),
        "ms": ("s", Decimal("1e-3")),
        "w": ("w", Decimal(1)),
        "s": ("s", Decimal(1)),
        "usd": ("usd", Decimal(1)),
        "mm2": ("mm2", Decimal(1)),
        "byte": ("byte", Decimal(1)),
    }
)


def to_base(value: Decimal | int | str, unit: str) -> tuple[Decimal, str]:
    """An exact value in base units, and their suffix.

    Args:
        value: In ``unit``.
        unit: A suffix of ``TRADE_UNITS``.

    Raises:
        LockgateError: ``unknown-unit``.

    >>> to_base("4800", "gb_per_s")
    (Decimal('4800000000000'), 'byte_per_s')
    """
    try:
        base, factor = TRADE_UNITS[unit]
    except KeyError:
        raise LockgateError(
            f"unknown unit {unit!r}", code="unknown-unit", hint="one of " + ", ".join(sorted(TRADE_UNITS))
        ) from None
    return Decimal(value) * factor, base
