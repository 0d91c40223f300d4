"""Charts: labels that cover nothing, colours that follow the page, words for those who cannot see."""

import re

import pytest

from lockgate.reports.charts import PLOT, accessible, at_pixel, place_labels, region_chart, strip_chart

DOMAIN = (100.0, 100_000.0)


def point(label: str, x: float, y: float, kind: str = "compared") -> dict[str, object]:
    return {"label": label, "x": x, "y": y, "kind": kind}


def test_points_in_one_place_share_a_label() -> None:
    placed = place_labels(
        [point("A", 1000, 1000), point("B", 1001, 1000), point("C", 9000, 50_000)], DOMAIN, DOMAIN
    )
    assert [label["label"] for label in placed] == ["A, B", "C"]


def test_the_deal_is_labelled_first_and_others_give_way() -> None:
    placed = place_labels([point("other", 1000, 1000), point("deal", 1100, 1000, "deal")], DOMAIN, DOMAIN)
    assert placed[0]["label"] == "deal"
    assert (placed[0]["align"], placed[0]["dx"]) != (placed[1]["align"], placed[1]["dx"])


def test_a_point_at_the_edge_is_labelled_inside() -> None:
    (label,) = place_labels([point("at the edge", 99_000, 1000)], DOMAIN, DOMAIN)
    assert label["align"] == "right"


def test_the_axis_is_logarithmic() -> None:
    assert at_pixel(100, DOMAIN, PLOT[0]) == 0
    assert at_pixel(100_000, DOMAIN, PLOT[0]) == pytest.approx(PLOT[0])
    assert at_pixel(1000, DOMAIN, 300) == pytest.approx(100)


def test_both_colours_of_a_shape_reach_the_page() -> None:
    svg = accessible(
        '<svg viewBox="0 0 1 1"><path fill="#a10001" d="M0" stroke="#010101"/></svg>',
        id_="c",
        title="a<b",
        description="d",
    )
    assert 'style="fill:var(--closed);stroke:var(--ink)"' in svg
    assert "a&lt;b" in svg


def test_a_region_chart_draws_regions_points_and_labels() -> None:
    svg = region_chart(
        [point("H200", 15_832, 19.4, "deal"), point("H20", 2368, 2.9), point("", 3000, 3, "other")],
        [{"label": "3A090.a", "tone": "closed", "x1": 4800, "x2": 100_000, "y1": 0.4, "y2": 200}],
        id_="c", title="T", description="D", x=("TPP", (400, 100_000)), y=("PD", (0.4, 200)),
    )  # fmt: skip
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert {"H200", "H20", "3A090.a", "TPP", "PD"} <= set(words)
    assert "var(--closed-soft)" in svg


def test_a_strip_shows_every_row_and_day() -> None:
    spans = [
        {"row": "A", "lane": "us-export", "start": "2022-01-01", "end": "2024-01-01", "tone": "open", "label": "free", "days": 730},
        {"row": "A", "lane": "us-export", "start": "2024-01-01", "end": "2026-01-01", "tone": "unknown", "label": "undetermined", "days": 731},
    ]  # fmt: skip
    svg = strip_chart(
        spans, id_="s", title="T", description="D", rows=["A"], marks=[{"on": "2025-01-01", "label": "here"}]
    )
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert {"A", "free", "undetermined", "here"} <= set(words)
    assert "var(--unknown-soft)" in svg
