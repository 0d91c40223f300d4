"""How fast the reader reads and reconciles, beside general readers of quantities.

``python -m benchmarks evidence_speed [--peers PYTHON]``. The text is the own articles of the tests, joined and repeated with
changed numbers: dense with claims. Reading is timed in CPU seconds of one core. ``--peers`` names a Python that has
quantulum3 and spaCy: each then reads the same bytes in a process of its own (spaCy: a blank English pipeline with a matcher
for numbers before nouns of the field, which finds spans and says nothing of what they are). Reconciling takes documents made
from the articles with other numbers, 1,250 to 10,000 of them.
"""

import math
import random
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.evidence_seeds import SHARED
from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.documents import Document
from lockgate.evidence.reading import Reader
from lockgate.services.document_files import date_in
from lockgate.services.read import Reading, reconcile_reading

ARTICLES = Path(__file__).parents[1] / "tests" / "unit" / "evidence" / "articles"
SIZE = 1_000_000

PEER = {
    "quantulum3": """
import sys, time
from quantulum3 import parser
text = open(sys.argv[1], encoding="utf-8").read()[:60_000]
parser.parse(text[:500])
started = time.process_time()
found = sum(len(parser.parse(line)) for line in text.split("\\n"))
print(len(text.encode()) / (time.process_time() - started), found)
""",
    "spaCy blank + matcher": """
import sys, time
import spacy
from spacy.matcher import Matcher
text = open(sys.argv[1], encoding="utf-8").read()[:600_000]
nlp = spacy.blank("en")
nlp.max_length = 10**8
matcher = Matcher(nlp.vocab)
units = ["units", "chips", "gpus", "accelerators", "processors", "tops", "gb", "nm", "billion", "million", "percent", "yuan"]
matcher.add("QUANTITY", [[{"LIKE_NUM": True}, {"OP": "?"}, {"LOWER": {"IN": units}}]])
matcher.add("MONEY", [[{"ORTH": "$"}, {"LIKE_NUM": True}, {"LOWER": {"IN": units}, "OP": "?"}]])
started = time.process_time()
found = sum(len(matcher(doc)) for doc in nlp.pipe(text.split("\\n")))
print(len(text.encode()) / (time.process_time() - started), found)
""",
}


def articles() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(ARTICLES.glob("*.txt"))]


def varied(text: str, chance: random.Random) -> str:
    """An article with other numbers of the same length."""
    return re.sub(r"\d{3}", lambda _: str(chance.randint(100, 999)), text)


def corpus(size: int) -> str:
    chance = random.Random(7)
    parts: list[str] = []
    total = 0
    while total < size:
        for text in articles():
            parts.append(varied(text, chance))
            total += len(parts[-1].encode())
    return "\n\n".join(parts)


def reading_speed(text: str) -> tuple[float, int]:
    """Bytes a second and claims; the documents are of the size of an article, as they come."""
    reader = Reader(load_evidence_tables())
    documents = [Document(f"d{at}", text[at : at + 20_000]) for at in range(0, len(text), 20_000)]
    reader.read(documents[0])
    best, claims = math.inf, 0
    for _ in range(3):
        started = time.process_time()
        claims = sum(len(reader.read(document)) for document in documents)
        best = min(best, time.process_time() - started)
    return len(text.encode()) / best, claims


def reconcile_seconds(count: int, reader: Reader) -> tuple[float, int, int]:
    chance = random.Random(count)
    texts = articles()
    documents = []
    for number in range(count):
        text = varied(texts[number % len(texts)], chance)
        documents.append(Document(f"d{number}", text, date=date_in(text)))
    reading = Reading(
        documents=documents, claims=[claim for document in documents for claim in reader.read(document)]
    )
    started = time.process_time()
    reconcile_reading(reading, reader)
    return time.process_time() - started, len(reading.claims), len(reading.findings)


def peer_speed(python: str, script: str, path: Path) -> str:
    done = subprocess.run([python, "-c", script, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
    speed, found = done.stdout.split()[-2:]
    return f"{float(speed) / 1e6:.3f} MB/s, {found} spans"


def press(size: int) -> str:
    """Text as dense with claims as the press is: the five shared articles, repeated with other numbers."""
    chance = random.Random(8)
    texts = [path.read_text(encoding="utf-8") for path in sorted((SHARED / "seeds").glob("*.txt"))]
    parts: list[str] = []
    while texts and sum(map(len, parts)) < size:
        parts += [varied(text, chance) for text in texts]
    return "\n\n".join(parts)


def main() -> None:
    text = corpus(SIZE)
    print("| reader and text | speed, one core | finds |\n|---|---|---|")
    for name, sample in (("press", press(SIZE)), ("own articles, denser with claims", text)):
        if sample:
            speed, claims = reading_speed(sample)
            print(f"| Lockgate, {name} | {speed / 1e6:.2f} MB/s | {claims:,} claims |")
    if "--peers" in sys.argv:
        path = Path("/tmp/lockgate-corpus.txt")
        path.write_text(text, encoding="utf-8")
        for name, script in PEER.items():
            print(f"| {name} | {peer_speed(sys.argv[sys.argv.index('--peers') + 1], script, path)} | |")
    reader = Reader(load_evidence_tables())
    print(
        "\n| documents | claims | findings | seconds | seconds / (n log n), relative |\n|---|---|---|---|---|"
    )
    base = 0.0
    for count in (1250, 2500, 5000, 10_000):
        seconds, claims, findings = reconcile_seconds(count, reader)
        unit = seconds / (count * math.log(count))
        base = base or unit
        print(f"| {count:,} | {claims:,} | {findings:,} | {seconds:.1f} | {unit / base:.2f} |")


if __name__ == "__main__":
    main()
