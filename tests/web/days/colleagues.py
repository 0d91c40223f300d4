"""What others do while a person's day goes on: through the services, at once."""

import datetime as dt
from typing import Any

from lockgate.casework.states import Action
from lockgate.services import batches, case_record, cases, lots, people, rounds, shippable
from lockgate.services.documents import keep_document
from lockgate.services.registry import Registry

PAPERS = {
    "import-approval": ("import_contract", "business_licence", "use_report"),
    "lab-qualification": ("ownership_evidence", "test_method"),
}
AGENCIES = {
    "import-approval": ("mofcom", "miit", "ndrc"),
    "export-licence": ("defense", "energy", "state"),
    "lab-qualification": ("defense",),
}
PRODUCT = "h200-sxm"


class Colleagues:
    """Everybody but the person whose day it is."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        known = people.list_parties(registry)
        self.parties = {item["name"]: item["id"] for item in known if item["name"] != "withheld"}
        self.withheld = sorted(item["id"] for item in known if item["name"] == "withheld")

    def do(self, person: str, case_id: str, action: Action, **form: Any) -> None:
        """Somebody does something to a case."""
        cases.act(self.registry, people.find_person(self.registry, person), case_id, action, form)

    def submit(self, person: str, kind: str, case_id: str, **fields: Any) -> None:
        """Somebody files a whole application."""
        applicant = people.find_person(self.registry, person)
        cases.open_case(
            self.registry, applicant, kind, applicant.organisation, case_id=case_id, fields=fields
        )
        for paper in PAPERS[kind]:
            with self.registry.work() as work:
                digest = keep_document(work, f"{paper} of {case_id}\n".encode(), "text/plain")
            self.do(person, case_id, Action.ATTACH_DOCUMENT, kind=paper, name=f"{paper}.txt", sha256=digest)
        self.do(person, case_id, Action.SUBMIT)

    def submit_import(self, person: str, case_id: str, quantity: int) -> None:
        """Somebody applies to import accelerators."""
        self.submit(
            person, "import-approval", case_id, recipient=self.withheld[0], product=PRODUCT, quantity=quantity, basis="press",
            necessity="domestic chips do not suffice", site_place="CN", state_funded=False,
        )  # fmt: skip

    def draft(self, person: str, case_id: str) -> None:
        """Somebody has begun an application."""
        applicant = people.find_person(self.registry, person)
        fields = {"product": PRODUCT, "quantity": 5_000, "site_place": "CN"}
        cases.open_case(
            self.registry,
            applicant,
            "import-approval",
            applicant.organisation,
            case_id=case_id,
            fields=fields,
        )

    def decide(self, kind: str, case_id: str, **proposal: Any) -> None:
        """The offices take a submitted case to its approval; what is under review already goes on from there."""
        with self.registry.read() as work:
            state = case_record.load_case(work, case_id).state.value
        if state == "registered":
            self.do("officer", case_id, Action.BEGIN_REVIEW)
        self.do("officer", case_id, Action.REFER, agencies=AGENCIES[kind])
        for agency in AGENCIES[kind]:
            self.do(
                f"adviser-{agency}", case_id, Action.ADVISE, recommendation="no_objection", reasons="none against it"
            )  # fmt: skip
        self.do("officer", case_id, Action.CONSOLIDATE)
        self.do("officer", case_id, Action.PROPOSE_APPROVAL, **proposal)
        self.do("chief", case_id, Action.COUNTERSIGN)

    def qualify_laboratory(self, case_id: str) -> None:
        """The laboratory is qualified anew; the example's first qualification was revoked."""
        self.submit(
            "tester", "lab-qualification", case_id, laboratory=self.parties["A laboratory"], headquarters_place="US",
            controlled_from_listed_place=False, tests_in_us_customs_territory=True, financial_interest=False,
            draws_representative_samples=True,
        )  # fmt: skip
        self.decide("lab-qualification", case_id, reasons="independent and able")

    def allot(self, case_id: str, batch: str, quantity: int) -> str:
        """An approved import becomes a batch, all of it for one recipient; returns the allotment's id."""
        officer, chief = (people.find_person(self.registry, name) for name in ("officer", "chief"))
        recipient = self.withheld[0]
        batches.request_allocation(
            self.registry, officer, case_id, recipient, quantity, accepted_on=self.registry.today()
        )
        batches.open_batch(self.registry, officer, case_id, batch, quantity, rule="by-day")
        round_id, _ = rounds.propose_allocation(self.registry, officer, batch)
        expires = self.registry.clock() + dt.timedelta(days=60)
        rounds.commit_allocation(self.registry, chief, round_id, expires_at=expires)
        return f"{round_id}-{recipient}"

    def join(self, deal: str, export_case: str, import_case: str) -> None:
        """The two sides' approvals become one deal."""
        officer = people.find_person(self.registry, "officer")
        shippable.join_deal(
            self.registry, officer, deal, export_case=export_case, import_case=import_case, product=PRODUCT
        )

    def test_lot(self, lot: str, export_case: str, sample: list[str]) -> None:
        """The laboratory tests a lot."""
        tester = people.find_person(self.registry, "tester")
        lots.record_test(
            self.registry,
            tester,
            lot,
            case_id=export_case,
            passed=True,
            sample=sample,
            certificate=f"T-{lot}",
        )
