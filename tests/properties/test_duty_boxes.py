"""The duty falls on two narrow boxes: unlike the export gate, more performance or bandwidth can leave it as well as enter it."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest

from lockgate.base.three_valued import Truth
from lockgate.catalogue import load_catalogue
from lockgate.controls.determine import determine
from lockgate.controls.transaction import Movement, Transaction

GB = 10**9


def due(tpp: str, bandwidth: str) -> Truth:
    """Whether the duty is due on an export from the United States to China."""
    transaction = Transaction(
        tpp=Decimal(tpp), performance_density=Decimal(10), dram_bandwidth_byte_per_s=Decimal(bandwidth) * GB, datacenter=True,
        kind=Movement.EXPORT, from_place="US", to_place="CN",
    )  # fmt: skip
    return determine(transaction, load_catalogue().law, dt.date(2026, 2, 1)).charges[0].applies


@pytest.mark.parametrize(
    "path",
    [
        [("14000", "4800"), ("15832", "4800"), ("17500", "4800")],
        [("15832", "4500"), ("15832", "4800"), ("15832", "5000")],
        [("20800", "6000"), ("20919", "6000"), ("21100", "6000")],
        [("20919", "5800"), ("20919", "6000"), ("20919", "6200")],
    ],
)
def test_more_enters_a_box_and_leaves_it(path: list[tuple[str, str]]) -> None:
    assert all(
        Decimal(low) <= Decimal(high)
        for one, other in pairwise(path)
        for low, high in zip(one, other, strict=True)
    )
    assert [due(*point) for point in path] == [False, True, False]
