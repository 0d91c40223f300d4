"""Write docs/reference/validation.md and its scatter chart from `lockgate validate`."""

from pathlib import Path

from lockgate.catalogue import load_catalogue
from lockgate.services.validation import validate_families
from lockgate.services.validation_page import scatter_svg, validation_page

DOCS = Path(__file__).parents[1] / "docs" / "reference"


def main() -> None:
    """Score every family, write the page and the chart."""
    reports = validate_families(load_catalogue())
    (DOCS / "validation.md").write_text(validation_page(reports), encoding="utf-8")
    (DOCS / "validation.svg").write_text(scatter_svg(reports), encoding="utf-8")
    print(f"{len(reports)} families -> {DOCS / 'validation.md'}")


if __name__ == "__main__":
    main()
