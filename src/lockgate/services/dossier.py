"""Make a dossier of a deal: the registry of its sections, and the one function that fills them."""

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate.base.errors import LockgateError

if TYPE_CHECKING:
    from lockgate.reports.outline import Dossier, DossierSection
    from lockgate.services.assessment import Assessment

SECTION_PROVIDERS: tuple[str, ...] = (
    "lockgate.services.dossier_verdict:verdict_section",
    "lockgate.services.dossier_verdict:deal_section",
    "lockgate.services.dossier_gates:gates_section",
    "lockgate.services.dossier_gates:conditions_section",
    "lockgate.services.dossier_lines:versions_section",
    "lockgate.services.dossier_lines:lines_section",
    "lockgate.services.dossier_numbers:cap_section",
    "lockgate.services.dossier_numbers:cost_section",
    "lockgate.services.dossier_who:who_section",
    "lockgate.services.dossier_capability:capability_section",
    "lockgate.services.says_who:says_who_section",
)
"""``module:function`` of every part that can have a section. A provider takes the assessment and returns a section, or None where
it has nothing to say: then the section is not there. Sections stand in the order of their ``order``, not of this list."""

Progress = Callable[[str], None]
"""Is told what is being worked on."""


def make_dossier(assessment: "Assessment", *, progress: Progress = lambda _: None) -> "Dossier":
    """The dossier of an assessed deal.

    Args:
        assessment: The deal, on its day.
        progress: Is told which section is being worked on.
    """
    from importlib.metadata import version

    from lockgate.reports.outline import Dossier
    from lockgate.services.dossier_verdict import sum_up

    sections = fill_sections(assessment, SECTION_PROVIDERS, progress)
    progress("sources")
    from lockgate.services.dossier_sources import sources_section

    sections = sorted([*sections, sources_section(assessment, sections)], key=lambda section: section.order)
    return Dossier(
        id=assessment.deal.id,
        title=assessment.deal.title,
        on=assessment.on,
        known_at=assessment.known_at,
        made_on=assessment.today,
        version=version("lockgate"),
        verdict=str(assessment.verdict),
        summary=sum_up(assessment),
        sections=tuple(sections),
    )


def fill_sections(
    assessment: "Assessment", providers: Iterable[str], progress: Progress
) -> "list[DossierSection]":
    """Ask every provider; those that have nothing to say are left out."""
    sections = []
    for provider in providers:
        module, name = provider.split(":")
        progress(name.removesuffix("_section").replace("_", " "))
        section = getattr(import_module(module), name)(assessment)
        if section is not None:
            sections.append(section)
    return sections


def write_dossier(dossier: "Dossier", path: Path) -> None:
    """Write the dossier as one self-contained HTML file; folders that are not there are made.

    Raises:
        LockgateError: ``unwritable-file``.
    """
    from lockgate.reports.dossier import render_dossier

    page = render_dossier(dossier)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise LockgateError(
            f"cannot be written: {error.strerror}",
            code="unwritable-file",
            where=str(path),
            hint="give --out another place",
        ) from None
