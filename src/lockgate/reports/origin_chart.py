"""The drawing of documents and their origins."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

ROW = 30
LEFT = 330
WIDTH = 720


def origin_chart(edges: Sequence[Mapping[str, Any]]) -> str:
    """Documents on the left, their origins on the right, a line for each; broken where only probable.

    Args:
        edges: Each with ``document``, ``origin`` and ``sure``.
    """
    if not edges:
        return ""
    documents = list(dict.fromkeys(str(edge["document"]) for edge in edges))
    origins = list(dict.fromkeys(str(edge["origin"]) for edge in edges))
    height = ROW * max(len(documents), len(origins)) + 10
    step = height / len(origins)
    parts = [
        (
            f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" aria-labelledby="origins-title origins-desc" '
            'style="max-width:100%;height:auto;font:13px system-ui,sans-serif" xmlns="http://www.w3.org/2000/svg">'
            '<title id="origins-title">Documents and their origins</title>'
            '<desc id="origins-desc">A line joins each document to each origin it draws on, broken where that is only probable. '
            "The table after the chart holds the same.</desc>"
        )
    ]
    for edge in edges:
        top = ROW * documents.index(str(edge["document"])) + ROW / 2
        end = step * origins.index(str(edge["origin"])) + step / 2
        dash = "" if edge["sure"] else ' stroke-dasharray="5 4"'
        parts.append(
            f'<path d="M{LEFT},{top:.0f} C{LEFT + 80},{top:.0f} {LEFT + 80},{end:.0f} {LEFT + 160},{end:.0f}" fill="none" '
            f'stroke="currentColor" stroke-opacity=".55"{dash}/>'
        )
    for at, name in enumerate(documents):
        shown = name if len(name) <= 44 else name[:43] + "…"
        parts.append(
            f'<text x="{LEFT - 8}" y="{ROW * at + ROW / 2 + 4:.0f}" text-anchor="end" fill="currentColor">{escape(shown)}</text>'
        )
    for at, name in enumerate(origins):
        parts.append(
            f'<text x="{LEFT + 168}" y="{step * at + step / 2 + 4:.0f}" font-weight="600" fill="currentColor">{escape(name)}</text>'
        )
    return "".join(parts) + "</svg>"
