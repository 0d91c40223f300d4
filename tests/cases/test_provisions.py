"""Days, status, parameters and limits of every provision, stated a second time in provisions.toml."""

import tomllib
from pathlib import Path

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.catalogue.law import Provision

STATED = {
    found["id"]: found["states"]
    for found in tomllib.loads((Path(__file__).parent / "provisions.toml").read_text(encoding="utf-8"))[
        "provisions"
    ]
}


def states_of(provision: Provision) -> list[str]:
    """A line a version, then a line for each of its limits."""
    states = []
    for version in provision.versions:
        values = "".join(f"; {name} {value}" for name, value in sorted(version.values.items()))
        known = version.known_on or version.from_on
        states.append(f"from {version.from_on}, known {known}, {version.status}{values}")
        for line in version.lines:
            limits = (f"{limit.quantity} {limit.operator} {limit.value:f}" for limit in line.limits)
            states.append(f"{line.id}: {' and '.join(limits)}")
    return states


def test_every_provision_is_stated() -> None:
    assert sorted(STATED) == [provision.id for provision in load_catalogue().provisions()]


@pytest.mark.parametrize("id_", sorted(STATED))
def test_days_and_limits(id_: str) -> None:
    assert states_of(load_catalogue().provision(id_)) == STATED[id_], (
        "a change of the law is made in both places"
    )
