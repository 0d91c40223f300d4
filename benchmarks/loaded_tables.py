"""DeepSeek-R1 under load: the rate, the time to the first token and between tokens at fixed numbers of requests in flight.

Source: SemiAnalysis InferenceX, runs 20216641521, 20216709902, 20216754736 (2025-12-15) and 21640806486 (2026-02-03), as kept
in SemiAnalysisAI/InferenceX-app @3a600f1d9ce1, packages/app/cypress/fixtures/api/benchmarks.json: TensorRT-LLM on one node,
one group for tensor and expert parallelism, no attention data parallelism, no speculation, not disaggregated.
"""

from collections.abc import Iterator

# Release, chip, format, ranks, prompt, answer, in flight, median seconds to the first token, mean seconds between tokens, output
# tokens a second and chip. Lengths vary between 0.8 and 1 of those named: 0.9 of them is taken.
ROWS = """
1.1 h200-sxm fp8 8 1024 1024 4 .12324 .013820 34.337
1.1 h200-sxm fp8 8 1024 1024 8 .10554 .016348 58.882
1.1 h200-sxm fp8 8 1024 1024 16 .11293 .020188 93.801
1.1 h200-sxm fp8 8 1024 1024 32 .12522 .025897 148.142
1.1 h200-sxm fp8 8 1024 1024 64 .13977 .033115 228.305
1.1 h200-sxm fp8 8 1024 8192 4 .10203 .013673 35.849
1.1 h200-sxm fp8 8 1024 8192 8 .10607 .015930 61.134
1.1 h200-sxm fp8 8 1024 8192 16 .12725 .019517 99.809
1.1 h200-sxm fp8 8 1024 8192 32 .12731 .025241 154.376
1.1 h200-sxm fp8 8 8192 1024 4 .38724 .014954 31.654
1.1 h200-sxm fp8 8 8192 1024 8 .39116 .018603 51.254
1.1 h200-sxm fp8 8 8192 1024 16 .40227 .025165 74.990
1.1 h200-sxm fp8 8 8192 1024 32 .40048 .035901 105.867
1.1 b200 fp8 8 1024 8192 32 .13987 .020754 187.462
1.1 b200 fp8 8 8192 1024 32 .36068 .028960 130.440
1.1 b200 fp8 8 1024 8192 64 .14468 .025579 302.801
1.1 b200 fp8 8 8192 1024 64 .43000 .041764 181.694
1.1 b200 fp4 8 1024 1024 16 .11225 .012260 157.242
1.1 b200 fp4 8 1024 1024 32 .10524 .014580 262.622
1.1 b200 fp4 8 1024 8192 32 .10942 .013792 282.154
1.2 b200 fp4 8 1024 1024 64 .07293 .016260 473.415
1.2 b200 fp4 8 1024 8192 64 .14870 .016310 476.503
1.1 b200 fp4 8 1024 1024 128 .19663 .026993 562.239
1.1 b200 fp4 8 1024 8192 128 .11994 .023254 667.873
1.1 b200 fp4 4 8192 1024 4 .26011 .010784 88.156
1.1 b200 fp4 4 8192 1024 8 .27511 .013898 137.695
1.1 b200 fp4 4 8192 1024 16 .27300 .018122 208.969
1.2 b200 fp4 4 8192 1024 32 .22858 .020580 369.624
1.1 b200 fp4 4 1024 1024 64 .11457 .022344 683.130
1.1 b200 fp4 4 1024 8192 64 .09968 .022123 701.639
1.1 b200 fp4 4 1024 1024 128 .16899 .028867 1055.936
1.1 b200 fp4 4 1024 8192 128 .12335 .030202 1030.557
"""


def loaded_tables() -> Iterator[dict[str, object]]:
    """Each run as three rows of serving_throughput.csv."""
    for line in ROWS.strip().split("\n"):
        release, chip, precision, *figures = line.split()
        ranks, prompt, answer, in_flight = (int(value) for value in figures[:4])
        first_s, between_s, rate = (float(value) for value in figures[4:])
        job = {
            "model": "deepseek-v3", "chip": chip, "count": ranks, "precision": precision, "tp": ranks, "ep": ranks,
            "input_len": round(0.9 * prompt), "output_len": round(0.9 * answer), "concurrency": in_flight,
            "scenario": "inflight", "framework": f"tensorrt-llm {release}",
            "date": "2026-02-03" if release == "1.2" else "2025-12-15", "source": "semianalysis-inferencex",
            "pinpoint": f"dsr1, {prompt}/{answer}, {in_flight} in flight",
        }  # fmt: skip
        yield job | {
            "family": "trtllm-loaded-rate", "metric": "output_tokens_per_s", "value": f"{rate * ranks:g}",
        }  # fmt: skip
        yield job | {"family": "trtllm-loaded-tpot", "metric": "tpot_s", "value": f"{between_s:g}"}
        yield job | {
            "family": "trtllm-loaded-ttft", "metric": "ttft_s", "value": f"{first_s:g}",
            "note": "median: the mean includes the start, when all prompts come at once",
        }  # fmt: skip
