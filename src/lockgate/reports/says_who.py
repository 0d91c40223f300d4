"""What documents say, as one self-contained HTML page."""

from collections.abc import Mapping
from typing import Any

from lockgate.reports.dossier import environment


def render_says_who(data: Mapping[str, Any]) -> str:
    """A page of its own for a reading.

    Args:
        data: As ``lockgate.services.says_who`` makes it.
    """
    return environment().get_template("says_who_page.html").render(data=data, numbers={})
