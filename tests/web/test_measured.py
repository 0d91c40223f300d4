"""Measured runs beside modelled ones, told apart."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from lockgate.services.measured import measured_runs
from tests.web.people import open_app

WORK = "kind=serve&model=llama3.1-70b&input_len=2048&output_len=128&count=8"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with open_app(tmp_path_factory.mktemp("measured")) as opened:
        yield opened


def test_runs_of_the_same_work_come_first_and_stand_in_the_chart(client: TestClient) -> None:
    runs = client.get(f"/capability.json?{WORK}&chip=h100-sxm&chip=h200-sxm").json()["measured"]
    same = [run for run in runs if run["same_work"]]
    assert same == runs[: len(same)]
    assert {(run["input_len"], run["output_len"]) for run in same} == {(2048, 128)}
    known = next(run for run in same if run["chip"] == "h100-sxm" and run["count"] == 1)
    assert known["tokens_per_s_per_chip"] == pytest.approx(343.29)
    assert known["source"]
    with_runs = client.get(f"/capability/chart/speed.svg?{WORK}&chip=h100-sxm&chip=h200-sxm").text
    without = client.get(f"/capability/chart/speed.svg?{WORK}&chip=h20-96&chip=ascend-910b3").text
    diamond = "fill:#ffffff;stroke:#a3200d"
    assert with_runs.count(diamond) == len(same)
    assert diamond not in without


def test_a_training_run_is_told_per_chip(client: TestClient) -> None:
    runs = measured_runs({"kind": "train", "model": "gpt3-175b", "seq_len": 2048}, ["h100-sxm"])
    assert runs
    assert all(200 < run["tokens_per_s_per_chip"] < 1200 for run in runs), (
        "3 to 60 % of the peak at 1.05 TFLOP a token"
    )
    assert "Measured, by others" in client.get(
        "/capability?kind=train&model=gpt3-175b&chip=h100-sxm&count=1024&seq_len=2048&global_batch=1024"
    ).text  # fmt: skip


def test_nothing_measured_is_nothing_shown(client: TestClient) -> None:
    assert measured_runs({"kind": "serve", "model": "llama3.1-70b"}, ["h20-96"]) == []
    page = client.get(f"/capability?{WORK}&chip=h20-96&chip=ascend-910b3").text
    assert "Measured, by others" not in page
    assert "Modelled, not measured." in page
