"""The dated test of 3A090 in OpenFisca-core, for comparison; run by `benchmarks.determination` in an environment of its own.

Classification by the tests of October 2022 and November 2023, and whether a licence is required for the destination: a part of what
Lockgate determines. OpenFisca answers for one period a run, so that mixed days are run one rule version after the other, which is its
best case. Reads an ``.npz`` of columns, prints seconds as JSON.
"""

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity  # type: ignore[import-not-found]
from openfisca_core.parameters import ParameterNode  # type: ignore[import-not-found]
from openfisca_core.periods import DateUnit  # type: ignore[import-not-found]
from openfisca_core.simulations import SimulationBuilder  # type: ignore[import-not-found]
from openfisca_core.taxbenefitsystems import TaxBenefitSystem  # type: ignore[import-not-found]
from openfisca_core.variables import Variable  # type: ignore[import-not-found]

ITEM = build_entity(key="item", plural="items", label="a transaction", is_person=True)
INPUTS = {"tpp": float, "density": float, "io": float, "datacenter": bool, "in_scope": bool, "in_china": bool}
LIMITS = {"a_tpp": 4800, "a_density": 5.92, "low_tpp": 1600, "b_tpp": 2400, "b_density": 1.6, "b2_density": 3.2, "old_io": 600}  # fmt: skip


def make_input(name: str, type_: type) -> Any:
    """An input variable."""
    fields = {"value_type": type_, "entity": ITEM, "definition_period": DateUnit.ETERNITY, "label": name}
    return type(name, (Variable,), fields)


class classification(Variable):  # type: ignore[misc]  # noqa: N801 OpenFisca names variables so
    """0 none, 1 3A090 of 2022, 2 3A090.a, 3 3A090.b."""

    value_type = int
    entity = ITEM
    definition_period = DateUnit.DAY
    label = "classification"

    def formula_2022_10_21(items, period, parameters):  # type: ignore[no-untyped-def]  # noqa: N805
        limits = parameters(period)
        return ((items("io", period) >= limits.old_io) & (items("tpp", period) >= limits.a_tpp)) * 1

    def formula_2023_11_17(items, period, parameters):  # type: ignore[no-untyped-def]  # noqa: N805
        limits = parameters(period)
        tpp, density = items("tpp", period), items("density", period)
        note_2 = ~items("datacenter", period) & (tpp < limits.a_tpp)
        a = (tpp >= limits.a_tpp) | ((tpp >= limits.low_tpp) & (density >= limits.a_density))
        below = density < limits.a_density
        b = ((tpp >= limits.b_tpp) & (tpp < limits.a_tpp) & (density >= limits.b_density) & below) | (
            (tpp >= limits.low_tpp) & (density >= limits.b2_density) & below
        )
        return np.select([note_2, a, b], [0, 2, 3], 0)


class licence_required(Variable):  # type: ignore[misc]  # noqa: N801
    """Whether a licence is required for the destination."""

    value_type = bool
    entity = ITEM
    definition_period = DateUnit.DAY
    label = "licence required"

    def formula_2022_10_21(items, period):  # type: ignore[no-untyped-def]  # noqa: N805
        return (items("classification", period) > 0) & items("in_china", period)

    def formula_2023_11_17(items, period):  # type: ignore[no-untyped-def]  # noqa: N805
        return (items("classification", period) > 0) & items("in_scope", period)

    def formula_2025_01_13(items, period):  # type: ignore[no-untyped-def]  # noqa: N805
        code = items("classification", period)
        return (code == 2) | ((code == 3) & items("in_scope", period))


def make_system() -> Any:
    """The rule as a system of OpenFisca."""
    system = TaxBenefitSystem([ITEM])
    system.add_variables(*(make_input(name, type_) for name, type_ in INPUTS.items()))
    system.add_variables(classification, licence_required)
    data = {name: {"values": {"2022-01-01": {"value": value}}} for name, value in LIMITS.items()}
    system.parameters = ParameterNode("", data=data)
    return system


def run(system: Any, columns: dict[str, Any], day: str) -> None:
    """Answer for one day."""
    simulation = SimulationBuilder().build_default_simulation(system, count=len(columns["tpp"]))
    for name in INPUTS:
        simulation.set_input(name, "eternity", columns[name])
    simulation.calculate("licence_required", day)


def main() -> None:
    """Time one day for all rows, mixed days by rule version, and one row."""
    columns = dict(np.load(sys.argv[1]))
    system = make_system()
    started = time.process_time()
    run(system, columns, "2024-06-01")
    one_day = time.process_time() - started
    started = time.process_time()
    cuts = np.array(["2022-10-21", "2023-11-17", "2025-01-13"], dtype="datetime64[D]")
    epochs = np.searchsorted(cuts, columns["on"], side="right")
    for epoch, day in enumerate(("2022-09-01", "2022-11-01", "2024-06-01", "2025-06-01")):
        chosen = np.flatnonzero(epochs == epoch)
        run(system, {name: columns[name][chosen] for name in INPUTS}, day)
    mixed = time.process_time() - started
    one = {name: columns[name][:1] for name in INPUTS}
    started = time.process_time()
    for _ in range(50):
        run(system, one, "2024-06-01")
    single = (time.process_time() - started) / 50
    figures = {"version": version("openfisca-core"), "one_day": one_day, "mixed": mixed, "single": single}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
