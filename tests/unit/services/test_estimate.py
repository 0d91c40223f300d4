import csv
import json
from pathlib import Path

import pytest

from lockgate.base.errors import LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.services.estimate import estimate_job, estimate_rows
from lockgate.services.jobs import read_jobs, split_row
from lockgate.services.plan import plan_job

JOB = {
    "kind": "train", "model": "gpt3-175b", "chip": "h100-sxm", "count": 512, "precision": "fp8", "tp": 4, "pp": 8,
    "micro_batch": 1, "global_batch": 2048, "seq_len": 2048, "framework": "mlperf v3.1",
}  # fmt: skip
FIGURES = ("step_time_s", "tokens_per_s", "tokens_per_s_per_chip", "mfu_fraction")


def test_a_training_job_has_every_figure_with_intervals() -> None:
    answer = estimate_job(JOB)
    for name in FIGURES:
        figure = answer[name]
        assert figure["interval_90"][0] < figure["interval_50"][0] < figure["value"]
        assert figure["value"] < figure["interval_50"][1] < figure["interval_90"][1]
    assert answer["fits"] is True
    assert answer["bottleneck"]
    assert answer["memory_byte_per_chip"] == pytest.approx(sum(answer["memory_byte"].values()))
    assert answer["step_time_s"]["value"] == pytest.approx(sum(answer["breakdown_s"].values()))
    assert answer["step_time_s"]["value"] == pytest.approx(11.07, rel=0.08)  # MLPerf Training v3.1, 512 chips
    assert sum(answer["compute_s"].values()) == pytest.approx(answer["breakdown_s"]["compute"])
    assert answer["bottlenecks"] == {
        "compute": "matrix products", "loss": "pipeline bubble and sends", "memory": "activations", "traffic": "pipeline bubble and sends",
    }  # fmt: skip
    assert answer["chosen"]["interleave"].startswith("6")
    assert answer["chosen"]["zero"].startswith("1")
    assert answer["chosen"]["recompute"].startswith("none")
    json.dumps(answer)


def test_an_unknown_framework_is_answered_with_a_wider_interval() -> None:
    known, unknown = estimate_job(JOB), estimate_job(JOB | {"framework": "homemade 1.0"})
    assert unknown["calibration"]["era_known"] is False

    def width(answer: dict[str, dict[str, list[float]]]) -> float:
        return answer["step_time_s"]["interval_90"][1] / answer["step_time_s"]["interval_90"][0]

    assert width(unknown) > width(known)


def test_a_format_the_chip_lacks_is_said() -> None:
    answer = estimate_job(JOB | {"chip": "a100-sxm-80"})
    assert any("no fp8 rate" in text for text in answer["assumptions"])
    plain = estimate_job(JOB | {"chip": "a100-sxm-80", "precision": "bf16"})
    assert answer["mfu_fraction"]["value"] == pytest.approx(plain["mfu_fraction"]["value"], rel=0.05)


def test_what_does_not_fit_is_answered_with_its_times() -> None:
    answer = estimate_job(JOB | {"model": "llama3.1-405b", "tp": 8, "pp": 1, "seq_len": 4096})
    assert answer["fits"] is False
    assert answer["overrun_byte"] > 0
    assert answer["step_time_s"]["value"] > 0
    assert answer["chosen"]["recompute"].startswith("full")


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"chip": "h1000"}, {"unknown-chip"}), ({"model": "gpt9"}, {"unknown-model"}), ({"count": 0}, {"not-positive"}),
        ({"count": -8, "chip": "nope", "model": "nope", "precision": "fp7", "zero": 9, "recompute": "some"},
         {"not-positive", "unknown-chip", "unknown-model", "unknown-format", "unknown-stage", "unknown-recompute"}),
        ({"tp": 7}, {"impossible-layout"}), ({"pp": 7}, {"impossible-layout"}), ({"global_batch": 2047}, {"impossible-layout"}),
        ({"count": "many", "chip": "nope", "model": "nope"}, {"int-parsing", "unknown-chip", "unknown-model"}),
        ({"kind": "dance"}, {"unknown-kind"}), ({"count": "many"}, {"int-parsing"}), ({"colour": "red"}, {"extra-forbidden"}),
        ({"model": "{"}, {"invalid-json"}), ({"model": "nowhere/config.json"}, {"unreadable-file"}),
        ({"tp": 10**30}, {"too-large"}), ({"seq_len": 0}, {"not-positive"}), ({"precision": "fp64"}, {"unknown-format"}),
        ({"tokens": -1}, {"not-positive"}), ({"chip": "l40s", "precision": "fp4"}, set()), ({"tokens": "nan"}, {"not-positive"}),
    ],
)  # fmt: skip
def test_bad_input_says_what_and_where(changes: dict[str, object], codes: set[str]) -> None:
    if not codes:
        assert estimate_job(JOB | changes)["step_time_s"]["value"] > 0
        return
    with pytest.raises(LockgateError) as caught:
        estimate_job(JOB | changes)
    assert {problem.code for problem in caught.value.problems} == codes
    assert all(problem.message for problem in caught.value.problems)


def test_a_table_answers_the_rows_it_can() -> None:
    answers = estimate_rows([JOB, JOB | {"id": "bad", "tp": 7}, JOB])
    assert "problems" in answers[1]
    assert answers[0]["step_time_s"] == answers[2]["step_time_s"]


def test_a_model_from_a_configuration_file(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {"model_type": "llama", "hidden_act": "silu", "num_hidden_layers": 80, "hidden_size": 8192, "vocab_size": 128256,
             "intermediate_size": 28672, "num_attention_heads": 64, "num_key_value_heads": 8}
        )
    )  # fmt: skip
    job = JOB | {"pp": 4, "count": 64, "global_batch": 128}
    read = estimate_job(job | {"model": str(config)})
    shipped = estimate_job(job | {"model": "llama3-70b"})
    assert read["step_time_s"] == shipped["step_time_s"]
    inline = '{"layers": 80, "hidden": 8192, "heads": 64, "kv_heads": 8, "ffn": 28672, "vocab": 128256}'
    assert estimate_job(job | {"model": inline})["step_time_s"] == shipped["step_time_s"]


def test_files_of_jobs(tmp_path: Path) -> None:
    toml = tmp_path / "job.toml"
    toml.write_text('kind = "train"\nmodel = "llama3-8b"\nchip = "h100-sxm"\ncount = 8\n')
    rows, many = read_jobs(toml)
    assert (rows[0]["model"], many) == ("llama3-8b", False)
    table = tmp_path / "jobs.csv"
    table.write_text("id,kind,model,chip,count,tp,note\na,train,llama3-8b,h100-sxm,8,1,mine\n")
    rows, many = read_jobs(table)
    assert (rows[0]["note"], many) == ("mine", True)
    table.write_text("kind,model,chip,count,micro_bach\n")
    with pytest.raises(LockgateError, match="micro_batch"):
        read_jobs(table)
    (tmp_path / "broken.toml").write_text("kind = ")
    for name in ("broken.toml", "absent.csv"):
        with pytest.raises(LockgateError):
            read_jobs(tmp_path / name)


def test_a_row_with_too_many_cells_is_told_so_and_the_others_are_answered(tmp_path: Path) -> None:
    table = tmp_path / "jobs.csv"
    table.write_text(
        "id,kind,model,chip,count,tp\na,train,llama3-8b,h100-sxm,8,1\nb,train,llama3-8b,h100-sxm,8,1,6,7\n"
        "c,train,llama3-8b,h100-sxm\nd,serve,llama3-8b,h100-sxm,8,1\n"
    )
    rows, _ = read_jobs(table)
    answers = estimate_rows([split_row(row)[0] for row in rows])
    assert [answer["id"] for answer in answers] == ["a", "b", "c", "d"]
    assert [[p["code"] for p in answer.get("problems", ())] for answer in answers] == [
        [],
        ["too-many-cells"],
        ["missing"],
        [],
    ]
    assert "'6', '7'" in answers[1]["problems"][0]["message"]


CHIPS = [chip.id for chip in load_catalogue().chips() if any(chip.peak_flop_per_s.values())]


@pytest.mark.parametrize("chip", CHIPS)
def test_every_chip_with_a_rate_trains_and_serves(chip: str) -> None:
    stated = load_catalogue().chip(chip)
    for job, figures in (
        ({"kind": "train", "model": "llama3-8b", "count": 64, "tp": 8}, FIGURES),
        ({"kind": "serve", "model": "llama3-8b", "count": 8, "tp": 8}, ("output_tokens_per_s", "ttft_s", "tpot_s")),
    ):  # fmt: skip
        answer = estimate_job(job | {"chip": chip})
        for name in figures:
            figure = answer[name]
            low_90, high_90 = figure["interval_90"]
            low_50, high_50 = figure["interval_50"]
            assert 0 < low_90 < low_50 < figure["value"] < high_50 < high_90 < float("inf")
        assert answer["memory_byte_per_chip"] == pytest.approx(sum(answer["memory_byte"].values()))
        for fact, words in (
            (stated.dram_capacity_byte, "memory not"),
            (stated.dram_bandwidth_byte_per_s, "bandwidth not"),
        ):
            assert bool(fact) is not any(words in text for text in answer["assumptions"])


def test_a_chip_none_of_whose_rates_is_stated_is_refused() -> None:
    with pytest.raises(LockgateError, match="none of its rates"):
        estimate_job({"kind": "train", "model": "llama3-8b", "chip": "biren-br166", "count": 8})


def test_what_had_to_be_assumed_of_a_chip_makes_its_intervals_wider() -> None:
    known, assumed = (
        estimate_job({"kind": "serve", "model": "llama3-8b", "chip": chip, "count": 1, "output_len": 2048})[
            "output_tokens_per_s"
        ]
        for chip in ("h20-96", "h20-141")
    )
    wide = [figure["interval_90"][1] / figure["interval_90"][0] for figure in (known, assumed)]
    assert wide[1] > 1.1 * wide[0]


def test_a_run_of_tokens_has_days_and_goodput() -> None:
    answer = estimate_job(JOB | {"tokens": 300e9})
    steps = 300e9 / (2048 * 2048)
    bare_days = steps * answer["step_time_s"]["value"] / 86400
    assert answer["days"]["value"] == pytest.approx(bare_days / answer["goodput"]["fraction"])
    assert 0.9 < answer["goodput"]["fraction"] < 1


def test_a_plan_is_found_and_its_best_is_what_estimate_says() -> None:
    asked = {
        "kind": "train",
        "model": "llama3-8b",
        "chip": "h200-sxm",
        "count": 16,
        "global_batch": 64,
        "seq_len": 8192,
    }
    plan = plan_job(asked)
    best = plan["best"]
    assert plan["searched"] > plan["fitting"] > 0
    assert {"tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave", "recompute", "zero"} <= set(best)
    layout = {
        name: best[name]
        for name in ("tp", "pp", "cp", "ep", "micro_batch", "interleave", "recompute", "zero")
    }
    assert estimate_job(asked | layout)["step_time_s"] == best["step_time_s"]
    assert plan_job(asked | {"tp": 8})["best"]["tp"] == 8


def test_several_chips_are_planned_together() -> None:
    asked = {
        "kind": "train",
        "model": "llama3-8b",
        "count": 8,
        "global_batch": 64,
        "seq_len": 4096,
        "tp": 1,
        "pp": 1,
    }
    plan = plan_job(asked | {"chip": "a100-sxm-80, h100-sxm,nonesuch"})
    assert plan["best"]["chip"] == "h100-sxm"
    assert list(plan["chips"]) == ["h100-sxm", "a100-sxm-80"]
    told = {loser["value"]: loser for loser in plan["losers"] if loser["field"] == "chip"}
    assert told["a100-sxm-80"]["step_time_ratio"] > 1.5
    assert "nonesuch" in told["nonesuch"]["reason"]
    with pytest.raises(LockgateError):
        plan_job(asked | {"chip": "none,such"})


def test_a_model_that_fits_nowhere_is_said_to() -> None:
    plan = plan_job({"kind": "train", "model": "llama3.1-405b", "chip": "l40s", "count": 8})
    assert plan["fitting"] == 0
    assert plan["best"]["fits"] is False
    assert plan["best"]["overrun_byte"] > 0


def test_no_layout_divides() -> None:
    with pytest.raises(LockgateError) as caught:
        plan_job({"kind": "train", "model": "llama3-8b", "chip": "h100-sxm", "count": 8, "tp": 3})
    assert caught.value.problems[0].code == "no-layout"


def test_every_measured_row_is_a_job() -> None:
    path = Path(__file__).parents[3] / "src/lockgate/data/calibration/training_steps.csv"
    with path.open() as stream:
        count = sum(1 for _ in csv.DictReader(stream))
    rows, _ = read_jobs(path)
    assert len(rows) == count > 150


def test_a_job_asked_twice_is_answered_twice_under_its_own_name() -> None:
    first, second, third = estimate_rows(
        [JOB | {"id": "a"}, JOB | {"id": "b"}, JOB | {"id": "c", "count": 1024}]
    )
    assert (first["id"], second["id"], third["id"]) == ("a", "b", "c")
    assert {**first, "id": ""} == {**second, "id": ""}
    assert first["step_time_s"] != third["step_time_s"]
