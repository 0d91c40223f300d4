"""What stands near a token of a document: its sentence and clause, words of a class, the date, the hedge, the source."""

from bisect import bisect_left
from dataclasses import dataclass, field

from lockgate.evidence.claims import QUOTE_MAX
from lockgate.evidence.counts import named
from lockgate.evidence.dates import DateSpan
from lockgate.evidence.documents import Document
from lockgate.evidence.grammar import Grammar
from lockgate.evidence.lexer import Lexed
from lockgate.evidence.quantities import Quantity

CLAUSE_MARKS = frozenset(",;:()–")


@dataclass
class Surroundings:
    """A lexed document, looked at from one of its tokens."""

    document: Document
    lexed: Lexed
    grammar: Grammar
    chips: list[int] = field(default_factory=list, kw_only=True)
    _dates: list[int] = field(default_factory=list, kw_only=True)
    _sentence: tuple[int, int] = field(default=(0, 0), kw_only=True)
    _sources: dict[int, str] = field(default_factory=dict, kw_only=True)

    def has(self, first: int, behind: int, *names: str) -> bool:
        """Whether one of some classes stands between two tokens."""
        return not self.grammar.set_of(*names).isdisjoint(self.lexed.codes[first:behind])

    def sentence(self, token: int) -> tuple[int, int]:
        """First token of the sentence a token stands in, and the token behind its last."""
        first, behind = self._sentence
        if not first <= token < behind:
            self._sentence = first, behind = self.lexed.sentence(token)
        return first, behind

    def chips_in(self, first: int, behind: int) -> list[int]:
        """The tokens between two that name a chip."""
        return self.chips[bisect_left(self.chips, first) : bisect_left(self.chips, behind)]

    def clause(self, token: int, behind: int | None = None) -> tuple[int, int]:
        """The clause around some tokens: the sentence, cut at its marks where it is long."""
        first, last = self.sentence(token)
        end = behind or token + 1
        if self._length(first, last) <= QUOTE_MAX:
            wide = (first, last)
            if self._length(first, last) <= 140:
                return wide
        left = token
        while left > first and self.lexed.codes[left - 1] not in CLAUSE_MARKS:
            left -= 1
        right = end
        while right < last and self.lexed.codes[right] not in CLAUSE_MARKS:
            right += 1
        while self._length(left, right) > QUOTE_MAX and (left < token or right > end):
            left, right = (left + 1 if left < token else left), (right - 1 if right > end else right)
        return left, right

    def _length(self, first: int, behind: int) -> int:
        return self.lexed.ends[behind - 1] - self.lexed.starts[first] if behind > first else 0

    def offsets(self, first: int, behind: int) -> tuple[int, int]:
        """Offsets of some tokens, cut to the longest quote allowed."""
        start, end = self.lexed.starts[first], self.lexed.ends[behind - 1]
        return start, min(end, start + QUOTE_MAX)

    def word_near(self, token: int, name: str, reach: int) -> str:
        """The word of a class nearest before an amount in its sentence; empty where none is near."""
        chars = self.grammar.set_of(name)
        for at in range(token - 1, max(self.sentence(token)[0], token - reach) - 1, -1):
            if self.lexed.codes[at] in chars:
                return self.lexed.text[self.lexed.starts[at] : self.lexed.ends[at]]
        return ""

    def country_before(self, token: int) -> str:
        """The country, or China by its government, named before an amount in its sentence; behind it if none is before."""
        first, behind = self.sentence(token)
        for at in (*range(token - 1, first - 1, -1), *range(token + 1, behind)):
            thing = named(self.lexed, at)
            if thing is not None and thing.kind == "country":
                return thing.name
        return ""

    def earner_is_state(self, token: int) -> bool:
        """Whether the nearest actor before an amount in its sentence is a government: what it takes is nobody's revenue."""
        for at in range(token - 1, self.sentence(token)[0] - 1, -1):
            thing = named(self.lexed, at)
            if thing is not None and thing.kind in ("vendor", "buyer", "us_agency"):
                return thing.kind == "us_agency" and self.has(at, token, "REVENUE", "GET")
        return False

    def nearest(self, token: int, name: str) -> int:
        """Distance in tokens to the nearest word of a class in the sentence; very large where there is none."""
        first, behind = self.sentence(token)
        chars, codes = self.grammar.set_of(name), self.lexed.codes
        return min(
            (
                abs(at - token)
                + 3 * sum(code in CLAUSE_MARKS for code in codes[min(at, token) : max(at, token)])
                for at in range(first, behind)
                if codes[at] in chars
            ),
            default=10**6,
        )

    def possessive(self, token: int) -> bool:
        """Whether a token is followed by 's."""
        return self.lexed.text[
            self.lexed.ends[token] : self.lexed.ends[token] + 1
        ] in "'’" and self.lexed.ends[token] < len(self.lexed.text)

    # ---- times -----------------------------------------------------------------------------------------------
    def time_of(self, token: int) -> str:
        """The date expression that an amount's clause gives, else the only one of its sentence; empty without one."""
        first, behind = self.sentence(token)
        dated = self._dates[bisect_left(self._dates, first) : bisect_left(self._dates, behind)]
        if len(dated) > 1:
            low, high = self.clause(token)
            dated = [at for at in dated if low <= at < high][:1]
        thing = self.lexed.payload[dated[0]] if dated else None
        return thing.iso if isinstance(thing, DateSpan) else ""

    # ---- hedges and sources -----------------------------------------------------------------------------------
    def hedge(self, token: int, amount: Quantity) -> str:
        """The hedge on an amount: the words right before and behind it, then those of its clause."""
        codes, grammar = self.lexed.codes, self.grammar
        first, behind = self.sentence(token)
        near = codes[max(first, token - 2) : token]
        if len(near) == 2 and near[1] not in grammar.set_of("HEDGE_GAP", "OVER", "UNDER", "UP_TO", "APPROX"):
            near = near[1:]  # "far more than the 700,000" compares, it does not hedge
        for name, hedge in (("OVER", "over"), ("UNDER", "under"), ("UP_TO", "up_to"), ("APPROX", "approx")):
            if not grammar.set_of(name).isdisjoint(near):
                return hedge
        if amount.hedge != "none":
            return amount.hedge
        if self.has(token + 1, min(behind, token + 3), "OR_MORE"):
            return "over"
        if self.has(max(first, token - 6), token, "MAY"):
            return "may"
        return "reported" if self.has(first, behind, "REPORTED", "ACCORDING", "ANON") else "none"

    def source(self, token: int) -> str:
        """Who says what stands in a sentence, as far as the sentence tells."""
        first, behind = self.sentence(token)
        if first not in self._sources:
            self._sources[first] = self._source(first, behind)
        return self._sources[first]

    def _source(self, first: int, behind: int) -> str:
        says, according = self.grammar.set_of("SAY"), self.grammar.set_of("ACCORDING")
        kinds = ("publisher", "person", "vendor", "us_agency", "cn_agency", "benchmark")
        anonymous = self.grammar.set_of("ANON")
        codes = self.lexed.codes
        found = ""
        for at in range(first, behind):
            if codes[at] in according or codes[at] in says:
                window = (
                    range(at + 1, min(behind, at + 9))
                    if codes[at] in according
                    else range(max(first, at - 6), min(behind, at + 3))
                )
                for near in window:
                    thing = named(self.lexed, near)
                    if thing is not None and thing.kind in kinds:
                        sources = near + 1 < behind and codes[near + 1] in anonymous
                        return thing.name + (" sources" if sources else "")
                    if codes[near] in anonymous and not found:
                        found = self.lexed.text[self.lexed.starts[near] : self.lexed.ends[near]]
        return found
