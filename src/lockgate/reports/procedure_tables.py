"""Order rules, measures, clocks and case kinds as the manual shows them, made from the data files."""

from collections.abc import Iterable

from lockgate.casework.clocks import Clock, parse_procedure
from lockgate.casework.kinds import When, parse_kind
from lockgate.casework.measures import parse_measure
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.catalogue.procedures import read_procedures
from lockgate.reports.case_tables import render_table, words

INTRODUCTION = """What procedures say, as data: every file lies under `src/lockgate/data/casework/`, and a file of the same id
in your own folder (`casework/rules/…` under the folder given with `--data`) takes its place."""


def describe_rule(rule: AllocationRule) -> str:
    """An order rule's parts in words."""
    parts = ["in order of " + ", then ".join(rule.order.keys) if rule.order.keys else "all at once"]
    share = {"in_turn": "each in turn", "optimum": "highest total of score × units", "withheld": "no formula"}
    parts.append(share.get(rule.share.method, f"shared by {words(rule.share.weight)}"))
    if rule.classes:
        names = ", ".join(
            item.name + (f" {item.share * 100:g} %" if item.share else "") for item in rule.classes.classes
        )
        parts.append(f"classes {rule.classes.mode}: {names}" + ("; spills" if rule.classes.spill else ""))
    if rule.caps.per_recipient:
        parts.append(f"at most {rule.caps.per_recipient:,} each")
    if rule.caps.share_of_supply:
        parts.append(f"at most {rule.caps.share_of_supply * 100:g} % of the opening supply each")
    if rule.caps.share_of_allocated:
        parts.append(f"at most {rule.caps.share_of_allocated * 100:g} % of what is handed out each")
    if rule.caps.over_maximum == "inadmissible":
        parts.append("requests over the maximum fall out")
    if rule.rounding.lot > 1:
        parts.append(f"lots of {rule.rounding.lot}")
    parts.append(words(rule.rounding.method))
    return "; ".join(parts)


def list_order_rules() -> str:
    """Every order rule, as a Markdown table."""
    rules = [parse_rule(raw) for raw in read_procedures("rules").values()]
    lines = (
        (
            f"`{rule.id}`",
            rule.title,
            describe_rule(rule),
            _cited(rule.source, rule.pinpoint),
            rule.confidence,
            ", ".join(rule.may_fall_with_supply) or "never",
        )
        for rule in rules
    )
    return render_table(
        ("rule", "title", "how", "source", "confidence", "a larger supply may give somebody less"), lines
    )


def list_measures() -> str:
    """Every measure, as a Markdown table."""
    measures = [parse_measure(raw) for raw in read_procedures("measures").values()]
    common = {"id", "aliases", "version", "title", "source", "pinpoint", "confidence", "note", "kind"}
    lines = (
        (
            f"`{item.id}`", item.title,
            "; ".join(f"{words(name)} {value}" for name, value in item if name not in common),
            _cited(item.source, item.pinpoint), item.confidence,
        )
        for item in measures
    )  # fmt: skip
    return render_table(("measure", "title", "parameters", "source", "confidence"), lines)


def describe_limit(clock: Clock) -> str:
    """How long a clock runs, in words."""
    (name, value), *_ = [(name, value) for name, value in clock.limit if value is not None]
    texts = {
        "days": f"{value} days",
        "working_days": f"{value} working days",
        "months": f"{value} months",
        "years": f"{value} years",
        "hours_before": f"{value} hours before",
        "end_of_month_after": "end of the month" if value == 0 else f"end of the month {value} later",
        "holiday_rolls": "the day itself; on a holiday the next working day",
    }
    return texts[name]


def list_clocks() -> Iterable[str]:
    """Every procedure with its clocks and stops, as Markdown."""
    for raw in read_procedures("clocks").values():
        procedure = parse_procedure(raw)
        yield f"### {procedure.title} (`{procedure.id}`)"
        yield render_table(
            ("clock", "by its end", "counts from", "runs", "stops for", "silence means", "source"),
            (
                (
                    f"`{clock.id}`", clock.title, " or ".join([*map(words, clock.starts), *([f"end of {words(clock.after)}"] if clock.after else [])]),
                    describe_limit(clock), "any stop" if "*" in clock.stoppable else ", ".join(clock.stoppable), clock.silence,
                    _cited(clock.source, clock.pinpoint),
                )
                for clock in procedure.clocks
            ),
        )  # fmt: skip
        yield "Times that do not count, each once however they overlap:"
        yield render_table(
            ("stop", "what", "source"),
            (
                (
                    f"`{stop.id}`",
                    stop.title + (f". {stop.note}" if stop.note else ""),
                    _cited(stop.source, stop.pinpoint),
                )
                for stop in procedure.stops
            ),
        )


def describe_when(tests: Iterable[When]) -> str:
    """When a field or paper is needed, in words."""
    found = []
    for test in tests:
        parts = [f"is {' or '.join(test.any_of)}"] if test.any_of else []
        parts += [f"is over {test.over}"] if test.over is not None else []
        parts += ["is filled"] if test.filled else []
        found.append(f"{words(test.field)} {' and '.join(parts)}")
    return "; ".join(found)


def list_case_kinds() -> Iterable[str]:
    """Every case kind with its form, papers and routing, as Markdown."""
    for raw in read_procedures("kinds").values():
        kind = parse_kind(raw)
        yield f"### {kind.title} (`{kind.id}`)"
        yield f"Decided by: {kind.authority}. Outcomes: {', '.join(map(words, kind.outcomes))}. {kind.note}".strip()
        yield render_table(
            ("field", "label", "holds", "needed", "seen by", "source"),
            (
                (
                    f"`{item.id}`",
                    item.label,
                    words(item.type),
                    _needed(item.required, item.when),
                    words(item.visible),
                    _cited(item.source, item.pinpoint),
                )
                for item in kind.fields
            ),
        )
        yield render_table(
            ("paper", "title", "before", "when", "source"),
            (
                (
                    f"`{need.kind}`",
                    need.title,
                    need.before,
                    describe_when(need.when) or "always",
                    _cited(need.source, need.pinpoint),
                )
                for need in kind.documents
            ),
        )
        yield render_table(
            ("routing rule", "when", "agencies", "queue", "flags", "why"),
            (
                (
                    f"`{rule.id}`",
                    describe_when(rule.when) or "always",
                    ", ".join(rule.agencies),
                    rule.queue,
                    ", ".join(rule.flags),
                    rule.reason,
                )
                for rule in kind.routing
            ),
        )
        yield (
            "Criteria for a denial: "
            + "; ".join(f"`{name}` {text}" for name, text in kind.criteria.items())
            + "."
        )


def _needed(required: bool, tests: Iterable[When]) -> str:
    when = describe_when(tests)
    return (
        ("if " + when if when else "always")
        if required
        else ("may be given if " + when if when else "may be given")
    )


def _cited(source: str, pinpoint: str) -> str:
    return f"`{source}` {pinpoint}".strip() if source else "our design"


def render_procedures_page(made: str) -> str:
    """The page of the manual about procedures; ``made`` is the line that says it is not written by hand."""
    parts = [
        "# Procedures as data",
        made.strip(),
        INTRODUCTION,
        "## Order rules",
        list_order_rules(),
        "## Measures",
        list_measures(),
    ]
    return "\n\n".join([*parts, "## Clocks", *list_clocks(), "## Case kinds", *list_case_kinds()]) + "\n"
