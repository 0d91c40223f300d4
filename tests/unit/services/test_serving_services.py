"""Serving on the command line, compared, validated and in the dossier."""

import json
from functools import cache

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.cli.main import app
from lockgate.services.compare import compare_chips
from lockgate.services.dossier_capability import claim_rows, gain_rows
from lockgate.services.estimate import estimate_job
from lockgate.services.fleet import answer_fleet, equivalent_rows
from lockgate.services.plan import plan_job
from lockgate.services.validation import FamilyReport, binomial_p, pooled, validate_families

CATALOGUE = load_catalogue()


@cache
def scores() -> list[FamilyReport]:
    """Every family scored, once for all tests."""
    return validate_families(CATALOGUE)


JOB = {
    "kind": "serve",
    "model": "llama2-70b",
    "chip": "h200-sxm",
    "count": "2",
    "tp": "2",
    "input_len": "1024",
    "output_len": "256",
}


def run(*words: str) -> str:
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.output


def test_a_row_has_every_figure_with_both_intervals() -> None:
    answer = estimate_job(JOB)
    for name in ("output_tokens_per_s", "ttft_s", "tpot_s", "tokens_per_s_per_chip"):
        low, high = answer[name]["interval_90"]
        inner_low, inner_high = answer[name]["interval_50"]
        assert low < inner_low < answer[name]["value"] < inner_high < high
    assert answer["fits"] is True
    assert isinstance(answer["bottleneck"], str)
    assert answer["memory_byte_per_chip"] > 0
    json.dumps(answer, allow_nan=False)


def test_an_arrival_rate_gives_an_operating_point() -> None:
    calm = estimate_job({**JOB, "arrival_per_s": 1})["queue"]
    assert calm["stable"]
    assert 0 < calm["utilisation"] < 1
    flood = estimate_job({**JOB, "arrival_per_s": 1e6})["queue"]
    assert not flood["stable"]
    assert flood["ttft_s"] is None


def test_limits_choose_how_many_requests_are_in_flight() -> None:
    free, tight = estimate_job(JOB), estimate_job({**JOB, "tpot_limit_s": 0.02})
    assert tight["tpot_s"]["value"] <= 0.02 < free["tpot_s"]["value"]
    assert tight["output_tokens_per_s"]["value"] < free["output_tokens_per_s"]["value"]
    with pytest.raises(LockgateError, match="one request alone"):
        estimate_job({**JOB, "tpot_limit_s": 1e-6})
    with pytest.raises(LockgateError, match="leave batch and concurrency out"):
        estimate_job({**JOB, "tpot_limit_s": 0.02, "concurrency": 4})


def test_plans_keep_limits_and_say_why_others_lose() -> None:
    plan = plan_job({**JOB, "tp": "", "count": 8, "tpot_limit_s": 0.03})
    assert plan["best"]["tpot_s"]["value"] <= 0.03
    assert plan["searched"] > plan["fitting"] > 100
    assert {loser["field"] for loser in plan["losers"]} >= {"precision", "tp"}
    rates = [row["output_tokens_per_s"]["value"] for row in plan["pareto"]]
    assert rates == sorted(rates)
    assert rates[-1] == plan["best"]["output_tokens_per_s"]["value"]
    json.dumps(plan, allow_nan=False)


def test_ratios_are_to_the_first_chip_and_unknown_facts_are_said() -> None:
    fields = {"kind": "serve", "model": "llama2-70b", "input_len": 1024, "output_len": 1024}
    first, same, ascend, unknown = compare_chips(
        CATALOGUE, fields, ["h200-sxm", "h200-sxm", "ascend-910b3", "biren-br166"]
    )
    assert first.ratio is not None
    assert first.ratio.interval_90.low == first.ratio.interval_90.high == 1.0
    assert same.ratio is not None
    assert same.ratio.value == pytest.approx(1.0)
    assert ascend.ratio is not None
    assert ascend.ratio.interval_90.low < ascend.ratio.value < 1
    assert unknown.ratio is None
    assert "none of its rates is stated" in unknown.problem
    with pytest.raises(LockgateError, match="two chips"):
        compare_chips(CATALOGUE, fields, ["h200-sxm"])
    with pytest.raises(LockgateError, match="h2000"):
        compare_chips(CATALOGUE, fields, ["h200-sxm", "h2000"])


def test_the_commands_print_and_give_json() -> None:
    text = run("compare", "--serve", "llama3-8b", "--on", "h100-sxm,h200-sxm,biren-br104", "--count", "1")
    assert "biren-br104" in text
    assert "no kernel measurements of biren-br104" in text
    rows = json.loads(
        run("compare", "--serve", "llama3-8b", "--on", "h100-sxm,h200-sxm", "--count", "1", "--json")
    )
    assert rows[1]["ratio"]["value"] > 1
    told = json.loads(run("validate", "--family", "trtllm-0.17", "--json"))
    assert [family["family"] for family in told["families"]] == ["trtllm-0.17"]
    assert "without each chip" in run("validate", "--family", "trtllm-0.17")


def test_published_runs_left_out_are_met_within_the_bars() -> None:
    reports = {report.family: report for report in scores()}
    held = {(name, item.left_out): item for name, report in reports.items() for item in report.left_out}
    assert held["trtllm-0.17", "chip"].mean_error <= 0.055
    assert held["trtllm-0.11", "chip"].mean_error <= 0.09
    assert reports["trtllm-static"].median_error <= 0.07
    assert reports["trtllm-mixtral"].mean_error <= 0.10
    assert reports["mlperf-bert"].mean_error <= 0.12
    assert reports["mlperf-gptj"].mean_error <= 0.12
    for item in held.values():
        if item.count >= 40:
            assert 0.40 <= item.held_50 <= 0.60
            assert 0.85 <= item.held_90 <= 0.95
        else:
            assert min(item.p_50, item.p_90) > 0.01
    together = pooled([report for report in reports.values() if report.kind == "serve"])
    assert 0.40 <= together["held_50"] <= 0.60
    assert 0.85 <= together["held_90"] <= 0.95


def test_binomial_probabilities_are_those_of_a_table() -> None:
    assert binomial_p(2, 10, 0.5) == pytest.approx(0.109375)
    assert binomial_p(10, 10, 0.9) == pytest.approx(1.0 - 10 * 0.9**9 * 0.1)


def test_the_vendors_own_points_lie_in_the_intervals() -> None:
    rows = {row["id"]: row for row in claim_rows(CATALOGUE, "h200-sxm")}
    for name in ("llm-inference-1.9", "gpt3-inference-1.25"):
        low, high = rows[name]["predicted"]["interval_90"]
        assert low <= rows[name]["measured"] <= high
    assert (
        rows["llm-inference-1.9"]["predicted"]["value"]
        > rows["llm-inference-1.9-equal-batch"]["predicted"]["value"]
    )
    assert claim_rows(CATALOGUE, "h100-sxm") == []


def test_more_memory_and_bandwidth_gain_nothing_where_compute_limits() -> None:
    rows = gain_rows(CATALOGUE, "h200-sxm")
    assert rows[0]["ratio"]["value"] > 1.3
    last = rows[-1]
    assert last["limited_by"].endswith("compute")
    assert last["ratio"]["value"] == pytest.approx(1.0, abs=0.05)


def test_the_batch_is_counted_under_each_convention() -> None:
    rows = {
        row["id"]: row["values"]
        for row in equivalent_rows(CATALOGUE, CATALOGUE.chip("h200-sxm"), (1000, 2000))
    }
    assert rows["h100e-8-bit"] == [1000, 2000]
    assert rows["h200e-bandwidth"] == [1000, 2000]


def test_the_page_of_scores_is_the_one_validate_gives() -> None:
    from pathlib import Path

    from lockgate.services.validation_page import validation_page

    page = Path(__file__).parents[3] / "docs" / "reference" / "validation.md"
    shown = page.read_text(encoding="utf-8").splitlines()
    reports = scores()
    assert all(any(line.startswith(f"| `{report.family}` |") for line in shown) for report in reports)
    told = [
        line
        for line in validation_page([r for r in reports if r.kind == "serve"]).splitlines()
        if line.startswith("| ")
    ]
    assert [line for line in told if line not in shown] == [], "run python -m benchmarks validation"


def test_an_allotment_is_capacity_money_and_energy() -> None:
    fields = {
        "lots": [{"chip": "h200-sxm", "count": 20000, "duty_fraction": 0.25}, {"chip": "h20-96", "count": 1000, "price_usd": 12000.0}],
        "serve": ["llama3-8b"], "train": "llama3-70b", "tokens": 1e12, "run_count": 1024, "against": ["ascend-910c"],
    }  # fmt: skip
    answer = answer_fleet(CATALOGUE, fields)
    first, second = answer["lots"]
    assert first["price_usd"] == pytest.approx(
        20000 * float(CATALOGUE.chip("h200-sxm").price_usd or 0) * 1.25
    )
    assert second["price_usd"] == pytest.approx(12e6)
    together = answer["total_tokens_per_day"]["llama3-8b"]["value"]
    assert together == pytest.approx(
        sum(lot["serve"]["llama3-8b"]["tokens_per_day"]["value"] for lot in (first, second))
    )
    assert first["train"]["runs_at_once"] == 19
    assert second["train"]["count"] == 512
    assert first["train"]["days"]["value"] < second["train"]["days"]["value"]
    assert [row["id"] for row in first["against"]] == ["h200-sxm", "ascend-910c"]
    with pytest.raises(LockgateError) as caught:
        answer_fleet(
            CATALOGUE,
            {"lots": [{"chip": "h200-sxm", "count": 0}, {"chip": "none", "count": 1}], "serve": ["nope"]},
        )
    assert len(caught.value.problems) == 3
    text = run(
        "fleet", "--on", "h200-sxm,h20-96", "--count", "64,32", "--serve", "llama3-8b", "--tokens", "1e10"
    )
    assert "together, llama3-8b" in text
    assert "H100 by dense 8-bit operations" in text


def test_latencies_under_load_are_scored() -> None:
    loaded = {report.family: report for report in scores() if report.family.startswith("trtllm-loaded")}
    bounds = {"trtllm-loaded-rate": 0.24, "trtllm-loaded-tpot": 0.33, "trtllm-loaded-ttft": 0.31}
    assert set(loaded) == set(bounds)
    for family, bound in bounds.items():
        assert loaded[family].count == 32
        assert loaded[family].mean_error <= bound, family
        assert loaded[family].held_90 >= 0.85, family
        assert not loaded[family].left_out  # their width was set by them: they say nothing out of sample


def test_a_request_that_joins_a_batch_waits_for_its_own_prompt_only() -> None:
    alone, many = (
        estimate_job({**JOB, "scenario": "inflight", "concurrency": number})["ttft_s"]["value"]
        for number in (1, 16)
    )
    together = estimate_job({**JOB, "scenario": "inflight", "concurrency": 16, "requests": 16})["ttft_s"][
        "value"
    ]
    assert alone <= many < together


def test_few_requests_in_flight_are_said_and_wider() -> None:
    few, full = (
        estimate_job({**JOB, "scenario": "inflight", **extra})["calibration"]["widened_by"]
        for extra in ({"concurrency": 4}, {})
    )
    assert "fewer requests in flight than were calibrated" in few
    assert "fewer requests in flight than were calibrated" not in full


def test_time_goes_where_the_steps_are() -> None:
    answer = estimate_job({**JOB, "output_len": "1024"})
    shares = {
        phase: sum(value for name, value in answer["breakdown_s"].items() if name.startswith(phase))
        for phase in ("prefill", "decode")
    }
    assert answer["bottleneck"].startswith(max(shares, key=lambda phase: shares[phase]))
    steps = sum(shares.values())
    assert 0 < steps < answer["ttft_s"]["value"]


def test_a_serving_job_may_leave_out_its_chips() -> None:
    question = {name: value for name, value in JOB.items() if name != "count"}
    answer = estimate_job(question)
    assert answer["count"] == 2
    assert answer["chosen"]["count"] == "2: the ranks named"
    plain = plan_job({name: value for name, value in question.items() if name != "tp"})
    assert plain["best"]["count"] == 8
    assert plain["best"]["chosen"]["count"] == "8: none named"
    with pytest.raises(LockgateError, match="count"):
        estimate_job({"kind": "train", "model": "llama2-7b", "chip": "h100-sxm"})
