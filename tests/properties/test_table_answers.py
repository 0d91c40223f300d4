"""Many at once answer as one by one: the arrays against the scalar gates, field by field."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.catalogue import load_catalogue
from lockgate.controls.determination import Determination
from lockgate.controls.determine import determine
from lockgate.controls.determine_table import determine_table
from lockgate.controls.table import Coded, Table, as_float
from lockgate.controls.table_import import ABOVE
from lockgate.controls.transaction import Movement, Transaction
from lockgate.services.determine import Determiner

CATALOGUE = load_catalogue()
LAW = CATALOGUE.law
DETERMINER = Determiner(CATALOGUE, today=dt.date(2026, 11, 22))
FIRST, LAST = dt.date(2022, 8, 1), dt.date(2027, 3, 1)
DAYS = sorted(
    day + dt.timedelta(shift)
    for day in LAW.turning_days()
    for shift in (-1, 0, 1)
    if FIRST <= day <= LAST
)  # fmt: skip
PLACES = (
    "CN",
    "HK",
    "MO",
    "RU",
    "DE",
    "SG",
    "SA",
    "AE",
    "VN",
    "IL",
    "NI",
    "CY",
    "KH",
    "IN",
    "TW",
    "US",
    "IR",
)
GB = 10**9
ITEMS = ("", *CATALOGUE.chip_shelf.ids(), *CATALOGUE.system_shelf.ids())
TRUTH = st.sampled_from((True, False, None))
COLUMNS = (
    "dd_us_availability", "dd_us_supply", "dd_foundry_capacity", "dd_volume_cap", "dd_remote_users", "dd_not_military", "dd_kyc",
    "dd_security", "dd_iaas_weights", "dd_iaas_algorithms", "dd_lab_us_hq", "dd_lab_not_d5_controlled", "dd_lab_no_interest",
    "dd_test_in_us", "dd_test_sample", "dd_test_certificate", "dd_lab_revoked",
)  # fmt: skip


def near(*edges: str, unit: int = 1) -> st.SearchStrategy[Decimal | None]:
    steps = (Decimal("-0.01"), Decimal(0), Decimal("0.01"))
    values = [(Decimal(edge) + step) * unit for edge in edges for step in steps]
    return st.sampled_from([value for value in values if value >= 0]) | st.none()


QUANTITIES: dict[str, st.SearchStrategy[Decimal | None]] = {
    "tpp": near("0", "900", "1600", "2400", "4800", "14000", "17500", "20800", "21000", "21100", "36000"),
    "performance_density": near("0", "1.6", "3.2", "5.92"),
    "dram_bandwidth_byte_per_s": near(
        "0", "600", "1400", "4000", "4500", "5000", "5800", "6200", "6500", unit=GB
    ),
    "io_bandwidth_byte_per_s": near("0", "600", "1028", "1100", unit=GB),
    "memory_bandwidth_density": st.none() | near("2", "3.3"),
}
PLACE = st.sampled_from(PLACES) | st.none()
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(Movement) | st.none(),
    "from_place": st.sampled_from(("US", "TW", "CN")) | st.none(),
    "to_place": PLACE,
    "quantity": st.sampled_from((Decimal(10), Decimal(500000))) | st.none(),
    "exporter": st.sampled_from(("NVIDIA Corporation", "AMD", "Dell")) | st.none(),
    "end_user": st.sampled_from(("ByteDance Ltd.", "腾讯", "DeepSeek", "Somebody")) | st.none(),
    "end_user_hq": PLACE,
    "ultimate_parent": PLACE,
    "designer_country": st.sampled_from(("US", "CN", "MO")) | st.none(),
    "manufacturer": st.sampled_from(("NVIDIA", "Intel", "AMD", "Somebody")) | st.none(),
    **dict.fromkeys(
        ("military_end_use", "datacenter", "us_licence", "cn_approval", "us_entry", "supp8_approved"), TRUTH
    ),
}
MONTHS = st.sampled_from(
    (dt.date(2026, 1, 14), dt.date(2026, 1, 15), dt.date(2026, 1, 16), dt.date(2026, 2, 3))
)
SAID: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(COLUMNS, st.sampled_from((True, True, True, False, None))),
    "dd_us_availability": TRUTH | MONTHS,
    "dd_lab_revoked": TRUTH | MONTHS,
    "dd_us_units_shipped": near("20", "100"),
    "dd_cn_units_shipped": near("0", "40"),
    "dd_us_tpp_shipped": near("96000", "320000"),
    "dd_cn_tpp_shipped": near("0", "2000"),
    "purchase_order": TRUTH,
    "nac_confirmed": TRUTH,
    "nac_notified_on": st.sampled_from(DAYS) | st.none(),
    "party_screening": TRUTH,
    "supercomputer_end_use": TRUTH,
    "listed_owner_fraction": near("0.5"),
    "exporter_role": st.sampled_from(("fabricator", "osat", "other")) | st.none(),
    "designer_status": st.sampled_from(("approved", "authorized", "other")) | st.none(),
    "transistor_count_billion": near("30"),
}  # fmt: skip


@st.composite
def specified(draw: st.DrawFn) -> Transaction:
    """A transaction by its specifications."""
    evidence = {name: draw(values) for name, values in SAID.items()} if draw(st.booleans()) else {}
    numbers: dict[str, Any] = {name: draw(values) for name, values in QUANTITIES.items()}
    bounds = {}
    for name in ("tpp", "performance_density", "io_bandwidth_byte_per_s"):
        if numbers[name] is None and draw(st.booleans()):
            pair = sorted((draw(QUANTITIES[name]) or Decimal(0), draw(QUANTITIES[name]) or Decimal(0)))
            bounds[name] = (draw(st.sampled_from((pair[0], None))), draw(st.sampled_from((pair[1], None))))
    return Transaction(
        item=draw(st.sampled_from(ITEMS)),
        **numbers,
        **{name: draw(values) for name, values in FACTS.items()},
        bounds=bounds,
        evidence={name: value for name, value in evidence.items() if value is not None},
    )


@st.composite
def catalogued(draw: st.DrawFn) -> Transaction:
    """A transaction of an item of the catalogue, to China more often than not."""
    facts = {name: draw(values) for name, values in FACTS.items() if name not in ("datacenter", "manufacturer", "designer_country")}  # fmt: skip
    if draw(st.booleans()):
        facts |= {"to_place": "CN", "end_user_hq": "CN", "ultimate_parent": "CN", "from_place": "US"}
        facts |= {"kind": Movement.EXPORT, "us_licence": True, "military_end_use": False}
    found = DETERMINER.item_facts(draw(st.sampled_from(ITEMS[1:])))
    attributes = {**found.attributes, "bounds": found.attributes["bounds"]}
    evidence = {name: draw(SAID[name]) for name in (*COLUMNS, "purchase_order", "nac_confirmed")}
    return Transaction(
        item=found.item,
        **attributes,
        **facts,
        evidence={name: value for name, value in evidence.items() if value is not None},
    )


def scalar_answer(determination: Determination) -> dict[str, Any]:
    """What the arrays answer, of a scalar answer."""
    answer = determination.as_dict()
    gates = answer["gates"]
    for gate in gates.values():
        gate["conditions"] = [{"id": found["id"], "status": found["status"]} for found in gate["conditions"]]
    above = [text for text in answer["warnings"] if text.startswith("quantity ")]
    answer["warnings"] = [ABOVE if text in above else text for text in answer["warnings"]]
    names = ("classification", "classification_status", "verdict", "gates", "charges", "missing", "citations", "warnings")  # fmt: skip
    return {name: answer[name] for name in names}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(specified() | catalogued(), st.sampled_from(DAYS)), min_size=1, max_size=12
    ),
    st.sampled_from((None, None, dt.date(2026, 1, 13), dt.date(2025, 4, 15))),
)  # fmt: skip
def test_arrays_answer_as_the_gates_do(
    asked: list[tuple[Transaction, dt.date]], known_at: dt.date | None
) -> None:
    transactions = [transaction for transaction, _ in asked]
    days = [day for _, day in asked]
    answers = determine_table(Table.of(transactions, days), LAW, known_at)
    for position, (transaction, day) in enumerate(asked):
        expected = scalar_answer(determine(transaction, LAW, day, known_at))
        assert answers.row(position) == expected


def test_an_empty_table_has_no_answers() -> None:
    assert len(determine_table(Table.of([], []), LAW)) == 0


@pytest.mark.parametrize("shift", ["-1e-20", "0", "1e-20"])
def test_a_decimal_beside_a_threshold_stays_on_its_side(shift: str) -> None:
    density = Decimal("5.92") + Decimal(shift)
    transaction = Transaction(tpp=Decimal(2000), performance_density=density, datacenter=True, to_place="CN")
    answers = determine_table(Table.of([transaction], [dt.date(2024, 6, 1)]), LAW)
    assert answers.row(0)["classification"] == ("3A090.b" if shift == "-1e-20" else "3A090.a")
    assert (as_float(density) < 5.92) == (shift == "-1e-20")


def test_codes_of_a_column() -> None:
    column = Coded.of(["CN", None, "CN", "DE"])
    assert column.codes.tolist() == [0, 1, 0, 2]
    assert column[np.array([3])].values == column.values
