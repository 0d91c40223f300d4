"""Reading: one document in, its claims out."""

from lockgate.catalogue.evidence import EvidenceTables
from lockgate.evidence.citations import read_citations
from lockgate.evidence.claims import Claim
from lockgate.evidence.context import Context
from lockgate.evidence.counts import resolve_counts
from lockgate.evidence.documents import Document
from lockgate.evidence.grammar import Grammar
from lockgate.evidence.lexer import lex
from lockgate.evidence.ratios import read_ratios
from lockgate.evidence.roles import read_amounts
from lockgate.evidence.statements import read_impossible_days, read_makers, read_posts, read_statements


class Reader:
    """Reads claims from documents.

    Args:
        tables: The checked tables of ``data/evidence``.
    """

    def __init__(self, tables: EvidenceTables) -> None:
        self.grammar = Grammar(tables)

    def read(self, document: Document) -> list[Claim]:
        """The claims of a document, in the order of their quotes."""
        lexed = resolve_counts(lex(document.text, self.grammar.lexicon, document.date), self.grammar)
        context = Context.of(document, lexed, self.grammar)
        claims: dict[str, Claim] = {}
        for claim in (
            *read_amounts(context),
            *read_ratios(context),
            *read_statements(context),
            *read_makers(context),
            *read_impossible_days(context),
            *read_posts(context),
            *read_citations(context),
        ):
            claims.setdefault(claim.id, claim)
        return sorted(claims.values(), key=lambda claim: (claim.char_start, claim.char_end, claim.attribute))
