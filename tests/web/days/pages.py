"""Every kind of page there is: what the accessibility and language tests walk through, and what the manual shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """One kind of page.

    Attributes:
        name: Of its picture.
        path: An address of it in the played example; ``{key}`` stands for that of a one-time link.
        title: What the manual calls it.
        person: Who looks; empty for everybody.
        pictured: Whether the manual shows it.
    """

    name: str
    path: str
    title: str
    person: str = ""
    pictured: bool = True


ALSO = (
    ("start", "zh", "light", 1280), ("determine", "zh", "light", 1280), ("case", "zh", "light", 1280),
    ("evidence", "zh", "light", 1280), ("capability", "zh", "dark", 1280), ("batches", "zh", "light", 390),
    ("chips", "en", "dark", 1280), ("determine", "en", "dark", 390), ("cases", "en", "light", 390),
)  # fmt: skip
"""Pages shown besides in another language, look or width in pixels."""
DEAL = "item=h200-sxm&from=US&to=CN&kind=export&on=2026-01-28"
PAGES: tuple[Shown, ...] = (
    Shown("start", "/", "Start"),
    Shown("help", "/help", "Help and keys"),
    Shown("login", "/login", "Log in"),
    Shown("invitation", "/invitation/{key}", "A first password, by a one-time link"),
    Shown("api", "/api/docs", "The API's manual"),
    Shown("chips", "/chips", "Chips"),
    Shown("chip", "/chips/h200-sxm", "One chip"),
    Shown("figure", "/chips/h200-sxm/figures/dram_bandwidth", "One figure and who says so"),
    Shown("compare", "/chips?compare=h200-sxm&compare=h20-96&compare=ascend-910c", "Chips side by side"),
    Shown("determine-form", f"/determine?step=route&{DEAL}", "A page of the deal's form"),
    Shown("determine-certificates", f"/determine?step=certificates&{DEAL}", "", pictured=False),
    Shown("determine-problem", "/determine?item=h200-sxm&from=Atlantis", "A problem beside its field"),
    Shown("determine", f"/determine?{DEAL}", "May it pass?"),
    Shown("determine-compare", f"/determine?{DEAL}&with_on=2025-12-01", "The same deal on two days"),
    Shown("capability", "/capability", "Serving"),
    Shown(
        "capability-train",
        "/capability?kind=train&model=gpt3-175b&chip=h200-sxm&chip=h100-sxm&count=1024",
        "Training",
    ),
    Shown("capability-problem", "/capability?count=eight", "", pictured=False),
    Shown("evidence", "/evidence", "Contradictions and claims"),
    Shown("document", "/evidence/documents/1-wire.txt", "A document with what it claims"),
    Shown("dossier", "/dossier", "The dossier"),
    Shown("sources", "/sources", "Sources"),
    Shown("source", "/sources/fr-2026-00789", "One source and what rests on it"),
    Shown("not-found", "/nowhere", "", pictured=False),
    Shown("cases", "/cases", "Cases", "officer"),
    Shown("case", "/cases/cn-1", "One case", "officer"),
    Shown("case-suspended", "/cases/us-1", "", "officer", pictured=False),
    Shown("verify", "/cases/cn-1/verify", "A case whose record was checked", "officer", pictured=False),
    Shown("letter", "/cases/cn-1/letter", "Its letter", "officer"),
    Shown("action", "/cases/cn-1/actions/propose_condition", "Something done to a case", "officer"),
    Shown("flag", "/cases/cn-1/actions/flag", "", "officer", pictured=False),
    Shown("batches", "/batches", "Recipients by batches, and who waits", "officer"),
    Shown("batch", "/batches/b1", "A batch with its dry run", "officer"),
    Shown("shipments", "/shipments", "Shipments", "officer"),
    Shown("ledger", "/ledger", "The ledger and its caps", "officer"),
    Shown("account", "/ledger/batch:b1", "An account of the ledger", "officer"),
    Shown("case-auditor", "/cases/cn-1", "", "auditor", pictured=False),
    Shown("new-case", "/cases/new", "A new application", "importer"),
    Shown("draft-tasks", "/cases/draft-1/apply", "The task list of an application", "importer"),
    Shown("draft-section", "/cases/draft-1/apply/transaction", "One page of its form", "importer"),
    Shown("draft-papers", "/cases/draft-1/apply/documents", "Its papers", "importer"),
    Shown("draft-check", "/cases/draft-1/apply/check", "Check your answers", "importer"),
    Shown("yours", "/account", "Your account", "importer"),
    Shown("people", "/admin", "Administration", "admin"),
    Shown("audit", "/admin/audit", "The audit of access", "admin"),
    Shown("person", "/admin/people/officer", "One person", "admin"),
)
