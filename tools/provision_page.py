"""The page of every provision: dates, operators, citation, how far it was checked, the cases that exercise it, what is open."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lockgate.catalogue import load_catalogue
from lockgate.catalogue.law import Provision, Scope, Version
from lockgate.services.determine import Determiner
from lockgate.services.transaction_rows import COLUMNS, SHORTHANDS

CASES = Path(__file__).parents[1] / "tests" / "cases"
FAR = dt.date(9999, 12, 31)
TAGS = {
    "primary": "the published text was read",
    "quoted": "a third party quotes the text and cites its number",
    "secondary": "summaries by law firms, brokers or the press",
    "reported": "a report of something that is not published",
    "open": "background knowledge, or a text that does not settle it",
}


def read_cases(folder: Path = CASES) -> list[dict[str, Any]]:
    """Every case of every file, with its file's name."""
    return [
        {**case, "file": path.stem}
        for path in sorted(folder.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8")).get("cases", [])
    ]


def cases_by_provision() -> Mapping[str, list[str]]:
    """Provision to the first case of each file whose answer cites it or rests on it."""
    found: dict[str, dict[str, str]] = {}
    catalogue = load_catalogue()
    for case in read_cases():
        determiner = Determiner(catalogue, known_at=case.get("known_at"), with_proposed=True, today=FAR)
        answer = determiner.answer({**case["facts"], "on": case["on"]})
        conditions = (condition.id for gate in answer.gates for condition in gate.conditions)
        basis = (id_ for part in answer.parts for id_ in part.basis)
        for id_ in {*answer.explanation.citations(), *basis, *conditions}:
            found.setdefault(id_, {}).setdefault(case["file"], case["name"])
    return {
        id_: [f"{name} (`{file}.toml`)" for file, name in sorted(by_file.items())]
        for id_, by_file in found.items()
    }


def scope_text(scope: Scope) -> str:
    """A scope in words."""
    held = ["worldwide"] if scope.worldwide else []
    held += [*(f"Country Group {group}" for group in scope.groups), *scope.places]
    left_out = [*scope.except_groups, *scope.except_places]
    return ", ".join(held) + (f"; not {', '.join(left_out)}" if left_out else "")


def version_text(version: Version) -> str:
    """One version as a paragraph and a list."""
    known = (
        f", known on {version.known_on}" if version.known_on and version.known_on != version.from_on else ""
    )
    status = "" if version.status == "in-force" else f" — **{version.status}**"
    lines = [f"**From {version.from_on}**{known}{status}. {version.summary}", ""]
    for line in version.lines:
        lines.append(f"- `{line.id}`: " + " and ".join(f"`{limit}`" for limit in line.limits))
    scopes = {
        "destinations": version.scope,
        "enforced for": version.enforced_scope,
        "headquarters or ultimate parent in": version.party_scope,
    }
    lines += [f"- {name}: {scope_text(scope)}" for name, scope in scopes.items() if scope is not None]
    if version.items:
        lines.append("- items: " + ", ".join(f"`{item}`" for item in version.items))
    if version.parties:
        lines.append("- parties: " + ", ".join(version.parties))
    if version.outcome:
        lines.append(f"- outcome: `{version.outcome}`")
    lines += [f"- {name}: `{value}`" for name, value in version.values.items()]
    if version.needs:
        lines.append(f"- evidence: {version.needs}")
    cited = version.citation
    place = ", ".join(text for text in (cited.section, cited.pinpoint) if text)
    document = f"[{cited.document}]({cited.url})" if cited.url else cited.document
    confidence = f", confidence {version.confidence}" if version.confidence else ""
    lines.append(
        f"- stands in {document}{', ' + place if place else ''} ({version.verification}{confidence})"
    )
    lines += [f"- open: {text}" for text in version.open]
    return "\n".join(lines)


def provision_text(provision: Provision, cases: list[str]) -> str:
    """One provision as a section."""
    exercised = f"Cases: {'; '.join(cases)}." if cases else "No case yet."
    versions = "\n\n".join(version_text(version) for version in provision.versions)
    return f"### `{provision.id}`\n\n{provision.title}\n\n{versions}\n\n{exercised}\n"


def provisions_page(made: str) -> str:
    """The page.

    Args:
        made: The line that says where the page comes from.
    """
    provisions = load_catalogue().provisions()
    cases = cases_by_provision()
    groups: dict[str, list[Provision]] = {}
    for provision in provisions:
        groups.setdefault(provision.id.split(".")[0], []).append(provision)
    titles = {
        "us-ear": "Export Administration Regulations",
        "us-bis": "Letters and guidance of the Bureau of Industry and Security",
        "us-bill": "Proposed bills (off unless asked for)",
        "us-section-232": "Section 232 duty (a charge, not a gate)",
        "cn-import": "China's import gate, as reported (not law)",
    }
    tags = "\n".join(f"- **{tag}**: {meaning}" for tag, meaning in TAGS.items())
    parts = [
        f"""# Provisions

{made}
{len(provisions)} provisions, {sum(len(item.versions) for item in provisions)} dated versions. A version holds from its day until the
next one's; `known on` is the day of its publication or report, where it differs. Operators are exact: `>=` includes the number.

How far a version was checked:

{tags}
"""
    ]
    for name in sorted(groups, key=lambda key: list(titles).index(key) if key in titles else len(titles)):
        parts.append(f"## {titles.get(name, name)}\n")
        parts += [provision_text(item, cases.get(item.id, [])) for item in groups[name]]
    return "\n".join(parts)


def columns_page(made: str) -> str:
    """The columns of a transaction.

    Args:
        made: The line that says where the page comes from.
    """
    kinds = {
        "text": "text",
        "place": "a country or territory: `CN`, `CHN`, `China`, `中国`",
        "truth": "`yes`, `no`, `unknown` or empty",
        "truth-or-day": "`yes`, `no`, `unknown`, or a day `YYYY-MM-DD`",
        "number": "a number of 0 or more; `4,800.5` is read",
        "day": "a day `YYYY-MM-DD`",
        "movement": "`export`, `reexport`, `in-country-transfer` or `remote-access`",
    }
    rows = "\n".join(
        f"| `{name}` | {column.meaning} | {kinds.get(column.kind) or ', '.join(f'`{word}`' for word in column.words)} |"
        for name, column in COLUMNS.items()
    )
    rows += "".join(
        f"\n| `{name}` | stands for {', '.join(f'`{column}`' for column in columns)} | {kinds['truth']} |"
        for name, columns in SHORTHANDS.items()
    )
    return f"""# Columns of a transaction

{made}
`lockgate determine FILE` reads a CSV with a header, JSON lines (one object a line), a JSON object or list, or TOML (one transaction,
or several under `[[transactions]]`). Every column may be left out but an item: a catalogue id, or specifications. An empty cell means
that it is not known, never that it is not so. A specification beside a catalogue id replaces the catalogue's, with a warning. An
`export` without `from` leaves from the United States; without `kind` the route tells how it moves.

| column | holds | allowed |
| --- | --- | --- |
{rows}
"""
