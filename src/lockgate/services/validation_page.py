"""The page of the manual that says how well the model does, made from its own scores."""

from collections.abc import Sequence
from typing import Any

from lockgate.services.validation import FamilyReport, pooled

_HEAD = """# How well it does

Made by `python -m benchmarks validation` from the measured runs that ship with Lockgate; `lockgate validate` prints the same.
Do not edit: change the model, then make it again.

*Error*: predicted over measured, less one; mean, median and worst without sign. *Bias*: its mean, positive where predicted
rates are too high. *Held*: part of the runs that lie in the 50 % and the 90 % interval. The lines *without each …* are out of
sample: the fitted parameters of an era were fitted again without each chip (model, era) in turn, those runs predicted, and
the interval taken from the errors of the others. Serving counts every published row, training every distinct layout.

![Predicted over measured, all families](validation.svg)

Serving points are rates (right of the line: predicted too fast) except in families ending in `-ttft` and `-tpot`; training points
are times.

| family | kind | runs | mean | median | worst | bias | held, 50 % | held, 90 % |
|---|---|--:|--:|--:|--:|--:|--:|--:|
"""

_TAIL = """
Over everything left out ({count:,.0f} predictions) the 50 % interval held {held_50:.1%} and the 90 % interval {held_90:.1%}.

## What the families are

- `trtllm-static`: TensorRT-LLM 0.5 to 0.9, static batches; A100, H100, L40S. `trtllm-0.11`, `trtllm-0.17`: in-flight batching
  at full load. `trtllm-mixtral`, `trtllm-mixtral-static`: Mixtral 8x7B in the same releases; no fit has seen a mixture of experts.
  `trtllm-0.20-0.21`, `trtllm-1.2`: the PyTorch backend; H100, H200, B200; FP8 and FP4; up to 671 billion parameters.
  `trtllm-ttft`: time to the first token of one request.
- `trtllm-loaded-rate`, `-tpot`, `-ttft`: DeepSeek-R1 with 4 to 128 requests in flight on eight or four H200 and B200, TensorRT-LLM
  1.1 and 1.2 (SemiAnalysis InferenceX): rate, mean time between tokens, median time to the first. Nothing was fitted to them but
  the width that `fewer requests in flight than were calibrated` adds, so their intervals are not out of sample and do not count below.
- `mlperf-bert`, `mlperf-gptj`: MLPerf Inference, closed division, offline and server. Result not verified by MLCommons
  Association where a figure is derived. The MLPerf name and logo are trademarks of MLCommons Association.
- The training families are described in the sources of each row of `training_steps.csv`.

## Where it misses, and why

- Mistral 7B on the H100 in TensorRT-LLM 0.8 and 0.9 ran a third slower than the same shapes before and after; the reason is
  not in the tables (its sliding window and FP8 cache together are the likely one). Falcon 180B on the H100 likewise.
- Layouts over several ranks carry an overhead for each layer that is fitted, not explained.
- Few requests in flight with 4-bit experts on the B200: tokens come up to half again as fast as predicted. Grouped 4-bit products
  take the memory efficiency of dense ones, whose matrices are smaller; FP8 on the same chip and on the H200 is within a seventh.
- Mixtures of experts in training rest on four models, nearly all of them run by one team in one framework: their lines *without
  each model* say what to expect of a fifth. GPT-OSS recorded whole on Grace Blackwell comes out a fifth to a third too fast.
- Submitters' systems of one MLPerf round differ by ten per cent and more for the same chip; no model of chips can follow that.

Sources: {sources}.
"""

# Colours that differ in lightness as well as in hue.
_COLOURS = {
    "A100": "#4269d0", "H100": "#c05a00", "L40S": "#2a9d5b", "B200": "#a03a8f", "B300": "#d06fae", "GB200": "#6b4fa0", "GB300": "#8a7a2e",
}  # fmt: skip


def validation_page(reports: Sequence[FamilyReport]) -> str:
    """The page as Markdown.

    Args:
        reports: Of every family.
    """
    lines = []
    for report in reports:
        lines.append(
            f"| `{report.family}` | {report.kind} | {report.count} | {report.mean_error:.1%} | {report.median_error:.1%} | "
            f"{report.worst_error:.0%} | {report.bias:+.1%} | {report.held_50:.0%} | {report.held_90:.0%} |"
        )
        lines += [
            f"| without each {item.left_out} | | {item.count} | {item.mean_error:.1%} | {item.median_error:.1%} | "
            f"{item.worst_error:.0%} | | {item.held_50:.0%} | {item.held_90:.0%} |"
            for item in report.left_out
        ]
    sources = ", ".join(
        f"`{name}`" for name in sorted({name for report in reports for name in report.sources})
    )
    return _HEAD + "\n".join(lines) + "\n" + _TAIL.format(**pooled(reports), sources=sources)


def scatter_svg(reports: Sequence[FamilyReport]) -> str:
    """Predicted over measured, every run a point, families apart.

    Args:
        reports: Of every family.
    """
    from lockgate.reports.charts import altair, draw

    alt: Any = altair()
    rows = [
        {
            "family": report.family,
            "ratio": round(predicted / measured, 4),
            "chip": chip.split("-")[0].upper(),
            "order": number,
        }
        for number, report in enumerate(reports)
        for measured, predicted, chip in report.points
    ]
    scale = alt.Scale(type="log", domain=[0.5, 2.0], clamp=True, nice=False)
    order = [report.family for report in reports]
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=26, opacity=0.75)
        .encode(
            x=alt.X("ratio:Q", scale=scale, title="predicted / measured (clamped to 0.5 … 2)",
                    axis=alt.Axis(values=[0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0], format=".2f")),
            y=alt.Y("family:N", sort=order, title=None),
            color=alt.Color("chip:N", title="chip", scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))),
        )
        .properties(width=620, height=22 * len(order))
    )  # fmt: skip
    rule = (
        alt.Chart(alt.Data(values=[{"ratio": 1.0}]))
        .mark_rule(color="#777")
        .encode(x=alt.X("ratio:Q", scale=scale))
    )
    svg = draw(rule + points)
    return svg.replace("#010101", "#222").replace("#020202", "#555").replace("#030303", "#bbb") + "\n"
