"""The documents everything rests on, and what rests on each."""

from typing import Any

from lockgate.catalogue import Catalogue
from lockgate.catalogue.citing import Use, find_uses


def list_sources(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Every source with the number of its uses, by id."""
    counts: dict[str, int] = {}
    for use in find_uses(catalogue.folders.values()):
        counts[use.source] = counts.get(use.source, 0) + 1
    return [{**source.model_dump(), "use_count": counts.get(source.id, 0)} for source in catalogue.sources()]


def describe_source_uses(catalogue: Catalogue, source_id: str) -> dict[str, Any]:
    """A source with every place that cites it.

    Raises:
        LockgateError: ``unknown-source``, with near names.
    """
    source = catalogue.source(source_id)
    uses: list[Use] = [use for use in find_uses(catalogue.folders.values()) if use.source == source_id]
    return {**source.model_dump(), "uses": [{"file": use.file, "place": use.place} for use in uses]}
