"""Charts of what chips do: estimates as points with bands, and throughput against interactivity."""

from collections.abc import Mapping, Sequence
from typing import Any

from lockgate.reports.charts import COLOUR, PLOT, accessible, altair, draw

TONES = ("accent", "closed", "hold", "unknown")
"""Colours of up to four chips; shapes tell them apart as well."""
PALETTE = {
    "ink": "#14181f", "muted": "#565f6c", "rule": "#c9d0d9", "paper": "#ffffff", "closed": "#a3200d", "closed-soft": "#fbe7e4",
    "hold": "#7a4d00", "hold-soft": "#fdf1d8", "open": "#0b6b3a", "open-soft": "#e2f3e9", "none": "#4a5361", "none-soft": "#e9edf2",
    "accent": "#14539a", "accent-soft": "#bcd4ee", "unknown": "#5b3a8c", "unknown-soft": "#e9e2f5",
}  # fmt: skip
"""The colours of a page, for a chart that stands alone."""
SHAPES = ("circle", "square", "triangle-up", "diamond")


def interval_chart(
    rows: Sequence[Mapping[str, Any]], *, id_: str, title: str, description: str, axis: str, log: bool,
    measured: Sequence[Mapping[str, Any]] = (),
) -> str:  # fmt: skip
    """One estimate a row: the value, and its 50 % and 90 % intervals as bands; measured runs as open diamonds over them.

    Args:
        rows: ``name, value, low_50, high_50, low_90, high_90``.
        id_: Distinct id of the chart in its page.
        title: Short name, read aloud.
        description: What the chart shows, read aloud.
        axis: Title of the horizontal axis, with its unit.
        log: Whether that axis is logarithmic.
        measured: ``name, value`` of runs that were measured.

    Returns:
        An ``svg`` element.
    """
    alt = altair()
    data = alt.InlineData(values=[dict(row) for row in rows])
    scale = alt.Scale(type="log") if log else alt.Scale(zero=True, nice=True)
    ticks = alt.Axis(labelOverlap=True, labelSeparation=8)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=220))

    def band(low: str, high: str, width: int, tone: str) -> Any:
        x = alt.X(f"{low}:Q", title=axis, scale=scale, axis=ticks)
        return alt.Chart(data).mark_bar(height=width, fill=COLOUR[tone]).encode(x=x, x2=f"{high}:Q", y=y)

    points = (
        alt.Chart(data)
        .mark_tick(thickness=3, height=24, color=COLOUR["ink"])
        .encode(x=alt.X("value:Q", title=axis, scale=scale, axis=ticks), y=y)
    )
    layers = [band("low_90", "high_90", 10, "accent-soft"), band("low_50", "high_50", 18, "accent"), points]
    if measured:
        runs = alt.Chart(alt.InlineData(values=[dict(row) for row in measured]))
        layers.append(
            runs.mark_point(
                shape="diamond", size=110, filled=True, fill=COLOUR["paper"], stroke=COLOUR["closed"], strokeWidth=2, opacity=1
            ).encode(x=alt.X("value:Q", title=axis, scale=scale, axis=ticks), y=y)
        )  # fmt: skip
    chart = alt.layer(*layers)
    return accessible(
        draw(chart.properties(width=PLOT[0] - 120, height=alt.Step(40))),
        id_=id_,
        title=title,
        description=description,
    )


def front_chart(
    points: Sequence[Mapping[str, Any]], *, id_: str, title: str, description: str, log: bool
) -> str:
    """Throughput of a chip against the speed one user sees; a line a chip through its best layouts.

    Args:
        points: ``name, tokens_per_s_per_user, tokens_per_s_per_chip``; at most four names.
        id_: Distinct id of the chart in its page.
        title: Short name, read aloud.
        description: What the chart shows, read aloud.
        log: Whether both axes are logarithmic.

    Returns:
        An ``svg`` element.
    """
    alt = altair()
    names = list(dict.fromkeys(str(point["name"]) for point in points))
    tones = [COLOUR[TONES[position % len(TONES)]] for position in range(len(names))]
    shapes = [SHAPES[position % len(SHAPES)] for position in range(len(names))]
    scale = (
        alt.Scale(type="log" if log else "linear", zero=not log, nice=True)
        if not log
        else alt.Scale(type="log")
    )
    data = alt.InlineData(values=[dict(point) for point in points])
    base = alt.Chart(data).encode(
        x=alt.X("tokens_per_s_per_user:Q", title="tokens per second and user", scale=scale),
        y=alt.Y("tokens_per_s_per_chip:Q", title="tokens per second and chip", scale=scale),
        color=alt.Color("name:N", scale=alt.Scale(domain=names, range=tones), legend=alt.Legend(title=None, labelColor=COLOUR["ink"], labelLimit=240, orient="top")),
    )  # fmt: skip
    marks = base.mark_point(filled=True, size=70, opacity=1).encode(
        shape=alt.Shape("name:N", scale=alt.Scale(domain=names, range=shapes), legend=None)
    )
    chart = alt.layer(base.mark_line(strokeWidth=2, order=False), marks).properties(
        width=PLOT[0], height=PLOT[1] - 60
    )
    return accessible(draw(chart), id_=id_, title=title, description=description)


def standalone(svg: str) -> str:
    """A chart as a file of its own: the page's colours written in, on white.

    >>> standalone('<svg viewBox="0 0 1 1"><path style="fill:var(--ink)"/></svg>')[:60]
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><r'
    """
    for name, colour in PALETTE.items():
        svg = svg.replace(f"var(--{name})", colour)
    opening, rest = svg.split(">", 1)
    opening = (
        opening.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        if "xmlns=" not in opening
        else opening
    )
    return f'{opening}><rect width="100%" height="100%" fill="#ffffff"/>{rest}'


def as_png(svg: str) -> bytes:
    """A chart as a PNG picture, twice its size."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(standalone(svg), scale=2))
