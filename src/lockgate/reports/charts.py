"""Charts as static SVG: drawn by Altair, recoloured with the page's own colours so that light, dark and print all work.

A chart carries a title and a description for those who cannot see it, and stands beside a table with the same numbers.
"""

import html
import math
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

Row = Mapping[str, Any]

# Colours that charts are drawn with -> the page's custom property that replaces each.
INK: Mapping[str, str] = {
    "#010101": "ink", "#020202": "muted", "#030303": "rule", "#040404": "paper",
    "#a10001": "closed", "#a10002": "closed-soft", "#a10003": "hold", "#a10004": "hold-soft",
    "#a10005": "open", "#a10006": "open-soft", "#a10007": "none", "#a10008": "none-soft",
    "#a10009": "accent", "#a1000a": "accent-soft", "#a1000b": "unknown", "#a1000c": "unknown-soft",
}  # fmt: skip
COLOUR: Mapping[str, str] = {name: colour for colour, name in INK.items()}
FONT = "system-ui, sans-serif"
WIDTH = 760
PLOT = (680, 400)
LABEL_SIZE = 12


def region_chart(
    points: Sequence[Row], regions: Sequence[Row], *, id_: str, title: str, description: str,
    x: tuple[str, tuple[float, float]], y: tuple[str, tuple[float, float]],
) -> str:  # fmt: skip
    """Chips as points over the regions that the law draws, both axes logarithmic.

    Args:
        points: ``name, x, y, kind`` (``deal``, ``compared``, ``other``); ``y_is_bound`` where y is only a bound.
        regions: ``label, tone, x1, x2, y1, y2`` in axis units; later ones lie over earlier ones.
        id_: Distinct id of the chart in its page.
        title: Short name, read aloud.
        description: What the chart shows, read aloud.
        x: Title and domain of the horizontal axis.
        y: Title and domain of the vertical axis.

    Returns:
        An ``svg`` element.
    """
    alt = altair()
    x_axis = axis_of(alt.X, "x", *x)
    y_axis = axis_of(alt.Y, "y", *y)
    clip = {"clip": True}
    layers = []
    for region in regions:
        data = alt.InlineData(values=[dict(region)])
        tone = region["tone"]
        layers.append(
            alt.Chart(data)
            .mark_rect(
                fill=COLOUR[f"{tone}-soft"], fillOpacity=1, stroke=COLOUR[tone], strokeWidth=1.25, **clip
            )
            .encode(x=x_axis, x2="x2:Q", y=y_axis, y2="y2:Q")
            .transform_calculate(x="datum.x1", y="datum.y1")
        )
    labels = alt.InlineData(values=[dict(region) for region in regions if region.get("label")])
    layers.append(
        alt.Chart(labels)
        .mark_text(
            align="left", baseline="bottom", dx=5, dy=-4, fontSize=12, fontWeight="bold", fill=COLOUR["ink"]
        )
        .encode(x=x_axis, y=y_axis, text="label:N")
        .transform_calculate(x="datum.x1", y="datum.y1")
    )
    marks = {
        "deal": ("accent", 110, "diamond"),
        "compared": ("ink", 60, "circle"),
        "other": ("muted", 22, "circle"),
    }
    for kind in ("other", "compared", "deal"):
        tone, size, shape = marks[kind]
        data = alt.InlineData(values=[dict(point) for point in points if point["kind"] == kind])
        base = alt.Chart(data).encode(x=x_axis, y=y_axis)
        layers.append(
            base.mark_point(
                filled=True,
                fill=COLOUR[tone],
                stroke=COLOUR["paper"],
                strokeWidth=1,
                size=size,
                shape=shape,
                opacity=1,
                **clip,
            )
        )
    for label in place_labels(points, x[1], y[1]):
        layers.append(
            alt.Chart(alt.InlineData(values=[label]))
            .mark_text(
                align=label["align"], dx=label["dx"], dy=label["dy"], baseline="middle", fontSize=LABEL_SIZE, fill=COLOUR["ink"],
                fontWeight="bold" if label["kind"] == "deal" else "normal",
            )
            .encode(x=x_axis, y=y_axis, text="label:N")
        )  # fmt: skip
    chart = alt.layer(*layers).properties(width=PLOT[0], height=PLOT[1])
    return accessible(draw(chart), id_=id_, title=title, description=description)


def place_labels(
    points: Sequence[Row], x: tuple[float, float], y: tuple[float, float]
) -> list[dict[str, Any]]:
    """Labels of the named points, each where it covers no other: right, left, above or below its point.

    Points that share a place share a label.

    Args:
        points: As for `region_chart`.
        x: Domain of the horizontal axis.
        y: Domain of the vertical axis.
    """
    spots = [
        (at_pixel(point["x"], x, PLOT[0]), PLOT[1] - at_pixel(point["y"], y, PLOT[1]), point)
        for point in points
    ]
    named = sorted((spot for spot in spots if spot[2]["label"]), key=lambda spot: spot[2]["kind"] != "deal")
    shared: list[tuple[float, float, Row, list[str]]] = []
    for left, top, point in named:
        twin = next((other for other in shared if abs(other[0] - left) < 6 and abs(other[1] - top) < 6), None)
        if twin:
            twin[3].append(point["label"])
        else:
            shared.append((left, top, point, [point["label"]]))
    taken = [(left - 6, top - 6, left + 6, top + 6) for left, top, _ in named]
    placed = []
    for left, top, point, names in shared:
        text = ", ".join(names)
        half = len(text) * LABEL_SIZE * 0.29
        choices = [
            ("left", 9, -1),
            ("right", -9, -1),
            ("center", 0, -15),
            ("center", 0, 15),
            ("left", 9, -15),
            ("left", 9, 15),
        ]
        boxes = [box_of(left + dx, top + dy, half, align) for align, dx, dy in choices]
        index = next((i for i, box in enumerate(boxes) if fits(box, taken)), 0)
        taken.append(boxes[index])
        align, dx, dy = choices[index]
        placed.append(
            {
                "x": point["x"],
                "y": point["y"],
                "kind": point["kind"],
                "label": text,
                "align": align,
                "dx": dx,
                "dy": dy,
            }
        )
    return placed


def at_pixel(value: float, domain: tuple[float, float], length: float) -> float:
    """Where a logarithmic axis puts a value, in pixels from its start."""
    return length * math.log(value / domain[0]) / math.log(domain[1] / domain[0])


def box_of(x: float, y: float, half: float, align: str) -> tuple[float, float, float, float]:
    """The box of a text anchored at a point: left, top, right, bottom."""
    start = {"left": x, "right": x - 2 * half, "center": x - half}[align]
    return start, y - LABEL_SIZE / 2, start + 2 * half, y + LABEL_SIZE / 2


def fits(box: tuple[float, float, float, float], taken: Sequence[tuple[float, float, float, float]]) -> bool:
    """Whether a box lies in the plot and over none that is taken."""
    left, top, right, bottom = box
    inside = left >= 0 and right <= PLOT[0] and top >= 0 and bottom <= PLOT[1]
    return inside and not any(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom for other in taken
    )


def axis_of(channel: Any, field: str, title: str, domain: tuple[float, float]) -> Any:
    """A logarithmic axis with round numbers."""
    alt = altair()
    return channel(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log", domain=list(domain), nice=False),
        axis=alt.Axis(format="~s" if domain[1] > 1000 else "~g", tickCount=6, grid=False),
    )


def strip_chart(
    spans: Sequence[Row], *, id_: str, title: str, description: str, rows: Sequence[str], marks: Sequence[Row]
) -> str:
    """How each row stood through time: one bar a span, one lane a gate.

    Args:
        spans: ``row, lane, start, end`` (ISO days), ``tone`` and ``label``.
        id_: Distinct id of the chart in its page.
        title: Short name, read aloud.
        description: What the chart shows, read aloud.
        rows: Names of the rows, top first.
        marks: Days to mark: ``on, label``.

    Returns:
        An ``svg`` element.
    """
    alt = altair()
    tones = sorted({span["tone"] for span in spans})
    data = alt.InlineData(
        values=[dict(span) for span in spans], format=alt.DataFormat(parse={"start": "date", "end": "date"})
    )
    y = alt.Y(
        "row:N",
        sort=list(rows),
        title=None,
        axis=alt.Axis(labelFontSize=12, ticks=False, domain=False, labelPadding=8),
    )
    offset = alt.YOffset("lane:N", sort=["us-export", "cn-import"])
    x = alt.X(
        "start:T",
        title=None,
        axis=alt.Axis(format="%Y", tickCount="year", grid=True, gridColor=COLOUR["rule"]),
    )
    bars = (
        alt.Chart(data)
        .mark_bar(stroke=COLOUR["paper"], strokeWidth=1)
        .encode(
            x=x,
            x2="end:T",
            y=y,
            yOffset=offset,
            fill=alt.Fill(
                "tone:N",
                scale=alt.Scale(domain=tones, range=[COLOUR[f"{tone}-soft"] for tone in tones]),
                legend=None,
            ),
        )
    )
    edges = (
        alt.Chart(data)
        .mark_tick(thickness=3, orient="vertical", filled=False, fillOpacity=0)
        .encode(
            x=x,
            y=y,
            yOffset=offset,
            stroke=alt.Stroke(
                "tone:N", scale=alt.Scale(domain=tones, range=[COLOUR[tone] for tone in tones]), legend=None
            ),
        )
    )
    words = (
        alt.Chart(data)
        .transform_filter("datum.days > datum.label.length * 13 + 20")
        .mark_text(align="left", dx=7, fontSize=10.5, fill=COLOUR["ink"])
        .encode(x=x, y=y, yOffset=offset, text="label:N")
    )
    day_data = alt.InlineData(
        values=[dict(mark) for mark in marks], format=alt.DataFormat(parse={"on": "date"})
    )
    days = alt.Chart(day_data).mark_rule(stroke=COLOUR["accent"], strokeWidth=2).encode(x=alt.X("on:T"))
    day_labels = (
        alt.Chart(day_data)
        .mark_text(
            align="right",
            baseline="bottom",
            dx=-3,
            dy=-3,
            y=0,
            fontSize=11,
            fontWeight="bold",
            fill=COLOUR["accent"],
        )
        .encode(x=alt.X("on:T"), text="label:N")
    )
    chart = alt.layer(bars, edges, days, words, day_labels).properties(width=WIDTH - 60, height=alt.Step(21))
    return accessible(draw(chart), id_=id_, title=title, description=description)


def altair() -> Any:
    """Altair, imported when the first chart is drawn; its generated signatures are too narrow for marks built from data."""
    return import_module("altair")


def draw(chart: Any) -> str:
    """An Altair chart as SVG text in the stand-in colours of `INK`."""
    import vl_convert

    alt = altair()
    themed = chart.configure(background="transparent", font=FONT).configure_view(strokeWidth=0)
    themed = themed.configure_axis(
        labelColor=COLOUR["muted"], titleColor=COLOUR["ink"], domainColor=COLOUR["rule"], tickColor=COLOUR["rule"],
        labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
    )  # fmt: skip
    version = "v" + "_".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2]).replace("_", ".")
    return str(vl_convert.vegalite_to_svg(themed.to_dict(), vl_version=version))


def accessible(svg: str, *, id_: str, title: str, description: str) -> str:
    """The SVG with the page's colours, a title, a description, and no fixed size.

    >>> accessible('<svg width="10" height="5" viewBox="0 0 10 5"><path fill="#010101"/></svg>', id_="c", title="T", description="D")
    '<svg viewBox="0 0 10 5" role="img" aria-labelledby="c-title c-desc" class="chart"><title id="c-title">T</title><desc id="c-desc">D</desc><path style="fill:var(--ink)"/></svg>'
    """
    head, body = re.match(r"(<svg[^>]*>)(.*)</svg>\s*$", svg, re.DOTALL).groups()  # type: ignore[union-attr]
    view = re.search(r'viewBox="[^"]*"', head)
    body = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", body)
    body = re.sub(r"<[a-z]+ [^>]*>", recolour, body)
    opening = (
        f'<svg {view.group() if view else ""} role="img" aria-labelledby="{id_}-title {id_}-desc" class="chart">'
        f'<title id="{id_}-title">{html.escape(title)}</title><desc id="{id_}-desc">{html.escape(description)}</desc>'
    )
    return f"{opening}{body}</svg>"


def recolour(found: re.Match[str]) -> str:
    """One tag with its stand-in colours as the page's custom properties, in one style attribute."""
    styles: list[str] = []

    def take(colour: re.Match[str]) -> str:
        name = INK.get(colour.group(2))
        if name is None:
            return colour.group()
        styles.append(f"{colour.group(1)}:var(--{name})")
        return ""

    tag = re.sub(r' (fill|stroke)="(#[0-9a-f]{6})"', take, found.group())
    if not styles:
        return tag
    end = "/>" if tag.endswith("/>") else ">"
    return f'{tag.removesuffix(end)} style="{";".join(styles)}"{end}'
