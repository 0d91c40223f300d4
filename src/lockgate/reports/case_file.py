"""A case file as a page that reads without Lockgate and without a network."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def case_page(view: Mapping[str, Any], events: Sequence[Mapping[str, Any]], checkpoint: str) -> str:
    """The page of a case file.

    Args:
        view: The case as the exporter may see it.
        events: Payloads of its events.
        checkpoint: The signed note.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("lockgate.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["plain"] = lambda value: (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )
    return environment.get_template("case_file.html").render(case=view, events=events, checkpoint=checkpoint)
