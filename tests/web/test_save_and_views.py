"""An answer saved to a case, and views of the list that a person saves under a name."""

import json
import re
from typing import Any

from tests.web.test_cases import Office, hidden, office

__all__ = ["office"]  # the fixture
DEAL = "item=h200-sxm&kind=export&from=US&to=CN&quantity=100&on=2026-01-28"


def post(client: Any, page: str, path: str, **data: str) -> Any:
    text = client.get(page).text
    own = {name: hidden(text, name) for name in ("csrf", "key") if f'name="{name}"' in text}
    return client.post(path, data=own | data, follow_redirects=False)


def test_an_answer_becomes_a_paper_of_a_case(office: Office) -> None:
    case = office.submitted("cn-saved")
    officer = office.browser("officer")
    answer = post(officer, f"/determine?{DEAL}", f"/determine/save?{DEAL}", case=case)
    assert answer.headers["location"] == f"/cases/{case}?done=attach_document#papers"
    page = officer.get(f"/cases/{case}").text
    digest = re.search(rf'/cases/{case}/documents/(\w+)">determination-2026-01-28.json', page)
    assert digest is not None
    paper = json.loads(officer.get(f"/cases/{case}/documents/{digest[1]}").content)
    assert paper["classification"] == "3A090.a"
    assert paper["explanation"]
    again = officer.get(paper["address"] + "&x=").text
    assert "3A090.a" in again
    assert paper["versions"]["data"] in again


def test_an_answer_goes_into_no_case_of_somebody_else(office: Office) -> None:
    case = office.submitted("cn-not-yours")
    for person, name, status in (
        ("stranger", case, 422),
        ("importer", "", 422),
        ("importer", "no-such", 422),
        ("auditor", case, 422),
    ):
        client = office.browser(person)
        answer = post(client, f"/determine?{DEAL}", f"/determine/save?{DEAL}", case=name)
        assert answer.status_code == status, (person, answer.status_code)
        assert "3A090.a" in answer.text, "the answer is still there"
    papers = office.browser("officer").get(f"/cases/{case}.json").json()["documents"]
    assert "determination" not in {paper["kind"] for paper in papers}
    assert "/determine/save" not in office.browser("officer").get("/help").text


def test_saving_twice_saves_once(office: Office) -> None:
    case = office.submitted("cn-twice")
    officer = office.browser("officer")
    text = officer.get(f"/determine?{DEAL}").text
    data = {"csrf": hidden(text, "csrf"), "key": hidden(text, "key"), "case": case}
    for _ in range(2):
        assert officer.post(f"/determine/save?{DEAL}", data=data, follow_redirects=False).status_code == 303
    papers = officer.get(f"/cases/{case}.json").json()["documents"]
    assert sum(paper["kind"] == "determination" for paper in papers) == 1


def test_a_view_is_saved_under_a_name_sent_on_and_deleted(office: Office) -> None:
    office.submitted("cn-viewed")
    officer, other = office.browser("officer"), office.browser("officer-2")
    query = "state=registered&kind=import-approval"
    saved = post(
        officer,
        f"/cases?{query}",
        "/cases/views",
        name="  New   ones ",
        state="registered",
        kind="import-approval",
    )
    assert saved.status_code == 303
    assert saved.headers["location"] == f"/cases?{query}#views"
    page = officer.get("/cases").text
    assert "New ones" in page
    link = re.search(r'href="(/cases/views/[\w-]+)"', page)
    assert link is not None
    assert "New ones" not in other.get("/cases").text, "a view is its owner's"
    sent = other.get(link[1], follow_redirects=False)
    assert sent.headers["location"] == f"/cases?{query}"
    assert post(other, "/cases", f"{link[1]}/delete").status_code == 404
    stranger = office.browser("stranger").get(link[1])
    assert "cn-viewed" not in stranger.text, "what a link shows depends on who looks"
    post(officer, f"/cases?{query}", "/cases/views", name="New ones", state="draft")
    assert officer.get("/cases").text.count("New ones</a>") == 1
    assert officer.get(link[1]).status_code == 404, "the one before gave way"
    link = re.search(r'href="(/cases/views/[\w-]+)"', officer.get("/cases").text)
    assert link is not None
    assert post(officer, "/cases", f"{link[1]}/delete").status_code == 303
    assert "New ones" not in officer.get("/cases").text


def test_what_is_wrong_with_a_view_is_said(office: Office) -> None:
    officer = office.browser("officer")
    for data, words in (
        ({"name": "", "state": "draft"}, "give the view a name"), ({"name": "x"}, "narrows nothing"),
        ({"name": "x" * 61, "state": "draft"}, "too long"), ({"name": "x", "state": "lost"}, "there is no state"),
    ):  # fmt: skip
        answer = post(officer, "/cases", "/cases/views", **data)
        assert answer.status_code == 422, data
        assert words in answer.text
    assert (
        post(
            officer,
            "/cases/new",
            "/cases/new",
            kind="import-approval",
            applicant=office.parties["agent"],
            case_id="views",
        ).status_code
        == 422
    )
