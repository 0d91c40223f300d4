"""Letters of a case from templates: what goes in is plain data, what comes out is text, and the same as a page to print."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

LETTERS: Mapping[str, str] = {
    "registration": "that the application has come in",
    "information_request": "open questions to the applicant",
    "referral": "to the agencies asked for advice",
    "approval": "what is granted, on which conditions",
    "denial_notice": "the intent to deny, with the way to answer and to appeal",
    "return_without_action": "that the application goes back undecided",
    "no_licence_needed": "that no licence is needed",
    "revocation": "that what was issued is revoked",
}
"""Every letter there is, and what it says. Each is a template of ``templates/letters``."""

OF_OUTCOME: Mapping[str, str] = {
    "approve": "approval",
    "deny": "denial_notice",
    "return_without_action": "return_without_action",
    "no_licence_needed": "no_licence_needed",
    "revoke": "revocation",
}
"""The letter of each outcome of a decision."""


def letter_text(name: str, view: Mapping[str, Any]) -> str:
    """A letter as text.

    Args:
        name: One of ``LETTERS``.
        view: What the template names, as plain data; ``draft`` says why it is none to send, empty where it is one.

    >>> print(letter_text("no_licence_needed", {"draft": "", "authority": "An authority", "day": "2026-01-28", "to": "p-1",
    ...       "kind": "Export licence", "case": "x-1", "about": "", "contact": "", "reasons": "EAR99"}))
    An authority
    2026-01-28
    <BLANKLINE>
    To p-1
    Export licence x-1
    <BLANKLINE>
    What you applied for needs no licence.
    <BLANKLINE>
    Reasons: EAR99
    <BLANKLINE>
    This holds for the transaction as you described it.
    """
    environment = Environment(
        loader=PackageLoader("lockgate.reports", "templates/letters"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, autoescape=False,  # noqa: S701 plain text, escaped whole where it becomes a page
    )  # fmt: skip
    environment.filters["thousands"] = lambda units: f"{units:,}"
    text = environment.get_template(f"{name}.txt").render(view)
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip()


def letter_page(title: str, text: str) -> str:
    """A letter as a page to print, which needs nothing from anywhere."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>'
        + str(escape(title))
        + "</title>\n"
        "<style>body{font:11pt/1.5 Georgia,'Noto Serif CJK SC',serif;max-width:42em;margin:3em auto;padding:0 1em}"
        "pre{font:inherit;white-space:pre-wrap}@page{margin:2.5cm}</style></head>\n"
        f"<body><pre>{escape(text)}</pre></body></html>\n"
    )
