import re

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.catalogue.evidence import PatternRow, RoleRow, load_evidence_tables
from lockgate.evidence.grammar import Grammar, compile_pattern
from lockgate.evidence.lexer import lex
from lockgate.evidence.pieces import is_wrapped
from lockgate.evidence.reading import Reader


def spans(reader: Reader, pattern: str, text: str) -> list[str]:
    lexed = lex(text, reader.grammar.lexicon)
    regex = re.compile(compile_pattern(pattern, reader.grammar.lexicon, {"CN": "@country.CN"}))
    return [text[slice(*lexed.span(*found.span()))] for found in regex.finditer(lexed.codes)]


def test_classes_gaps_things_and_amounts(reader: Reader) -> None:
    text = "China has at last approved imports of 400,000 H200 chips. It approved."
    assert spans(reader, "CN ..4 APPROVE", text) == ["China has at last approved"]
    assert spans(reader, "# @chip", text) == ["400,000 H200"]
    assert spans(reader, "IMPORT of ..1 @chip", text) == ["imports of 400,000 H200"]


def test_a_gap_stays_within_the_sentence(reader: Reader) -> None:
    assert spans(reader, "CN ..9 APPROVE", "China waits. It approved.") == []


def test_marks_runs_and_names(reader: Reader) -> None:
    assert spans(reader, 'NAME NAME "," ~3', "said Anna Smith, of the board, yesterday") == [
        "Anna Smith, of the board"
    ]
    assert spans(reader, "!NEG APPROVE", "not approved but approved") == ["approved"]


def test_every_bad_row_is_told_at_once() -> None:
    tables = load_evidence_tables()
    bad = tables.model_copy(
        update={
            "patterns": (
                PatternRow(id="one", attribute="a.b", match="NOSUCHCLASS", value="x"),
                PatternRow(id="two", attribute="a.b", match="<who: ALSONOT>", value="x"),
            ),
            "roles": (RoleRow(attribute="a.b", dimension=("chips",), cues={"NORTHIS": 1.0}),),
        }
    )
    with pytest.raises(InvalidInputError) as raised:
        Grammar(bad)
    assert len(raised.value.problems) == 3


def test_a_macro_that_calls_itself_is_refused(reader: Reader) -> None:
    with pytest.raises(LockgateError, match="calls itself"):
        compile_pattern("LOOP", reader.grammar.lexicon, {"LOOP": "LOOP"})


def test_no_row_names_a_document_or_an_offset() -> None:
    """The tables are of the language, not of any text: no pattern has a long run of literal words."""
    for row in load_evidence_tables().patterns:
        literals = re.findall(r"(?:(?<=\s)|^)[a-z_]{3,}(?=[\s|)?>]|$)", re.sub(r"<[a-z_]+:", "", row.match))
        assert len(literals) <= 14, row.id
        assert not re.search(r"\d{3,}", row.match), row.id


def test_wrapped_lines_are_one_paragraph(reader: Reader) -> None:
    wrapped = (
        "Regulators have approved imports of more than 400,000 H200 chips, which\n"
        "will go to large firms. The approval ends weeks of uncertainty and then\n"
        "some, people close to the matter said on the phone on Thursday evening.\n"
    )
    assert is_wrapped(wrapped)
    assert len(lex(wrapped, reader.grammar.lexicon).breaks) <= 4
