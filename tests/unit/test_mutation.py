"""The mutation check finds what it looks for; the whole of it runs as ``python -m benchmarks mutation``."""

from decimal import Decimal

import pytest
from benchmarks.mutation import changed, find_killer, mutations, read_questions, run

from lockgate.catalogue import load_catalogue

LAW = load_catalogue().law


@pytest.mark.parametrize("prefix", ["us-ear.3a090.a", "us-ear.744-11"])
def test_every_change_of_a_provision_is_noticed(prefix: str) -> None:
    questions = read_questions()
    chosen = [found for found in mutations(LAW) if found.provision.id.startswith(prefix)]
    assert len(chosen) > 5
    assert [found.text for found, killer in run(chosen, LAW, questions) if not killer] == []


def test_a_change_of_what_nobody_asks_survives() -> None:
    provision = LAW.provision("us-ear.740-29.lpp")
    version = provision.versions[0]
    values = {**version.values, "yearly_tpp": Decimal(1)}
    mutation = next(iter(mutations(LAW.replacing(changed(provision, version, values=values)))))
    assert find_killer(mutation, LAW, []) != ""
    unasked = type(mutation)("number", changed(provision, version, values=values), "", version.from_on)
    assert find_killer(unasked, LAW, []) == ""
