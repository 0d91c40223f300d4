"""What a document is about, and which chip or maker one of its amounts belongs to."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from lockgate.evidence.counts import named
from lockgate.evidence.dates import DateSpan
from lockgate.evidence.documents import Document
from lockgate.evidence.grammar import Grammar
from lockgate.evidence.lexer import Lexed
from lockgate.evidence.lexicon import PROPER, UNKNOWN, Entity
from lockgate.evidence.quantities import Quantity
from lockgate.evidence.surroundings import CLAUSE_MARKS, Surroundings
from lockgate.evidence.tables import Cell, read_tables

HYPHENS = str.maketrans("‐‑‒−", "----")
LEAD = 60
DOMINANT = 0.6  # share of all mentions from which one chip is what a text is about
POINTS = 6  # tokens at the head of a sentence within which a word that points back may stand
RECALL = 80  # tokens back to which "it" and "the chip" can point


def _products(lexed: Lexed) -> list[int]:
    """The tokens that look like the name of a product that no table has: capitals with a number in or behind them."""
    found = []
    for at, code in enumerate(lexed.codes):
        if code != PROPER:
            continue
        word = lexed.text[lexed.starts[at] : lexed.ends[at]]
        behind = lexed.text[lexed.ends[at] : lexed.ends[at] + 2].translate(HYPHENS)
        if (
            any(char.isdigit() for char in word)
            or (word[:2].isupper() and len(behind) == 2 and behind[0] == "-" and behind[1].isdigit())
            or (
                isinstance(thing := lexed.payload.get(at + 1), Quantity)
                and thing.compound
                and not thing.dimension
            )
        ):
            found.append(at)
    return found


@dataclass
class Context(Surroundings):
    """A lexed document with its topic. ``chip`` is the family it speaks of most, ``event`` what is at issue."""

    chip: Entity | None = None
    maker: Entity | None = None
    event: str = "import approval"
    cells: dict[int, Cell] = field(default_factory=dict)
    dominant: bool = True
    _strangers: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, document: Document, lexed: Lexed, grammar: Grammar) -> "Context":
        """Count what the document names."""
        context = cls(document, lexed, grammar, cells=read_tables(lexed))
        named_chips: Counter[Entity] = Counter()
        makers: Counter[Entity] = Counter()
        for token, thing in lexed.payload.items():
            if isinstance(thing, Entity):
                if thing.kind == "chip":
                    named_chips[thing] += 3 if token < LEAD else 1  # title and opening say what it is about
                    context.chips.append(token)
                elif thing.kind == "vendor":
                    makers[thing] += 1
            elif isinstance(thing, DateSpan):
                context._dates.append(token)
        context._strangers = _products(lexed)
        if named_chips:
            context.chip, most = named_chips.most_common(1)[0]
            context.dominant = most >= DOMINANT * named_chips.total()
        if makers:
            context.maker = makers.most_common(1)[0][0]
        counts = Counter(lexed.codes)
        counts.update(lexed.codes[:LEAD] * 3)
        imports = sum(counts[char] for char in grammar.set_of("IMPORT"))
        exports = sum(counts[char] for char in grammar.set_of("EXPORT"))
        chinese = sum(counts[char] for char in grammar.lexicon.classes["@cn_agency"])
        american = sum(counts[char] for char in grammar.lexicon.classes["@us_agency"])
        if context.chip is not None and grammar.lexicon.makers.get(context.chip.belongs_to) == "CN":
            context.event = "production"  # no gate between the US and China is about a Chinese chip
        elif imports + chinese < (exports + american) / 2:
            context.event = "export licence"
        return context

    # ---- which chip -------------------------------------------------------------------------------------------
    def compared(self, token: int) -> bool:
        """Whether a chip is only what another is compared with: "versus the H100", "doubles the H100's capacity"."""
        if self.has(max(0, token - 3), token, "AGAINST"):
            return True
        over = self.grammar.set_of("OVERONLY")
        if token and (
            self.lexed.codes[token - 1] in over
            or (
                token > 1
                and self.lexed.codes[token - 2] in over
                and self.has(token - 1, token, "@vendor", "THE")
            )
        ):
            return True  # "a 30% uplift over the MI308"
        share = next((at for at in range(token - 1, max(0, token - 5), -1) if self._is_share(at)), None)
        if (
            share is not None
            and self.has(share + 1, token, "OF", "PEAK")
            and not self.has(share + 1, token, "REVENUE")
        ):
            return True  # "68% of the H100's throughput"
        return self.has(token + 1, token + 2, "HANOF") and self._is_share(token + 2)

    def _is_share(self, token: int) -> bool:
        thing = self.lexed.payload.get(token)
        return isinstance(thing, Quantity) and thing.dimension in ("percent", "ratio")

    def chip_near(
        self, token: int, *, counted: bool = False, named_only: bool = False, affair: bool = False
    ) -> tuple[str, str]:
        """Subject text and id of the chip that an amount at ``token`` belongs to.

        Where ``counted`` chips are not named, a maker in the sentence stands for its chips; ``named_only`` leaves out groups
        without a name, such as the domestic chips; what belongs to the ``affair`` is of the chip that the text is about.
        """
        lexed, grammar = self.lexed, self.grammar
        first, behind = self.sentence(token)
        cell = self.cells.get(token)
        if cell is not None:
            of_row = self.chips_in(*cell.row)
            at_head = cell.chip if cell.chip is not None else of_row[0] if of_row else None
            return self.show_chip(at_head) if at_head is not None else self.meant(first)
        skip = grammar.set_of("MODIFIER", "CHIPNOUN", "@vendor", "@architecture")
        for at in range(token + 1, min(token + 7, behind)):
            thing = named(lexed, at)
            if thing is not None and thing.kind == "chip":
                return self.show_chip(at)
            if lexed.codes[at] not in skip:
                break
        if counted:
            for at in range(token + 1, min(token + 6, behind)):
                maker = named(lexed, at)
                if maker is not None and maker.kind == "vendor" and self.designs(maker):
                    if self.chip is not None and maker.id != self.chip.belongs_to:
                        return maker.name, ""  # "$5 billion worth of Huawei chips"
                    break
                if lexed.codes[at] in CLAUSE_MARKS:
                    break
        chips = self.chips_in(first, behind)
        before = [
            at for at in chips if at < token and not self.has(at + 1, at + 3, "PARTNOUN")
        ]  # "two 910B dies" are parts of something else
        if before and lexed.codes[token - 1] == "(" and token - before[-1] <= 4:
            return self.show_chip(before[-1])
        if self.has(token + 1, token + 2, "VERSUS") and len({self.lexed.payload[at] for at in before}) > 1:
            return "", ""  # "…, 4,493 vs. 4,992": which of the chips before has the first
        facing = self._facing(token, first)
        if facing is not None:
            return facing
        generic = None if named_only else self.generic(first, token)
        free = [at for at in before if not self.compared(at)]
        if free and (generic is None or generic[0] < free[-1]):
            return self.show_chip(free[-1])
        if generic is not None:
            return generic[1], self.chip.id if generic[1] == "approved chips" and self.chip else ""
        codes = lexed.codes
        topic = self.chip is not None
        later = [at for at in chips if at > token]
        if len(later) > 1 and self.has(max(first, later[0] - 2), later[0], "VERSIONOF"):
            return self.show_chip(later[1])  # "a version of the H200, known as the H20"
        foundry = self._foundry_before(token, first)
        if foundry and not before:
            return f"{foundry} chips", ""
        after = [
            at
            for at in chips
            if at > token
            and not self.compared(at)
            and not (topic and CLAUSE_MARKS.intersection(codes[token:at]))  # another clause, another chip
        ]
        if after:
            return self.show_chip(after[0])
        other = self._other_maker(token, first, counted) if self.chip is not None else ""
        if other:
            return other, ""
        if affair:
            return (self.chip.name, self.chip.id) if self.chip else ("", "")
        if not counted and self._strange(first - RECALL, token, first):
            return "", ""
        return self.meant(first, counted=counted)

    def meant(self, first: int, *, counted: bool = False) -> tuple[str, str]:
        """The chip that a sentence without a named one speaks of: the last named, or what the whole text is about.

        Where the two differ and no word points back, it is not known: nothing, rather than a guess. Chips that are ``counted``
        are those that most of the text is about.
        """
        if self.chip is None:
            return "", ""
        at = self._last_subject(first)
        last = named(self.lexed, at) if at is not None else None
        if last is None or at is None or last.id == self.chip.id:
            return self.chip.name, self.chip.id
        near = first - at <= RECALL
        if near and self.has(first, first + POINTS, "ITSELF"):
            return last.name, last.id
        return (self.chip.name, self.chip.id) if self.dominant and (counted or not near) else ("", "")

    def _strange(self, low: int, token: int, first: int) -> bool:
        """Whether a product that no table has was named after the chip last spoken of: "the BiRan 104P card"."""
        at = self._last_subject(first)
        index = bisect_left(self._strangers, max(low, at if at is not None else 0))
        return index < len(self._strangers) and self._strangers[index] < token

    def _foundry_before(self, token: int, first: int) -> str:
        """A maker without chips of its own that is the nearest one before an amount in its sentence."""
        for at in range(token - 1, first - 1, -1):
            maker = named(self.lexed, at)
            if maker is not None and maker.kind == "vendor":
                near = maker.belongs_to == "CN" or token - at <= 3
                return maker.name if near and not self.designs(maker) else ""
        return ""

    def _last_subject(self, first: int) -> int | None:
        """The first chip of the last sentence before a token that names one which is neither compared with nor a part."""
        index = bisect_left(self.chips, first) - 1
        found: int | None = None
        start = first
        while index >= 0 and (found is None or self.chips[index] >= start):
            at = self.chips[index]
            if not self.compared(at) and not self.has(at + 1, at + 3, "PARTNOUN"):
                found = at
                start = self.lexed.sentence(at)[0]
            index -= 1
        return found

    def _other_maker(self, token: int, first: int, counted: bool) -> str:
        """The makers, or their chips, that a sentence names instead of the topic's; empty where it names the topic's."""
        if self.has(first, first + 2, "ITSELF"):
            return ""
        if counted and self.has(first, first + 2, "THECOMPANY"):
            last = self.maker_near(first)
            if last is not None and self.chip is not None and last.id != self.chip.belongs_to:
                return last.name if self.designs(last) else ""
        for at in range(token - 1, first - 1, -1):
            maker = named(self.lexed, at)
            if maker is None or maker.kind != "vendor" or self.chip is None:
                continue
            if counted and self.designs(maker):
                names = self._together(at, first)  # "Cambricon is aiming for 500,000"
                if maker.belongs_to == "CN" and self._at_large(token):
                    return names  # "Huawei would make 200,000 AI chips"
                return "" if maker.id == self.chip.belongs_to and names == maker.name else names
            if maker.id == self.chip.belongs_to:
                return ""
            if maker.belongs_to == "CN" and not self.designs(maker):
                return f"{maker.name} chips"
            if maker.belongs_to == "CN" != self.grammar.lexicon.makers.get(self.chip.belongs_to):
                return f"{maker.name} chips"  # SMIC's process is not that of Nvidia's chip
        return ""

    def _at_large(self, token: int) -> bool:
        """Whether what an amount counts is "AI chips" in general."""
        own = self.lexed.text[self.lexed.starts[token] : self.lexed.ends[token]].lower()
        return "ai chip" in own or self.has(token + 1, token + 3, "CHIPSATLARGE")

    def _together(self, token: int, first: int) -> str:
        """A maker with those named in one breath before it: "Nvidia (NVDA) and AMD"."""
        names = [named(self.lexed, token).name]  # type: ignore[union-attr]
        joints = self.grammar.set_of("AND", "BRACKET", "MARK")
        at, joined = token - 1, False
        while at >= first:
            thing = named(self.lexed, at)
            if thing is not None and thing.kind == "vendor" and joined:
                names.insert(0, thing.name)
                joined = False
            elif self.lexed.codes[at] in joints:
                joined = True
            elif self.lexed.codes[at] not in (PROPER, UNKNOWN) or self.lexed.codes[at + 1] != ")":
                break
            at -= 1
        return " and ".join(dict.fromkeys(names))

    def designs(self, maker: Entity) -> bool:
        """Whether a firm has chips of its own: a foundry or a maker of memory has none."""
        return any(row.belongs_to == maker.id for row in self.grammar.lexicon.families.values())

    def importable(self, chip_id: str, first: int, behind: int) -> bool:
        """Whether a gate between the US and China can be about a chip: it is no Chinese one, or the words name it."""
        families, makers = self.grammar.lexicon.families, self.grammar.lexicon.makers
        if chip_id not in families or makers.get(families[chip_id].belongs_to) != "CN":
            return True
        return bool(self.chips_in(first, behind))

    def _facing(self, token: int, first: int) -> tuple[str, str] | None:
        """The subject of the second of two amounts set against each other: "lag Nvidia's parts in bandwidth (2.5 vs 4.8)"."""
        lexed = self.lexed
        if token < 2 or lexed.codes[token - 1] not in self.grammar.set_of("VERSUS"):
            return None
        other, this = lexed.payload.get(token - 2), lexed.payload.get(token)
        if (
            not isinstance(other, Quantity)
            or not isinstance(this, Quantity)
            or other.dimension != this.dimension
        ):
            return None
        for at in range(token - 3, first - 1, -1):
            thing = named(lexed, at)
            if thing is not None and thing.kind == "chip":
                return self.show_chip(at)
            if thing is not None and thing.kind == "vendor":
                if self.chip is not None and self.chip.belongs_to == thing.id:
                    return self.chip.name, self.chip.id
                return f"{thing.name} chips", ""
        return None

    def maker_near(self, token: int) -> Entity | None:
        """The chip maker that an amount is put down to: the nearest before it in the sentence, else behind, else the topic's."""
        first, behind = self.sentence(token)
        for at in (*range(token - 1, first - 1, -1), *range(token + 1, behind)):
            thing = named(self.lexed, at)
            if thing is not None and thing.kind == "vendor":
                return thing
        for at in range(first - 1, max(0, first - RECALL) - 1, -1):
            thing = named(self.lexed, at)
            if thing is not None and thing.kind == "vendor" and (thing == self.maker or self.designs(thing)):
                return thing  # "the company" is the one last spoken of, but not who makes for it
        return self.maker

    def one_maker(self, token: int) -> str:
        """The maker before an amount in its sentence, where neither others stand beside it nor firms without a name between."""
        first = self.sentence(token)[0]
        generic = self.grammar.set_of("GENERICFIRM")
        for at in range(token - 1, first - 1, -1):
            if self.lexed.codes[at] in generic:
                return ""
            thing = named(self.lexed, at)
            if thing is not None and thing.kind in ("vendor", "buyer"):
                return thing.name if self._together(at, first) == thing.name else ""
        maker = self.maker_near(token)
        return maker.name if maker is not None else ""

    def generic(self, first: int, behind: int) -> tuple[int, str] | None:
        """A group of chips without a name: domestic chips, the approved chips."""
        domestic, approved = self.grammar.set_of("DOMESTIC"), self.grammar.set_of("APPROVED")
        nouns = self.grammar.set_of("CHIPNOUN", "ALTERNATIVE")
        codes = self.lexed.codes
        if (domestic | approved).isdisjoint(codes[first:behind]):
            return None
        for at in range(behind - 1, first, -1):
            if codes[at] in nouns and not self.chips_in(
                max(first, at - 2), at
            ):  # "cleared H200 chips" have a name
                near = codes[max(first, at - 3) : at]
                if any(code in domestic for code in near):
                    return at, "Chinese domestic chips"
                if any(code in approved for code in near):
                    return at, "approved chips"
        return None

    def show_chip(self, token: int) -> tuple[str, str]:
        """A chip as the text names it, with the maker it gives it where that is not the maker on record."""
        thing = named(self.lexed, token)
        if thing is None:
            return "", ""
        maker = named(self.lexed, token - 1) if token else None
        if (
            maker is not None
            and maker.kind == "vendor"
            and maker.id != thing.belongs_to
            and not self.possessive(token - 1)
        ):
            shown = self.lexed.text[self.lexed.starts[token] : self.lexed.ends[token]]
            return f"{maker.name} {shown}", thing.id
        if token and self.lexed.codes[token - 1] in self.grammar.set_of("ALTERED"):
            return f"modified {thing.name}", thing.id
        return thing.name, thing.id


# ---- hedges and sources -----------------------------------------------------------------------------------
