"""The explanation tree: how an answer came about, with every number and clause that went in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Explanation:
    """One step of reasoning.

    Attributes:
        label: What was asked or computed, in words.
        value: The answer of this step: plain data (text, number, bool, None).
        unit: Unit of a numeric value; empty where it has none.
        citation: The clause or document it rests on: the id of a provision or a source.
        pinpoint: Where in that document.
        note: What a reader should know besides.
        children: The steps it was made from.
    """

    label: str
    value: Any = None
    unit: str = ""
    citation: str = ""
    pinpoint: str = ""
    note: str = ""
    children: tuple["Explanation", ...] = field(default=())

    def walk(self) -> Iterator[tuple[int, "Explanation"]]:
        """Every step with its depth, top first."""
        yield 0, self
        for child in self.children:
            for depth, step in child.walk():
                yield depth + 1, step

    def citations(self) -> tuple[str, ...]:
        """Ids of everything cited, each once, in order of first use."""
        return tuple(dict.fromkeys(step.citation for _, step in self.walk() if step.citation))

    def as_dict(self) -> dict[str, Any]:
        """The tree as plain data; empty fields are left out."""
        own = {
            name: getattr(self, name)
            for name in ("label", "value", "unit", "citation", "pinpoint", "note")
            if getattr(self, name) not in ("", None)
        }
        return own | ({"children": [child.as_dict() for child in self.children]} if self.children else {})

    def as_text(self) -> str:
        """The tree as indented lines.

        >>> tpp = Explanation("TPP", 15832, citation="us-ear.3a090.note-2", children=(Explanation("peak", 1979, "TFLOPS"),))
        >>> print(tpp.as_text())
        TPP = 15832  [us-ear.3a090.note-2]
          peak = 1979 TFLOPS
        """
        return "\n".join("  " * depth + render_step(step) for depth, step in self.walk())


def render_step(step: Explanation) -> str:
    """One step as one line, without its children."""
    value = "" if step.value is None else f" = {step.value}"
    unit = f" {step.unit}" if step.unit else ""
    pinpoint = f" {step.pinpoint}" if step.pinpoint else ""
    citation = f"  [{step.citation}{pinpoint}]" if step.citation else ""
    return f"{step.label}{value}{unit}{citation}" + (f"  ({step.note})" if step.note else "")
