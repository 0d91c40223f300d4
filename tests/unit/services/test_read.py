"""Reading as a user does it: files, further readers, decisions, deal files, the watch, the page."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.services import read as service
from lockgate.services.deals import read_deal
from lockgate.services.decisions import add_decision, read_journal
from lockgate.services.read import claims_of_plugin, load_reader, read_files
from lockgate.services.read_output import print_reading, write_accepted
from lockgate.services.says_who import says_who
from lockgate.services.watch import watch_folder

EXAMPLE = Path(__file__).parents[3] / "examples" / "h200-first-batch"
REPORTS = EXAMPLE / "reports"


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("China approved imports of 400,000 H200 chips.")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    reading = read_files([tmp_path, tmp_path / "missing.txt"])
    assert [document.id for document in reading.documents] == ["good.txt"]
    assert {problem.code for problem in reading.problems} == {
        "empty-document",
        "binary-file",
        "file-unreadable",
    }
    assert any(claim.attribute == "quantity.units" for claim in reading.claims)


def test_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text(
            f"China approved imports of {400 if name == 'a' else 500},000 H200 chips."
        )
    reading = read_files([tmp_path])
    assert len({document.id for document in reading.documents}) == 2
    assert len({claim.document for claim in reading.claims}) == 2


def test_the_reports_of_the_example_show_the_errors_they_were_written_with() -> None:
    reading = read_files([REPORTS])
    assert reading.problems == []
    kinds = {finding.kind for finding in reading.findings}
    assert {
        "cross_seed_numeric", "cross_seed_set", "intra_doc", "cross_seed_disclosure", "cross_seed_policy_direction",
        "cross_seed_duration", "cross_seed_rank", "vs_authority_date", "vs_authority_unit", "vs_authority_value",
        "vs_authority_regime", "vs_authority_coincidence", "vs_authority_spec", "vs_authority_vendor",
        "vs_authority_outcome", "derivative_source",
    } <= kinds  # fmt: skip


def test_json_has_the_promised_shape() -> None:
    data = json.loads(print_reading(read_files([REPORTS]), "json"))
    assert {"id", "path", "sha256", "title", "date"} <= set(data["documents"][0])
    assert {
        "id", "document", "quote", "char_start", "char_end", "subject", "attribute", "value", "unit", "low", "high",
        "hedge", "attributed_to",
    } <= set(data["claims"][0])  # fmt: skip
    assert {"kind", "severity", "claims", "statement", "authority"} <= set(data["findings"][0])
    ids = {claim["id"] for claim in data["claims"]}
    assert all(set(finding["claims"]) <= ids for finding in data["findings"])
    assert len(ids) == len(data["claims"])


def test_the_page_stands_alone_and_escapes_what_documents_say(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        'China approved imports of 400,000 H200 chips <script>alert("x")</script>, Reuters reported.'
    )
    page = print_reading(read_files([tmp_path]), "html")
    assert "<script>" not in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


# ---- further readers ------------------------------------------------------------------------------------------------

TEXT = "China approved imports of 400,000 H200 chips."


def honest(document: Document) -> Iterable[Claim]:
    yield Claim(
        "", document.id, document.text[0:14], 0, 14, "x", "approval.status", "approved", pattern="honest"
    )


def inventing(document: Document) -> Iterable[Claim]:
    claim = next(iter(honest(document)))
    yield claim
    yield replace(claim, quote="China refused")
    yield replace(claim, char_start=900, char_end=914)
    yield replace(claim, document="another")
    yield replace(claim, quote="", char_end=0)


def test_a_quote_that_is_not_in_the_document_is_refused() -> None:
    claims, problems = claims_of_plugin("inventing", inventing, Document("d", TEXT))
    assert len(claims) == 1
    assert {problem.code for problem in problems} == {"quote-not-in-document"}
    assert len(problems) == 4


def test_a_further_reader_comes_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    entry = EntryPoint("mine", f"{__name__}:honest", service.READERS_GROUP)
    monkeypatch.setattr(
        service, "entry_points", lambda group: [entry] if group == service.READERS_GROUP else []
    )
    (tmp_path / "a.txt").write_text(TEXT)
    assert "honest" not in {claim.pattern for claim in read_files([tmp_path]).claims}
    assert load_reader("mine")(Document("d", TEXT))
    with pytest.raises(LockgateError, match="mine"):
        load_reader("other")


# ---- decisions ------------------------------------------------------------------------------------------------------


def decide(journal: Path, action: str, target: str, other: str = "") -> None:
    add_decision(journal, by="ana", action=action, target=target, reason="checked", other=other)


def test_a_rejected_claim_takes_its_findings_with_it(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    (tmp_path / "a.txt").write_text("The H200, announced in November 2025, is fast.")
    before = read_files([tmp_path / "a.txt"])
    (wrong,) = [finding for finding in before.findings if finding.kind == "vs_authority_date"]
    decide(journal, "reject", wrong.claims[0])
    assert "vs_authority_date" not in {
        f.kind for f in read_files([tmp_path / "a.txt"], history=read_journal(journal)).findings
    }
    decide(journal, "accept", wrong.claims[0])
    decide(journal, "reject", wrong.id)
    after = read_files([tmp_path / "a.txt"], history=read_journal(journal))
    assert wrong.claims[0] in {claim.id for claim in after.claims}
    assert wrong.id not in {finding.id for finding in after.findings}


def test_every_bad_line_of_a_journal_is_told(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    decide(journal, "accept", "c-1")
    journal.write_text(journal.read_text() + "no json\n" + '{"at": "x"}\n')
    with pytest.raises(InvalidInputError) as raised:
        read_journal(journal)
    assert len(raised.value.problems) == 2


def test_a_line_taken_out_of_a_journal_is_noticed(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    for number in range(3):
        decide(journal, "accept", f"c-{number}")
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(LockgateError, match="taken out"):
        read_journal(journal)


def test_accepted_claims_go_into_a_deal_once_each_with_its_quote(tmp_path: Path) -> None:
    journal, deal = tmp_path / "journal.jsonl", tmp_path / "deal.toml"
    deal.write_text((EXAMPLE / "deal.toml").read_text())
    reading = read_files([REPORTS])
    for claim in reading.claims:
        if claim.document == "6-zh.txt" and claim.attribute in (
            "quantity.units",
            "inventory.units",
            "recipient",
        ):
            decide(journal, "accept", claim.id)
    history = read_journal(journal)
    write_accepted(deal, reading, history)
    once = deal.read_text()
    write_accepted(deal, reading, history)
    assert deal.read_text() == once
    from lockgate.catalogue import load_catalogue

    read = read_deal(deal, load_catalogue().source_shelf.ids())
    report = read.quantity.reports[-1]
    assert (report.low, report.high, report.hedge) == (400_000, None, "over")
    assert "超过40万颗" in report.note
    assert [figure.value for figure in read.figures if figure.sources == ("doc-6-zh-txt",)] == [700_000]
    assert once.startswith((EXAMPLE / "deal.toml").read_text().rstrip())
    assert (
        tomllib.loads(once)["recipients"] == tomllib.loads((EXAMPLE / "deal.toml").read_text())["recipients"]
    )


def test_nothing_accepted_is_no_deal(tmp_path: Path) -> None:
    reading = read_files([REPORTS])
    with pytest.raises(LockgateError) as raised:
        write_accepted(tmp_path / "deal.toml", reading, [])
    assert raised.value.code == "no-journal"
    decide(tmp_path / "j", "accept", "c-none")
    with pytest.raises(LockgateError) as raised:
        write_accepted(tmp_path / "deal.toml", reading, read_journal(tmp_path / "j"))
    assert raised.value.code == "nothing-accepted"


# ---- watch and section ----------------------------------------------------------------------------------------------


def test_the_watch_tells_only_what_is_new(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    folder = tmp_path / "in"
    folder.mkdir()

    def look() -> list[str]:
        return list(watch_folder(folder, state, every=1, once=True))

    (folder / "a.txt").write_text("China approved imports of 400,000 H200 chips.")
    assert any("400,000" in line for line in look())
    assert look() == []
    (folder / "b.txt").write_text("China approved imports of 82,000 H200 chips.")
    news = look()
    assert all(
        line.startswith("+") for line in news if " c-" in line
    )  # a finding may give way to a wider one
    assert any("82,000" in line for line in news)
    assert any("no number satisfies" in line for line in news)
    assert not any("a.txt" in line and "+ c-" in line for line in news)
    (folder / "b.txt").unlink()
    assert all(line.startswith("-") for line in look() if " c-" in line or "- c-" in line)
    with pytest.raises(LockgateError):
        list(watch_folder(tmp_path / "none", state, every=1, once=True))
    state.write_text("[]")
    with pytest.raises(LockgateError):
        look()


def test_the_section_has_claims_groups_contradictions_and_origins() -> None:
    data = says_who(read_files([REPORTS]))
    assert data["claims"]
    assert {"the same", "compatible"} <= {group["agree"] for group in data["groups"]}
    assert any(len(finding["rows"]) > 1 for finding in data["findings"])
    assert {edge["origin"] for edge in data["graph"]} >= {"Reuters"}


def test_the_dossier_of_the_example_has_the_section() -> None:
    from lockgate.catalogue import load_catalogue
    from lockgate.services.assessment import assess_deal
    from lockgate.services.says_who import says_who_section

    assessment = assess_deal(EXAMPLE / "deal.toml", load_catalogue())
    section = says_who_section(assessment)
    assert section is not None
    assert {cite.id for cite in section.cites} <= set(load_catalogue().source_shelf.ids())
    assert says_who_section(replace(assessment, folder=None)) is None
    assert says_who_section(replace(assessment, folder=EXAMPLE / "reports")) is None
