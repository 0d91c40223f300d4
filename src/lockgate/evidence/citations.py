"""Lists of references: who published what, when."""

import re
from collections.abc import Iterator

from lockgate.evidence.claims import Claim, make_claim
from lockgate.evidence.context import Context
from lockgate.evidence.dates import DateSpan

# "[[5]] Reuters. “Title.” January 28, 2026." and "3. Lexology, “Title,” Jan 16, 2026"
REFERENCE = re.compile(
    r"^[^\w\n]{0,4}(?:\[+\w{1,4}\]+|\d{1,3}[.)])\s+(?P<who>[^\n.,“\"]{2,60}(?:\.(?!\s)[^\n.,“\"]{1,40})?)[.,:]\s*"
    r"[“\"](?P<title>[^”\"\n]{8,240})[”\"][.,]?\s*(?P<rest>[^\n]{0,80})$",
    re.MULTILINE,
)
ACCESSED = re.compile(r"access|retriev|abgerufen|访问", re.IGNORECASE)


def read_citations(context: Context) -> Iterator[Claim]:
    """A dated claim for every dated reference; the date a page was looked at is none."""
    lexed, text = context.lexed, context.document.text
    if "“" not in text and '"' not in text:
        return
    for found in REFERENCE.finditer(text):
        if ACCESSED.search(found["rest"]):
            continue
        for token, thing in lexed.payload.items():
            if (
                isinstance(thing, DateSpan)
                and thing.low
                and found.start("rest") <= lexed.starts[token] < found.end("rest")
            ):
                first = next(at for at in range(token + 1) if lexed.starts[at] >= found.start("title"))
                policy = context.has(first, token, "POLICY", "CONTROLS")
                start, end = found.start("title"), lexed.ends[token]
                who = found["who"].strip()
                yield make_claim(
                    context.document, (start, end), (f"{who} {'note on rule' if policy else 'report'}", ""),
                    "policy.change_date" if policy else "event.date", thing.iso, unit="date",
                    low=float(thing.low.toordinal()), high=float((thing.high or thing.low).toordinal()),
                    attributed_to=who, pattern="citation",
                )  # fmt: skip
                break
