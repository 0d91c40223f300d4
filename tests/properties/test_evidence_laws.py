"""Laws of reading: claims follow the text, and no input breaks the reader."""

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.claims import Claim, check_claim
from lockgate.evidence.context import LEAD
from lockgate.evidence.documents import Document
from lockgate.evidence.lexer import lex
from lockgate.evidence.lexicon import Entity
from lockgate.evidence.reading import Reader
from lockgate.evidence.reconcile import interval, numbers
from lockgate.services.document_files import decode, document_of
from lockgate.services.record import load_record

READER = Reader(load_evidence_tables())
ARTICLES = sorted((Path(__file__).parents[1] / "unit" / "evidence" / "articles").glob("*.txt"))
SENTENCES = [
    sentence.strip()
    for path in ARTICLES
    for sentence in re.split(r"(?<=[.。])\s+|\n", path.read_text(encoding="utf-8"))
    if sentence.strip()
]


def read(text: str, on: dt.date | None = dt.date(2026, 1, 28)) -> list[Claim]:
    return READER.read(Document("d", text, date=on))


@given(st.integers(1_000, 3_000_000), st.sampled_from(["H200", "H20", "MI308", "B200"]))
def test_change_the_number_and_the_claim_changes_with_it(number: int, chip: str) -> None:
    templates = {
        "quantity.units": "China approved imports of {:,} {} chips.",
        "orders.units": "Chinese firms ordered {:,} {} chips.",
        "inventory.units": "Nvidia has {:,} {} chips in stock.",
    }
    for attribute, template in templates.items():
        claims = [claim for claim in read(template.format(number, chip)) if claim.attribute == attribute]
        assert [claim.value for claim in claims] == [float(number)]
        assert chip in claims[0].subject


@given(st.permutations(["Alibaba", "Tencent", "ByteDance", "Baidu", "JD.com", "Meituan"]), st.integers(2, 5))
def test_shuffle_the_names_and_the_recipients_follow(names: list[str], count: int) -> None:
    chosen = names[:count]
    text = f"The recipients of the H200 are {', '.join(chosen[:-1])} and {chosen[-1]}."
    assert [claim.value for claim in sorted(read(text), key=lambda claim: chosen.index(str(claim.value)) if claim.attribute == "recipient" else 99) if claim.attribute == "recipient"] == chosen  # fmt: skip


@given(st.dates(dt.date(2020, 1, 1), dt.date(2027, 12, 31)))
def test_change_the_date_and_the_claim_changes_with_it(day: dt.date) -> None:
    for form in ("%B %d, %Y", "%d %B %Y", "%Y-%m-%d"):
        claims = read(f"The rule took effect on {day.strftime(form)}.")
        assert [claim.value for claim in claims if claim.attribute == "policy.effective_date"] == [
            day.isoformat()
        ]


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_take_a_sentence_out_and_only_its_claims_vanish(path: Path) -> None:
    """A sentence that names no chip takes its own claims with it and no other; one that names a chip, or is of the opening, may
    also change claims of sentences that leave open which chip they mean."""
    text = path.read_text(encoding="utf-8")
    whole = read(text)
    lexed = lex(text, READER.grammar.lexicon)
    named = [
        thing.id if isinstance(thing := lexed.payload.get(at), Entity) and thing.kind == "chip" else ""
        for at in range(len(lexed.codes))
    ]
    wrong = []
    ends = [-1, *lexed.breaks, len(lexed.codes)]
    sentences = [(before + 1, end) for before, end in pairwise(ends) if end > before + 1]
    own = [
        (lexed.starts[first], lexed.ends[behind - 1])
        for first, behind in sentences
        if any(named[first:behind])
    ]
    for first, end in sentences:
        start, stop = lexed.starts[first], lexed.ends[min(end, len(lexed.codes) - 1)]
        sure = not any(named[first:end]) and first > LEAD

        def held(claim: Claim, moved: int, sure: bool = sure) -> bool:
            at = claim.char_start + moved
            return sure or (
                any(low <= at < high for low, high in own) and claim.attribute.startswith(("chip.", "price."))
            )

        shorter = read(text[:start] + text[stop:])
        kept = {
            (claim.attribute, str(claim.value), claim.char_start)
            for claim in whole
            if not (claim.char_start < stop and start < claim.char_end) and held(claim, 0)
        }
        found = {
            (claim.attribute, str(claim.value), claim.char_start + moved)
            for claim in shorter
            if held(claim, moved := stop - start if claim.char_start >= start else 0)
        }
        if kept != found:
            wrong.append((text[start:stop][:50], kept ^ found))
    assert wrong == []


WORDS = st.sampled_from(
    ["China", "approved", "not", "H200", "910B", "400,000", "over", "$", "5.5", "billion", "%", "25", "TB/s", "TOPS", "GB", "-", "–",
     "to", "and", "between", "half", "several", "hundred", "thousand", "a", "of", "the", "(", ")", ",", ".", "\n", "\n\n", "- ", "“", "”",
     "said", "according to", "Reuters", "BIS", "tightened", "export controls", "January", "28", "2026", "last", "week", "Alibaba",
     "recipients", "including", "中国", "批准", "数", "十万", "颗", "年", "月", "百分之", "https://", "[[1]]", "…", "\u202e", "\ud7ff", "\x00"]
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, max_size=60), st.sampled_from(["", " "]))
@example(["去年"], "")
@example(["https://"], "")
def test_no_sequence_of_words_breaks_the_reader(words: list[str], joint: str) -> None:
    text = joint.join(words)
    document = Document("d", text, date=dt.date(2026, 1, 28))
    for claim in READER.read(document):
        check_claim(claim, document)


@settings(max_examples=200)
@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    document = Document("d", text)
    for claim in READER.read(document):
        check_claim(claim, document)


@settings(max_examples=200)
@given(
    st.binary(max_size=600),
    st.sampled_from(["", "%PDF-1.4\n", "<html><body>", "From: a\nSubject: b\n\n", "---\ntitle: x\n---\n"]),
)
def test_no_bytes_break_the_reader_of_files(data: bytes, head: str) -> None:
    for suffix in (".txt", ".html", ".pdf", ".eml", ".md"):
        try:
            document = document_of(head.encode() + data, Path("x" + suffix))
        except LockgateError:
            continue  # told, not crashed
        else:
            assert len(document.text) <= 8 * (len(head) + len(data)) + 100


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=50))
def test_utf8_is_never_taken_for_anything_else(text: str) -> None:
    assert decode(text.encode()) == text


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=12))
def test_ids_are_of_what_is_said_and_where(sentences: list[str]) -> None:
    text = " ".join(sentences)
    once, again = read(text), read(text)
    assert [claim.id for claim in once] == [claim.id for claim in again]
    assert len({claim.id for claim in once}) == len(once)


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from(["none", "over", "up_to", "approx"])),
        min_size=2,
        max_size=6,
    )
)
def test_a_finding_of_numbers_is_true_of_the_intervals(values: list[tuple[int, str]]) -> None:
    group = []
    for number, (value, hedge) in enumerate(values):
        low = None if hedge in ("up_to", "approx") else value * 1e5
        high = None if hedge in ("over", "approx") else value * 1e5
        group.append(Claim(f"c{number}", f"d{number}", "q", 0, 1, "H200 import approval", "quantity.units", value * 1e5, "units", low, high, hedge))  # fmt: skip
    for finding in numbers("quantity.units", group, load_record()):
        low = max(interval(claim)[0] for claim in group)
        high = min(interval(claim)[1] for claim in group)
        if finding.severity == "high":
            assert low > high
        elif "rounding" not in finding.statement:
            assert low <= high


def test_reading_takes_time_in_proportion_to_the_text() -> None:
    """Four times the text takes about four times as long; a quadratic reader would take sixteen times."""
    import time

    text = "\n".join(SENTENCES) * 4

    def seconds(copies: int) -> float:
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            read(text * copies)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(8) < 9 * seconds(2)


@pytest.mark.parametrize("text", ["(" * 50_000, "1," * 50_000, "China " * 30_000, "a-" * 50_000, "“" * 50_000, "1 " * 50_000, "十" * 50_000, "H200 " * 20_000, "[[1]] Reuters. “" * 5_000])  # fmt: skip
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    import time

    started = time.process_time()
    read(text)
    assert time.process_time() - started < 6


def test_reconciling_grows_no_faster_than_n_log_n() -> None:
    """Eight times the documents may take eight times as long and a little more; comparing all pairs would take 64 times."""
    import time

    from lockgate.services.read import Reading, reconcile_reading

    texts = [path.read_text(encoding="utf-8") for path in ARTICLES]

    def numbered(number: int) -> Document:
        text = re.sub(r"\d{3}", str(100 + number % 900), texts[number % len(texts)])
        return Document(f"d{number}", text)

    def seconds(count: int) -> float:
        documents = [numbered(number) for number in range(count)]
        claims = [claim for document in documents for claim in READER.read(document)]
        best = float("inf")
        for _ in range(2):
            reading = Reading(documents=documents, claims=claims)
            started = time.process_time()
            reconcile_reading(reading, READER)
            best = min(best, time.process_time() - started)
        return best

    load_record()
    assert seconds(800) < 24 * seconds(100)
