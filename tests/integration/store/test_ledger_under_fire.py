"""The simulator and the stress run, scaled down; their full sizes are `python -m benchmarks ledger_simulation|ledger_stress`."""

from pathlib import Path

import pytest
from benchmarks.ledger_simulation import Simulation
from benchmarks.ledger_stress import run_stress

from lockgate.services.audit import verify_record
from lockgate.services.registry import init_record

SEEDS = {"sqlite": range(120), "postgresql": range(1000, 1040)}


def test_simulated_runs_agree_with_the_model(database_url: str, backend: str, tmp_path: Path) -> None:
    registry, _ = init_record(database_url, key_file=tmp_path / "key")
    with registry:
        for seed in SEEDS[backend]:
            Simulation(registry, seed).run()
        assert verify_record(registry).faults == ()


def test_a_difference_is_found_and_its_seed_told(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.ledger_simulation import Model

    registry, _ = init_record(database_url, key_file=tmp_path / "key")
    monkeypatch.setattr(Model, "headroom", lambda self, name: 10**6)
    with registry, pytest.raises(AssertionError, match="seed 3"):
        Simulation(registry, 3).run()


@pytest.mark.slow
def test_killed_workers_lose_and_double_nothing(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKGATE_KEY_FILE", "")
    found = run_stress(backend, workers=3, count=150, kills=3, server_kills=1)
    assert sum(found["answers"].values()) == 450
    assert found["workers_killed"] >= 1
    assert found["server_killed"] == (1 if backend == "postgresql" else 0)
