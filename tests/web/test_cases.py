"""Cases through pages and API: a whole application, a decision by two people, what each may see, and what goes wrong."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lockgate.casework.checkpoint import open_note
from lockgate.casework.states import Action
from lockgate.casework.tree import hash_leaf, includes
from lockgate.services import access, cases, people
from lockgate.services.documents import keep_document
from lockgate.services.registry import Registry
from lockgate.store.access import person_by_id
from lockgate.web.app import create_app
from lockgate.web.settings import Settings
from lockgate.web.visitors import COOKIE

PAPERS = ("import_contract", "business_licence", "use_report")
ANSWERS = {
    "product": "h200-sxm", "quantity": 5000, "basis": "press", "necessity": "domestic chips do not suffice",
    "site_place": "CN", "state_funded": False,
}  # fmt: skip


@dataclass
class Office:
    """An application with people in it; each has a browser that is logged in."""

    app: Any
    registry: Registry
    parties: dict[str, str]

    def browser(self, person: str) -> TestClient:
        client = TestClient(self.app)
        with self.registry.work() as work:
            row = person_by_id(work.connection, person)
            assert row is not None
            key = access.start_session(work, row, 8)
        client.cookies.set(COOKIE, key)
        return client

    def program(self, person: str, *scopes: str) -> TestClient:
        with self.registry.work() as work:
            row = person_by_id(work.connection, person)
            assert row is not None
            secret, _ = access.create_token(work, access.Visitor(row), "test", scopes or ("cases",), 3)
        return TestClient(self.app, headers={"authorization": f"Bearer {secret}"})

    def submitted(self, case_id: str, recipient: str = "buyer") -> str:
        """A case that an applicant has submitted."""
        importer = people.find_person(self.registry, "importer")
        fields = {**ANSWERS, "recipient": self.parties[recipient]}
        cases.open_case(
            self.registry, importer, "import-approval", self.parties["agent"], case_id=case_id, fields=fields
        )
        for kind in PAPERS:
            with self.registry.work() as work:
                digest = keep_document(work, f"{kind} {case_id}".encode(), "text/plain")
            cases.act(
                self.registry, importer, case_id, Action.ATTACH_DOCUMENT,
                {"kind": kind, "name": f"{kind}.txt", "sha256": digest},
            )  # fmt: skip
        cases.act(self.registry, importer, case_id, Action.SUBMIT)
        return case_id

    def do(self, person: str, case_id: str, action: Action, **form: Any) -> None:
        cases.act(self.registry, people.find_person(self.registry, person), case_id, action, form)


def csrf(client: TestClient, path: str = "/help") -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get(path).text)
    assert found is not None
    return found[1]


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found[1]


def send(client: TestClient, path: str, **data: Any) -> Any:
    """Fill in the form of a page and send it, with what the page itself put into it."""
    text = client.get(path).text
    own = {name: hidden(text, name) for name in ("csrf", "key") if f'name="{name}"' in text}
    if 'name="version"' in text:
        own["version"] = hidden(text, "version")
    return client.post(path, data=own | data, follow_redirects=False)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("cases")
    app = create_app(Settings(db=f"sqlite:///{folder}/web.db", requests_per_minute=100_000))
    with TestClient(app):
        registry = app.state.site.registry
        admin = people.find_person(registry, "admin")
        add = people.enrol_person
        add(registry, admin, "officer", ["officer"], agency="commerce")
        add(registry, admin, "officer-2", ["officer"], agency="commerce")
        add(registry, admin, "chief", ["countersigner"], agency="commerce")
        add(registry, admin, "auditor", ["auditor"])
        add(registry, admin, "mofcom", ["adviser"], agency="mofcom")
        add(registry, admin, "energy", ["adviser"], agency="energy")
        officer = people.find_person(registry, "officer")
        parties = {
            name: people.register_party(registry, officer, title, country=place, withheld=withheld)
            for name, title, place, withheld in (
                ("agent", "An import agent", "CN", False), ("other", "Somebody else", "CN", False),
                ("buyer", "A Secret Buyer", "CN", True),
            )
        }  # fmt: skip
        add(registry, admin, "importer", ["applicant"], organisation=parties["agent"])
        add(registry, admin, "stranger", ["applicant"], organisation=parties["other"])
        yield Office(app, registry, parties)


# ---------------------------------------------------------------------------------------------------- applying
def test_an_applicant_applies_from_the_first_page_to_the_last(office: Office) -> None:
    importer = office.browser("importer")
    answer = send(
        importer, "/cases/new", kind="import-approval", applicant=office.parties["agent"], case_id="cn-new"
    )
    assert answer.headers["location"] == "/cases/cn-new/apply"
    assert "tasks" in importer.get("/cases/cn-new/apply").text
    onward = send(
        importer, "/cases/cn-new/apply/transaction",
        **{"field-product": "h200-sxm", "field-basis": "press", "field-necessity": "needed", "field-site_place": "cn",
           "field-state_funded": "no", "next": "parties"},
    )  # fmt: skip
    assert onward.headers["location"].startswith("/cases/cn-new/apply/parties")
    send(importer, "/cases/cn-new/apply/parties", **{"field-recipient": office.parties["buyer"]})
    send(importer, "/cases/cn-new/apply/goods", **{"field-quantity": "5,000"})
    missing = importer.get("/cases/cn-new/apply/check").text
    assert "Submit the application" not in missing
    for kind in PAPERS:
        page = importer.get("/cases/cn-new/apply/documents").text
        answer = importer.post(
            "/cases/cn-new/apply/documents",
            data={"csrf": hidden(page, "csrf"), "key": hidden(page, "key"), "kind": kind},
            files={"file": (f"{kind}.pdf", io.BytesIO(b"%PDF-1.7 " + kind.encode()))}, follow_redirects=False,
        )  # fmt: skip
        assert answer.status_code == 303
    check = importer.get("/cases/cn-new/apply/check").text
    assert "5,000" in check
    assert "Submit the application" in check
    assert send(importer, "/cases/cn-new/apply/check").headers["location"] == "/cases/cn-new?done=submit"
    data = importer.get("/cases/cn-new.json").json()
    assert (data["state"], data["fields"]["quantity"], data["fields"]["site_place"]) == (
        "registered",
        5000,
        "CN",
    )
    assert data["fields"]["recipient"] == "withheld"  # for the reviewers only, once it is submitted
    assert importer.get("/cases/cn-new/apply").status_code == 409


def test_a_wrong_answer_is_shown_beside_its_field_and_nothing_typed_is_lost(office: Office) -> None:
    importer = office.browser("importer")
    send(
        importer, "/cases/new", kind="import-approval", applicant=office.parties["agent"], case_id="cn-wrong"
    )
    answer = send(importer, "/cases/cn-wrong/apply/goods", **{"field-quantity": "many"})
    assert answer.status_code == 422
    assert 'href="#field-quantity"' in answer.text
    assert 'value="many"' in answer.text
    assert "no whole number above 0" in answer.text


def test_an_answer_can_be_taken_away(office: Office) -> None:
    importer = office.browser("importer")
    send(
        importer, "/cases/new", kind="import-approval", applicant=office.parties["agent"], case_id="cn-clear"
    )
    send(importer, "/cases/cn-clear/apply/goods", **{"field-quantity": "10"})
    send(importer, "/cases/cn-clear/apply/goods", **{"field-quantity": ""})
    assert "quantity" not in importer.get("/cases/cn-clear.json").json()["fields"]


def test_a_file_must_be_what_its_name_says(office: Office) -> None:
    importer = office.browser("importer")
    send(importer, "/cases/new", kind="import-approval", applicant=office.parties["agent"], case_id="cn-file")
    for name, content in (("a.pdf", b"no pdf"), ("a.exe", b"MZ"), ("a.txt", b"\xff\xfe\x00"), ("a.txt", b"")):
        page = importer.get("/cases/cn-file/apply/documents").text
        answer = importer.post(
            "/cases/cn-file/apply/documents", files={"file": (name, content)},
            data={"csrf": hidden(page, "csrf"), "key": hidden(page, "key"), "kind": "use_report"},
        )  # fmt: skip
        assert answer.status_code == 422, name
        assert 'id="file-error' in answer.text
    assert importer.get("/cases/cn-file.json").json().get("documents", []) == []


def test_an_application_says_whether_it_may_pass(office: Office) -> None:
    exporter = office.browser("stranger")
    send(exporter, "/cases/new", kind="export-licence", applicant=office.parties["other"], case_id="us-may")
    refused = send(exporter, "/cases/us-may/apply", csrf=csrf(exporter))
    assert refused.status_code == 405
    send(
        exporter,
        "/cases/us-may/apply/transaction",
        **{"field-destination": "CN", "field-transaction": "export"},
    )
    send(
        exporter,
        "/cases/us-may/apply/goods",
        **{"field-items": "H200 SXM, 100 units", "field-quantity": "100"},
    )
    data = {"csrf": csrf(exporter), "key": "d1"}
    assert (
        exporter.post("/cases/us-may/apply/determination", data=data, follow_redirects=False).status_code
        == 303
    )
    text = exporter.get("/cases/us-may/apply").text
    assert "for h200-sxm (us-export:" in text
    assert "data " in text


# ---------------------------------------------------------------------------------------------------- deciding
def test_a_decision_takes_two_people_and_the_letter_says_it(office: Office) -> None:
    case = office.submitted("cn-decide")
    officer, chief = office.browser("officer"), office.browser("chief")
    base = f"/cases/{case}/actions"
    assert send(officer, f"{base}/begin_review").status_code == 303
    assert send(officer, f"{base}/refer", agencies="mofcom\nmiit").status_code == 303
    office.do("mofcom", case, Action.ADVISE, recommendation="deny", reasons="no")
    assert "no objection" in officer.get(f"/cases/{case}").text  # a denial without its bases counts as none
    assert send(officer, f"{base}/propose_approval").status_code == 409  # advice is still out
    with pytest.raises(Exception, match="advice is still out"):
        office.do("officer", case, Action.CONSOLIDATE)
    second = office.submitted("cn-decide-2")
    base = f"/cases/{second}/actions"
    send(officer, f"{base}/begin_review")
    form = officer.get(f"{base}/propose_approval").text
    again = officer.post(
        f"{base}/propose_approval",
        data={"csrf": hidden(form, "csrf"), "key": hidden(form, "key"), "version": hidden(form, "version"),
              "reasons": "typed before", "conditions.count": "0", "again": "conditions"},
    )  # fmt: skip
    assert again.status_code == 200
    assert "typed before" in again.text
    assert 'name="conditions[0].terms.kind"' in again.text
    assert re.search(r'name="conditions\[0\].id" value="c1"', again.text)
    wrong = send(
        officer, f"{base}/propose_approval",
        **{"reasons": "fits", "granted.line": ["1", ""], "granted.units": ["none", ""], "conditions.count": "1",
           "conditions[0].id": "quota", "conditions[0].text": "at most 75,000", "conditions[0].terms.kind": "recipient_quota",
           "conditions[0].terms.quantity_max": "-1"},
    )  # fmt: skip
    assert wrong.status_code == 422
    assert 'href="#granted"' in wrong.text
    assert 'href="#conditions[0].terms.quantity_max"' in wrong.text
    right = send(
        officer, f"{base}/propose_approval",
        **{"reasons": "fits", "granted.line": ["1", ""], "granted.units": ["4,000", ""], "conditions.count": "1",
           "conditions[0].id": "quota", "conditions[0].text": "at most 75,000", "conditions[0].terms.kind": "recipient_quota",
           "conditions[0].terms.quantity_max": "75,000"},
    )  # fmt: skip
    assert right.status_code == 303, right.text
    assert "countersign" not in officer.get(f"/cases/{second}.json").json()["actions"]
    assert "4,000" in chief.get(f"{base}/countersign").text
    assert send(chief, f"{base}/countersign").status_code == 303
    data = office.browser("importer").get(f"/cases/{second}.json").json()
    assert data["state"] == "approved"
    assert data["granted"] == {"1": 4000}
    assert data["conditions"][0]["terms"]["quantity_max"] == 75_000
    letter = office.browser("importer").get(f"/cases/{second}/letter")
    assert "at most 75,000" in letter.text


def test_two_officers_at_once(office: Office) -> None:
    case = office.submitted("cn-race")
    one, two = office.browser("officer"), office.browser("officer-2")
    form = two.get(f"/cases/{case}/actions/flag").text
    assert send(one, f"/cases/{case}/actions/flag", add="first").status_code == 303
    own = {name: hidden(form, name) for name in ("csrf", "key", "version")}
    stale = two.post(f"/cases/{case}/actions/flag", data=own | {"add": "typed with care"})
    assert stale.status_code == 412
    assert "typed with care" in stale.text
    assert "Somebody changed this case" in stale.text
    fresh = {name: hidden(stale.text, name) for name in ("csrf", "key", "version")}
    done = two.post(
        f"/cases/{case}/actions/flag", data=fresh | {"add": "typed with care"}, follow_redirects=False
    )
    assert done.status_code == 303
    assert two.get(f"/cases/{case}.json").json()["flags"] == ["first", "typed with care"]


def test_a_form_sent_twice_is_counted_once(office: Office) -> None:
    case = office.submitted("cn-twice")
    officer = office.browser("officer")
    form = officer.get(f"/cases/{case}/actions/begin_review").text
    own = {name: hidden(form, name) for name in ("csrf", "key", "version")}
    for _ in range(2):
        answer = officer.post(f"/cases/{case}/actions/begin_review", data=own, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case}?done=begin_review")
    types = [event["type"] for event in officer.get(f"/cases/{case}/events.json").json()]
    assert types.count("ReviewBegun") == 1


def test_many_cases_are_assigned_at_once_and_one_that_cannot_be_spoils_none(office: Office) -> None:
    good = [office.submitted("cn-bulk-1"), office.submitted("cn-bulk-2")]
    officer = office.browser("officer")
    data = {
        "csrf": csrf(officer),
        "key": "b1",
        "case": [*good, "no-such-case"],
        "to": "officer-2",
        "queue": "imports",
    }
    answer = officer.post("/cases/assign", data=data)
    assert answer.status_code == 422
    assert "no-such-case" in answer.text
    rows = officer.get("/cases.json", params={"assigned_to": "officer-2", "queue": "imports"}).json()["cases"]
    assert {row["id"] for row in rows} == set(good)
    assert office.browser("officer-2").get("/cases.json?assigned_to=me").json()["cases"] == rows


def test_a_condition_goes_only_after_the_agency_that_set_it_was_asked(office: Office) -> None:
    case = office.submitted("cn-condition")
    office.do("officer", case, Action.BEGIN_REVIEW)
    office.do("officer", case, Action.REFER, agencies=["mofcom"])
    terms = {"kind": "volume", "quantity_max": 10}
    advice = {
        "recommendation": "approve_with_conditions",
        "conditions": [{"id": "c1", "terms": terms, "text": "ten"}],
    }
    office.do("mofcom", case, Action.ADVISE, **advice)
    officer, base = office.browser("officer"), f"/cases/{case}/actions/remove_condition"
    assert officer.get(base).status_code == 409
    office.do("mofcom", case, Action.CONSENT_TO_REMOVAL, condition="c1", answer="consents", reason="fine")
    assert "remove_condition?condition=c1" in officer.get(f"/cases/{case}").text
    assert send(officer, base, condition="c1", reason="no longer needed").status_code == 303
    assert officer.get(f"/cases/{case}.json").json()["conditions"][0]["state"] == "removed"


def test_a_later_decision_shows_what_it_changed(office: Office) -> None:
    case = office.submitted("cn-again")
    office.do("officer", case, Action.BEGIN_REVIEW)
    office.do("officer", case, Action.PROPOSE_DENIAL, reasons="doubtful", criteria=["end-use"])
    office.do("chief", case, Action.COUNTERSIGN)
    office.do("officer", case, Action.RECONSIDER, reason="answered well")
    office.do("officer", case, Action.PROPOSE_APPROVAL, reasons="cleared", granted={"1": 70})
    office.do("chief", case, Action.COUNTERSIGN)
    text = office.browser("importer").get(f"/cases/{case}").text
    assert "What changed against version 1" in text
    assert "<del>doubtful</del>" in text
    assert "<ins>cleared</ins>" in text


def test_evidence_can_come_with_its_paper(office: Office) -> None:
    case = office.submitted("cn-evidence")
    office.do("officer", case, Action.BEGIN_REVIEW)
    conditions = [{"id": "kyc", "terms": {"kind": "kyc"}, "text": "know the customer"}]
    office.do(
        "officer", case, Action.PROPOSE_APPROVAL, reasons="fits", granted={"1": 1}, conditions=conditions
    )
    office.do("chief", case, Action.COUNTERSIGN)
    importer, path = office.browser("importer"), f"/cases/{case}/actions/evidence_condition"
    form = importer.get(f"{path}?condition=kyc").text
    own = {name: hidden(form, name) for name in ("csrf", "key", "version")}
    files = {"file": ("kyc.txt", io.BytesIO(b"we know them"))}
    for _ in range(2):  # sent twice: counted once
        answer = importer.post(path, data=own | {"condition": "kyc"}, files=files, follow_redirects=False)
        assert answer.status_code == 303, answer.text
    condition = importer.get(f"/cases/{case}.json").json()["conditions"][0]
    assert condition["state"] == "evidenced"
    assert len(condition["evidence"]) == 1
    paper = importer.get(f"/cases/{case}/documents/{condition['evidence'][0]['document']}")
    assert paper.content == b"we know them"
    assert "attachment" in paper.headers["content-disposition"]


# ---------------------------------------------------------------------------------------------------- lists
def test_lists_have_twins_under_the_same_filters_and_go_on_where_they_ended(office: Office) -> None:
    for number in range(5):
        office.submitted(f"cn-page-{number}")
    api = office.program("officer")
    seen: list[str] = []
    mark: str | None = ""
    while mark is not None:
        page = api.get("/api/v1/cases", params={"limit": 2, "after": mark, "state": "registered"}).json()
        seen += [row["id"] for row in page["cases"]]
        mark = page["next"]
    assert len(seen) == len(set(seen)) >= 5
    officer = office.browser("officer")
    lines = officer.get("/cases.csv?state=registered").text.splitlines()
    assert len(lines) == len(seen) + 1
    assert officer.get("/cases?state=nonsense").status_code == 422
    assert officer.get("/cases?after=broken").status_code == 422


def test_a_list_shows_each_person_what_is_theirs(office: Office) -> None:
    office.submitted("cn-mine")
    assert "cn-mine" not in office.browser("stranger").get("/cases.csv").text
    assert "cn-mine" in office.browser("importer").get("/cases.csv").text
    rows = office.browser("admin").get("/cases.json").json()["cases"]
    assert {row["applicant"] for row in rows} == {"withheld"}
    assert office.browser("energy").get("/cases.json").json()["cases"][0]["applicant"] == "withheld"
    page = office.browser("stranger").get(f"/cases?applicant={office.parties['agent']}")
    assert page.status_code == 403


# ---------------------------------------------------------------------------------------------------- who sees what
CASE_PAGES = (
    "", ".json", ".csv", "/verify", "/events.json", "/letter", "/apply", "/apply/check", "/apply/goods", "/apply/documents",
    "/actions/submit", "/actions/flag", "/documents/{digest}", "/events/{seq}/proof",
)  # fmt: skip


def test_somebody_elses_case_is_not_there(office: Office) -> None:
    case = office.submitted("cn-walk")
    data = office.browser("officer").get(f"/cases/{case}.json").json()
    digest = data["documents"][0]["sha256"]
    seq = office.browser("officer").get(f"/cases/{case}/events.json").json()[0]["seq"]
    stranger, program = office.browser("stranger"), office.program("stranger")
    for page in CASE_PAGES:
        path = f"/cases/{case}{page.format(digest=digest, seq=seq)}"
        assert stranger.get(path).status_code == 404, path
        assert TestClient(office.app).get(path, follow_redirects=False).status_code in (303, 401), path
    token = csrf(stranger)
    for page in ("/apply/check", "/apply/goods", "/apply/documents", "/apply/determination", "/actions/flag", "/actions/withdraw", "/read", "/names"):  # fmt: skip
        answer = stranger.post(f"/cases/{case}{page}", data={"csrf": token, "key": "x", "reason": "x"})
        assert answer.status_code == 404, page
    for path in ("", "/events", f"/events/{seq}/proof"):
        assert program.get(f"/api/v1/cases/{case}{path}").status_code == 404
    headers = {"idempotency-key": "k"}
    for action in Action:
        answer = program.post(f"/api/v1/cases/{case}/actions/{action}", json={}, headers=headers)
        assert answer.status_code == 404, action
    body = {"id": "x-1", "kind": "import-approval", "applicant": office.parties["agent"]}
    assert program.post("/api/v1/cases", json=body, headers=headers).status_code == 403


def test_no_role_sees_more_than_its_part(office: Office) -> None:
    case = office.submitted("cn-parts")
    office.do("officer", case, Action.BEGIN_REVIEW)
    office.do("officer", case, Action.REFER, agencies=["mofcom"])
    office.do("mofcom", case, Action.ADVISE, recommendation="no_objection", reasons="a confidential reason")
    for person in ("officer", "chief", "auditor", "mofcom"):
        client = office.browser(person)
        assert "a confidential reason" in client.get(f"/cases/{case}").text, person
        assert client.get(f"/cases/{case}.json").json()["fields"]["recipient"] == office.parties["buyer"]
    for person in ("importer", "admin", "energy"):
        client = office.browser(person)
        text = client.get(f"/cases/{case}").text + client.get(f"/cases/{case}/events.json").text
        assert "a confidential reason" not in text, person
        assert client.get(f"/cases/{case}.json").json()["fields"]["recipient"] == "withheld"
    for person in ("admin", "energy"):
        client = office.browser(person)
        assert office.parties["agent"] not in client.get(f"/cases/{case}").text
        assert client.get(f"/cases/{case}/letter").status_code == 403
    advised = next(
        entry for entry in office.browser("officer").get(f"/cases/{case}/events.json").json()
        if entry["type"] == "AdviceGiven"
    )  # fmt: skip
    assert office.browser("importer").get(f"/cases/{case}/events/{advised['seq']}/proof").status_code == 404


def test_reading_what_is_restricted_needs_a_reason_and_leaves_a_trace(office: Office) -> None:
    case = office.submitted("cn-hold")
    office.do("officer", case, Action.PLACE_LEGAL_HOLD, matter="a delicate matter")
    officer = office.browser("officer")
    assert "a delicate matter" not in officer.get(f"/cases/{case}").text
    form = officer.get(f"/cases/{case}").text
    own = {name: hidden(form, name) for name in ("csrf", "key")}
    assert officer.post(f"/cases/{case}/read", data=own | {"reason": " "}).status_code == 422
    assert "a delicate matter" in officer.post(f"/cases/{case}/read", data=own | {"reason": "audit"}).text
    with office.registry.read() as work:
        traces = [event.data for event in work.events("person:officer", type="SecretRead")]
    assert traces == [{"case": case, "fields": ["legal_holds"], "reason": "audit"}]
    mofcom = office.browser("mofcom")
    answer = mofcom.post(f"/cases/{case}/read", data={"csrf": csrf(mofcom), "reason": "curious"})
    assert answer.status_code == 403


def test_a_withheld_name_is_read_for_a_reason(office: Office) -> None:
    case = office.submitted("cn-name")
    officer, importer = office.browser("officer"), office.browser("importer")
    assert "A Secret Buyer" not in officer.get(f"/cases/{case}").text
    token = csrf(officer)
    assert officer.post(f"/cases/{case}/names", data={"csrf": token, "reason": ""}).status_code == 422
    assert (
        "A Secret Buyer"
        in officer.post(f"/cases/{case}/names", data={"csrf": token, "reason": "screening"}).text
    )
    with office.registry.read() as work:
        assert any(event.data.get("reason") == "screening" for event in work.events("person:officer"))
    shown = importer.post(f"/cases/{case}/names", data={"csrf": csrf(importer), "reason": "curious"})
    assert "A Secret Buyer" not in shown.text


def test_numbers_that_an_address_cannot_carry_are_refused(office: Office) -> None:
    importer = office.browser("importer")
    for number in ("new", "find", "a.json", "..", "a/b", ""):
        answer = send(
            importer, "/cases/new", kind="import-approval", applicant=office.parties["agent"], case_id=number
        )
        assert answer.status_code == 422, number
        assert 'id="case_id-error' in answer.text
    for path in ("/cases/%00", "/cases/no-such", "/cases/find?number=%00", "/cases/%F0%9F%98%80"):
        assert importer.get(path).status_code == 404, path
    for path in ("/cases?queue=%00", "/cases?after=%00~x"):
        assert importer.get(path).status_code == 422, path


# ---------------------------------------------------------------------------------------------------- the record
def test_a_proof_holds_without_the_database(office: Office) -> None:
    case = office.submitted("cn-proof")
    importer = office.browser("importer")
    assert "Every event of this case holds" in importer.get(f"/cases/{case}/verify").text
    for event in importer.get(f"/cases/{case}/events.json").json():
        if event["type"] == "withheld":
            continue
        proof = importer.get(f"/cases/{case}/events/{event['seq']}/proof").json()
        note = open_note(proof["checkpoint"], proof["public_key"])
        leaf = bytes.fromhex(proof["hash"])
        if proof["payload"] != "withheld":
            assert hash_leaf(proof["payload"].encode()) == leaf
            assert json.loads(proof["payload"])["type"] == event["type"]
        path = [bytes.fromhex(step) for step in proof["proof"]["path"]]
        assert includes(leaf, event["seq"] - 1, note.size, path, bytes.fromhex(note.root))


# ---------------------------------------------------------------------------------------------------- the API
def test_the_api_writes_once_and_only_on_what_was_seen(office: Office) -> None:
    api = office.program("importer")
    body = {
        "id": "api-1",
        "kind": "import-approval",
        "applicant": office.parties["agent"],
        "fields": {"quantity": 5},
    }
    assert api.post("/api/v1/cases", json=body).status_code == 422  # a key is required
    first = api.post("/api/v1/cases", json=body, headers={"idempotency-key": "open"})
    again = api.post("/api/v1/cases", json=body, headers={"idempotency-key": "open"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = api.post("/api/v1/cases", json=body | {"id": "api-2"}, headers={"idempotency-key": "open"})
    assert other.json()["code"] == "key-reused"
    taken = api.post("/api/v1/cases", json=body, headers={"idempotency-key": "open-2"})
    assert taken.status_code == 409
    shown = api.get("/api/v1/cases/api-1")
    tag = shown.headers["etag"]
    assert api.get("/api/v1/cases/api-1", headers={"if-none-match": tag}).status_code == 304
    path = "/api/v1/cases/api-1/actions/edit"
    edit = {"fields": {"quantity": 6}}
    done = api.post(path, json=edit, headers={"idempotency-key": "e1", "if-match": tag})
    assert done.status_code == 200
    assert api.post(path, json=edit, headers={"idempotency-key": "e1", "if-match": tag}).json() == done.json()
    stale = api.post(path, json=edit, headers={"idempotency-key": "e2", "if-match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "edited-meanwhile")
    wrong = api.post(
        path, json={"fields": {"quantity": "x", "nothing": 1}}, headers={"idempotency-key": "e3"}
    )
    assert wrong.status_code == 422
    assert {item["where"] for item in wrong.json()["problems"]} == {"fields.quantity", "fields.nothing"}
    nul = api.post(path, json={"fields": {"product": "a\x00b"}}, headers={"idempotency-key": "e6"})
    assert nul.json()["code"] == "bad-character"
    late = api.post("/api/v1/cases/api-1/actions/countersign", json={}, headers={"idempotency-key": "e4"})
    assert late.status_code == 409
    goods = api.post("/api/v1/cases/api-1/actions/open_batch", json={}, headers={"idempotency-key": "e5"})
    assert goods.json()["code"] == "moves-goods"
    paper = api.post(
        "/api/v1/cases/api-1/documents?kind=use_report&name=r.txt",
        content=b"why",
        headers={"idempotency-key": "p1"},
    )
    assert paper.status_code == 201
    events = api.get("/api/v1/cases/api-1/events?limit=2").json()
    assert [event["type"] for event in events["events"]] == ["CaseOpened", "ApplicationEdited"]
    assert events["next"] == 2
    assert api.get(f"/api/v1/cases/api-1/events/{first.json()['seq']}/proof").status_code == 200


def test_a_token_needs_the_scope(office: Office) -> None:
    reader = office.program("officer", "read")
    assert reader.get("/api/v1/cases").status_code == 403
    assert reader.get("/cases.json").status_code == 403
    assert TestClient(office.app).get("/api/v1/cases").status_code == 401


def test_another_persons_key_is_nobody_elses(office: Office) -> None:
    case = office.submitted("cn-keys")
    headers = {"idempotency-key": "same"}
    one = office.program("officer").post(
        f"/api/v1/cases/{case}/actions/flag", json={"add": ["a"]}, headers=headers
    )
    two = office.program("officer-2").post(
        f"/api/v1/cases/{case}/actions/flag", json={"add": ["b"]}, headers=headers
    )
    assert one.status_code == two.status_code == 200
    assert one.json()["seq"] != two.json()["seq"]
