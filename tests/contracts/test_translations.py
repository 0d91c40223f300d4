"""Every string of the pages has a Chinese translation, and none is left over."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from babel.messages.pofile import read_po

from lockgate.casework.states import Action, CaseState
from lockgate.controls.determination import ConditionStatus
from lockgate.services.access import GRANTABLE_ROLES
from lockgate.web.pages import chips, determine
from lockgate.web.respond import NAVIGATION, QUANTITIES

WEB = Path(__file__).parents[2] / "src" / "lockgate" / "web"
MARKED = re.compile(r"""_\(\s*"((?:[^"\\]|\\.)*)\"""")
CALL = re.compile(r"\{\{ (?:field|chart)\((.*?)\) \}\}")
LITERAL = re.compile(r'"([A-Z][^"]+)"')


def messages() -> Iterator[str]:
    for path in sorted((WEB / "templates").rglob("*.html")):
        text = path.read_text()
        yield from (found.replace('\\"', '"') for found in MARKED.findall(text))
        yield from (label for call in CALL.findall(text) for label in LITERAL.findall(call))
    yield from (label for _, label in NAVIGATION)
    yield from (label for label, _ in chips.FACETS.values())
    yield from (label for _, label in chips.COLUMNS)
    yield from QUANTITIES.values()
    for step in determine.STEPS:
        yield step.title
        for question in step.questions:
            yield from filter(None, (question.label, question.hint))
    yield from (role.value for role in GRANTABLE_ROLES)
    yield from (status.value for status in ConditionStatus)
    yield from determine.YES_NO
    yield from determine.MOVEMENTS


def translations() -> dict[str, str]:
    with (WEB / "translations" / "zh.po").open("rb") as file:
        return {str(item.id): str(item.string) for item in read_po(file) if item.id}


def test_every_string_is_translated() -> None:
    known = translations()
    assert [text for text in dict.fromkeys(messages()) if not known.get(text)] == []


def test_translations_keep_the_places_to_fill_in() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert [text for text, chinese in translations().items() if places(text) != places(chinese)] == []


def test_the_states_and_actions_of_a_case_are_translated() -> None:
    known = translations()
    words = [member.value.replace("_", " ") for member in (*CaseState, *Action)]
    assert [word for word in words if not known.get(word)] == []
