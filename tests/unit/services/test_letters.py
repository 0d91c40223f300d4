"""Every letter of a case, due or previewed; no template names what it is not given."""

import pytest

from lockgate.base.errors import LockgateError
from lockgate.casework.states import Action
from lockgate.reports.letters import LETTERS, letter_page, letter_text
from lockgate.services.letters import due_letter, letter_view
from tests.unit.casework.walking import CHIEF, DEFENSE, EXPORTER, OFFICER, Walk

VOLUME = {
    "id": "c1", "terms": {"kind": "volume", "quantity_max": 1000}, "text": "No more than 1,000 units.",
    "addressed_to": "buyer", "due_on": "2026-12-31",
}  # fmt: skip


def letter(walk: Walk, name: str = "") -> str:
    return letter_text(
        name or due_letter(walk.case), letter_view(walk.ask(OFFICER), name or due_letter(walk.case))
    )


def test_an_approval() -> None:
    text = letter(Walk().approved(conditions=[VOLUME]))
    assert "DRAFT" not in text
    assert "1: 1,000 units" in text
    assert "end of 2030-07-04; that day is a holiday, so it runs to the end of 2030-07-05" in text
    assert "1. (c1) No more than 1,000 units. To be met by buyer. Due by 2026-12-31." in text


def test_a_proposal_is_a_draft() -> None:
    walk = Walk().approval_proposed(conditions=[VOLUME])
    text = letter(walk)
    assert text.startswith("DRAFT: not signed by a second person")
    assert "(c1)" in text


def test_a_notice_names_every_day_and_every_ground() -> None:
    text = letter(Walk().denial_notified())
    assert "  - The risk of diversion is too high" in text
    assert "answer until 2026-03-31" in text
    assert "final on 2026-04-25" in text
    assert "by 2026-04-25; counted from the final denial it would be 2026-06-09" in text


def test_a_question_is_no_denial() -> None:
    walk = Walk().referred().do(DEFENSE, Action.REQUEST_INFORMATION, id="q1", question="Who runs the site?")
    text = letter(walk)
    assert "This is no denial." in text
    assert "1. (q1, asked on 2026-03-11 by defense) Who runs the site?" in text
    assert "does not count" in text
    walk.do(EXPORTER, Action.ANSWER_INFORMATION, id="q1", answer="We do.")
    assert "registered on 2026-03-02" in letter(walk)
    assert "PREVIEW" not in letter(walk, "registration")


def test_a_referral() -> None:
    text = letter(Walk().referred(), "referral")
    assert "To defense, energy, state" in text
    assert "defense: referred on 2026-03-11, advice due by 2026-04-10" in text


@pytest.mark.parametrize(
    ("action", "data", "words"),
    [
        (Action.PROPOSE_RETURN, {"reasons": "papers missing"}, "returned without action"),
        (Action.PROPOSE_NO_LICENCE_NEEDED, {"reasons": "EAR99"}, "needs no licence"),
    ],
)
def test_other_decisions(action: Action, data: dict[str, str], words: str) -> None:
    walk = Walk().consolidated().do(OFFICER, action, **data).do(CHIEF, Action.COUNTERSIGN)
    assert words in letter(walk)


def test_a_revocation() -> None:
    walk = (
        Walk()
        .approved()
        .do(OFFICER, Action.PROPOSE_REVOCATION, reasons="diversion")
        .do(CHIEF, Action.COUNTERSIGN)
    )
    assert "is revoked" in letter(walk)


@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_can_be_previewed(name: str) -> None:
    walk = Walk().approved()
    text = letter(walk, name)
    assert ("a preview" in text) == (name not in {"approval", "registration", "referral"})
    assert walk.case.id in text


def test_what_is_not_there_yet() -> None:
    with pytest.raises(LockgateError, match="nothing is proposed"):
        letter(Walk())
    with pytest.raises(LockgateError, match="nothing is proposed"):
        letter(Walk().filed(), "approval")
    assert "a preview" in letter(Walk(), "registration")
    assert "a preview" in letter(Walk(), "referral")


def test_a_page_to_print_escapes() -> None:
    page = letter_page("x<y", "a < b & c")
    assert "<title>x&lt;y</title>" in page
    assert "a &lt; b &amp; c" in page
