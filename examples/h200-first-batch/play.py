"""The first batch of H200 import approvals, played from application to end-use report on a database of your choice.

What press reports told of January 2026 (three recipients, more than 400,000 units, others in a queue, a quota of 75,000 a
recipient under study) is played with the rules that are law in the United States (the ratio cap by aggregate TPP, tests by a
qualified laboratory). Quantities of single recipients, persons and days are made up, and so is everything after February 2026.

    python examples/h200-first-batch/play.py --db sqlite:///h200.db
"""

import argparse
import datetime as dt
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action
from lockgate.services import (
    allotments,
    audit,
    batches,
    caps,
    case_record,
    cases,
    end_use,
    lots,
    people,
    rounds,
    shipments,
    shippable,
)
from lockgate.services.documents import keep_document
from lockgate.services.registry import Registry, init_record

PROGRAMME, PRODUCT, TPP = "h200", "h200-sxm", 15_832
RATIO = "h200-sxm:cn-mo"
QUOTA = 75_000
# Name, place of headquarters, class, units asked for, day of acceptance, points for civil need.
RECIPIENTS = (
    ("ByteDance", "CN", "", 160_000, "2026-01-05", 3),
    ("Alibaba", "CN", "", 140_000, "2026-01-05", 3),
    ("Tencent", "CN", "", 120_000, "2026-01-07", 3),
    ("DeepSeek", "CN", "", 30_000, "2026-01-12", 3),
    ("JD.com", "CN", "", 24_000, "2026-01-14", 2),
    ("A university", "CN", "small", 1_600, "2026-01-15", 4),
    ("A hospital group", "CN", "small", 804, "2026-01-20", 4),
)


class Play:
    """One run: the opened record, its clock, and who acts."""

    def __init__(self, url: str) -> None:
        self.now = dt.datetime(2026, 1, 5, 1, 0, tzinfo=dt.UTC)
        self.registry, fresh = init_record(url, name="The first H200 batch", clock=self.tick)
        if not fresh:
            self.registry.close()
            raise LockgateError(
                f"{url} holds a record already",
                code="not-empty",
                hint="play on an empty database, or a new file",
            )
        self.parties: dict[str, str] = {}
        self.told: list[str] = []

    def tick(self) -> dt.datetime:
        """The clock of the play: a second passes with every look."""
        self.now += dt.timedelta(seconds=1)
        return self.now

    def day(self, text: str) -> dt.date:
        """Let a day come, in the morning."""
        day = dt.date.fromisoformat(text)
        self.now = max(self.now, dt.datetime.combine(day, dt.time(9), dt.UTC))
        return day

    def tell(self, text: str) -> None:
        """Say what happened."""
        self.told.append(f"{self.now:%Y-%m-%d}  {text}")
        print(self.told[-1])

    def refused(self, code: str, call: Any, *arguments: Any, **named: Any) -> None:
        """Something that must not work, and does not."""
        try:
            call(self.registry, *arguments, **named)
        except LockgateError as error:
            if error.problems[0].code != code:
                raise
            self.tell(f"refused: {error.problems[0].message}")
            return
        raise SystemExit(f"it should have been refused as {code}")

    # ------------------------------------------------------------------------------------------- who is who
    def enrol(self) -> None:
        """Persons with their roles, and parties whose names stay withheld."""
        add = people.enrol_person
        founder = people.FOUNDER
        self.admin = add(self.registry, founder, "admin", ["administrator"])
        self.officer = add(self.registry, self.admin, "officer", ["officer"], agency="commerce")
        self.chief = add(self.registry, self.admin, "chief", ["countersigner"], agency="commerce")
        self.auditor = add(self.registry, self.admin, "auditor", ["auditor"])
        self.advisers = {
            agency: add(self.registry, self.admin, f"adviser-{agency}", ["adviser"], agency=agency)
            for agency in ("defense", "energy", "state", "mofcom", "miit", "ndrc")
        }
        for name, place, size, *_ in RECIPIENTS:
            self.parties[name] = people.register_party(
                self.registry, self.officer, name, country=place, party_class=size
            )
        for name, place in (("Nvidia", "US"), ("An import agent", "CN"), ("A laboratory", "US")):
            self.parties[name] = people.register_party(
                self.registry, self.officer, name, country=place, withheld=False
            )
        organisation = self.parties
        self.exporter = add(
            self.registry, self.admin, "exporter", ["applicant"], organisation=organisation["Nvidia"]
        )
        self.importer = add(
            self.registry, self.admin, "importer", ["applicant"], organisation=organisation["An import agent"]
        )
        self.tester = add(
            self.registry,
            self.admin,
            "tester",
            ["lab", "applicant"],
            organisation=organisation["A laboratory"],
        )

    # ------------------------------------------------------------------------------------------- cases
    def paper(self, person: Actor, case_id: str, kind: str) -> None:
        """Attach a paper of a kind."""
        with self.registry.work() as work:
            digest = keep_document(work, f"{kind} of {case_id}\n".encode(), "text/plain")
        cases.act(
            self.registry, person, case_id, Action.ATTACH_DOCUMENT,
            {"kind": kind, "name": f"{kind}.txt", "sha256": digest},
        )  # fmt: skip

    def decide(
        self, person: Actor, kind: str, case_id: str, fields: dict[str, Any], papers: list[str], agencies: list[str],
        proposal: dict[str, Any],
    ) -> None:  # fmt: skip
        """A case from draft to approval: one person proposes, another countersigns."""
        registry, officer = self.registry, self.officer
        cases.open_case(registry, person, kind, person.organisation, case_id=case_id, fields=fields)
        for paper in papers:
            self.paper(person, case_id, paper)
        cases.act(registry, person, case_id, Action.SUBMIT)
        cases.act(registry, officer, case_id, Action.BEGIN_REVIEW)
        cases.act(registry, officer, case_id, Action.REFER, {"agencies": agencies})
        for agency in agencies:
            advice = {"recommendation": "no_objection", "reasons": "none against it"}
            cases.act(registry, self.advisers[agency], case_id, Action.ADVISE, advice)
        cases.act(registry, officer, case_id, Action.CONSOLIDATE)
        cases.act(registry, officer, case_id, Action.PROPOSE_APPROVAL, proposal)
        cases.act(registry, self.chief, case_id, Action.COUNTERSIGN)

    def approve(self) -> None:
        """A laboratory, a United States licence for a part, and the import approval of 28 January."""
        self.decide(
            self.tester, "lab-qualification", "lab-1",
            {"laboratory": self.parties["A laboratory"], "headquarters_place": "US", "controlled_from_listed_place": False,
             "tests_in_us_customs_territory": True, "financial_interest": False, "draws_representative_samples": True},
            ["ownership_evidence", "test_method"], ["defense"], {"reasons": "independent and able"},
        )  # fmt: skip
        self.tell("the laboratory is qualified")
        self.day("2026-01-28")
        self.decide(
            self.importer, "import-approval", "cn-1",
            {"recipient": self.parties["An import agent"], "product": PRODUCT, "quantity": 450_000, "basis": "press",
             "necessity": "domestic chips do not suffice", "site_place": "CN", "state_funded": False},
            ["import_contract", "business_licence", "use_report"], ["mofcom", "miit", "ndrc"],
            {"reasons": "first batch", "granted": {"h200": 400_000}, "expires_on": "2027-01-27",
             "conditions": [
                 {"id": "quota", "text": "at most 75,000 for one recipient over all vendors",
                  "terms": {"kind": "recipient_quota", "quantity_max": QUOTA}},
                 {"id": "report", "text": "end-use report by serial number 30 days after delivery",
                  "terms": {"kind": "reporting", "subject": "end use", "clock": "P30D"}}]},
        )  # fmt: skip
        self.tell("the import side approves 400,000 units, on conditions")
        self.day("2026-02-10")
        self.decide(
            self.exporter, "export-licence", "us-1",
            {"applicant_contact": "export desk", "transaction": "export", "purchaser": self.parties["An import agent"],
             "ultimate_consignee": self.parties["An import agent"], "end_users": list(self.parties.values())[:3],
             "destination": "CN", "end_use": "training and serving of commercial models", "items": ["H200 SXM"],
             "quantity": 100_000, "value_usd": 2_700_000_000, "item_family": "3A090.a",
             "us_availability_date": "2024-04-01", "us_units_shipped": 150_000,
             "laboratory": self.parties["A laboratory"]},
            ["supply_certificate", "kyc_procedure", "security_plan", "end_user_statement", "lab_certificate"],
            ["defense", "energy", "state"],
            {"reasons": "within the case-by-case policy", "granted": {"1": 60_000}, "expires_on": "2027-02-09"},
        )  # fmt: skip
        self.tell("the United States license 60,000 units of it")

    # ------------------------------------------------------------------------------------------- batches
    def set_caps(self) -> None:
        """A quota for every recipient; the ratio cap, raised by domestic shipments."""
        for name, *_ in RECIPIENTS:
            caps.set_recipient_cap(self.registry, self.officer, PROGRAMME, self.parties[name], QUOTA)
        caps.set_ratio_cap(self.registry, self.officer, RATIO, product=PRODUCT, tpp=TPP, share=Fraction(1, 2))
        caps.record_domestic_shipment(
            self.registry,
            self.exporter,
            RATIO,
            100_000,
            evidence="certified shipments to 2025-12-31",
            key="us-2025",
        )
        self.tell(
            "100,000 units shipped for United States end use: the ratio cap leaves 50,000 for China and Macau"
        )

    def allocate(self) -> None:
        """A batch of 200,000 to the waiting list: three recipients reach the quota or the batch, others wait."""
        registry = self.registry
        for name, _, _, quantity, accepted, score in RECIPIENTS:
            batches.request_allocation(
                registry, self.officer, "cn-1", self.parties[name], quantity,
                accepted_on=dt.date.fromisoformat(accepted), score=Fraction(score),
            )  # fmt: skip
        batches.open_batch(
            registry,
            self.officer,
            "cn-1",
            "b1",
            200_000,
            rule="accelerators.batch-by-day",
            programme=PROGRAMME,
        )
        _, dry = rounds.preview_allocation(registry, self.officer, "b1")
        self.tell(
            f"dry run: {dry.allocated:,} of {dry.supply:,} units to {sum(1 for n in dry.quantities.values() if n)} recipients"
        )
        round_id, result = rounds.propose_allocation(registry, self.officer, "b1")
        expires = dt.datetime(2026, 5, 31, tzinfo=dt.UTC)
        self.refused("not-allowed", rounds.commit_allocation, self.officer, round_id, expires_at=expires)
        rounds.commit_allocation(registry, self.chief, round_id, expires_at=expires)
        names = {party: name for name, party in self.parties.items()}
        for line in result.allotments:
            self.tell(f"  {names[line.recipient]}: {line.quantity:,} of {line.requested:,}: {line.reason}")
        self.refused(
            "overdrawn",
            batches.open_batch,
            self.officer,
            "cn-1",
            "b2",
            200_001,
            rule="accelerators.batch-by-day",
        )
        self.tell(
            f"{len(batches.list_waiting(registry, self.officer, 'cn-1'))} requests wait for the next batch"
        )

    # ------------------------------------------------------------------------------------------- goods
    def ship(self) -> None:
        """Lots with serial numbers, tested, exported within both sides' limits, delivered."""
        registry = self.registry
        shippable.join_deal(
            registry,
            self.officer,
            "h200-2026",
            export_case="us-1",
            import_case="cn-1",
            product=PRODUCT,
            ratio_cap=RATIO,
        )
        for lot, count in (("lot-1", 400), ("lot-2", 240), ("lot-3", 160)):
            serials = lots.read_serials(
                "serial\n" + "".join(f"{lot.upper()}-{number:05}\n" for number in range(count))
            )
            lots.register_lot(registry, self.exporter, lot, PRODUCT, serials)
        allotment = {name: f"b1-1-{self.parties[name]}" for name, *_ in RECIPIENTS}

        def export(shipment: str, name: str, lot: str) -> Any:
            return {"shipment": shipment, "deal": "h200-2026", "allotment": allotment[name], "lots": [lot],
                        "exported_on": registry.today(), "evidence": f"AES X2026{shipment}"}  # fmt: skip

        self.refused(
            "untested-lot", shipments.record_export, self.exporter, **export("s1", "ByteDance", "lot-1")
        )
        for lot in ("lot-1", "lot-2", "lot-3"):
            lots.record_test(
                registry, self.tester, lot, case_id="us-1", passed=True,
                sample=[f"{lot.upper()}-{number:05}" for number in range(8)], certificate=f"T-{lot}",
            )  # fmt: skip
        self.day("2026-03-16")
        for shipment, name, lot in (("s1", "ByteDance", "lot-1"), ("s2", "Tencent", "lot-2")):
            shipments.record_export(
                registry, self.exporter, key=f"export-{shipment}", **export(shipment, name, lot)
            )
        again = shipments.record_export(
            registry, self.exporter, key="export-s1", **export("s1", "ByteDance", "lot-1")
        )
        self.tell(f"two lots left; the message of the first, sent twice, is counted once (event {again.seq})")
        for shipment, count in (("s1", 400), ("s2", 240)):
            self.day("2026-03-20")
            shipments.record_entry(
                registry, self.importer, shipment, entered_on=registry.today(), customs_number=f"53012026100000000{shipment[-1]}",
                quantity=count,
            )  # fmt: skip
            self.day("2026-03-23")
            shipments.record_delivery(
                registry,
                self.importer,
                shipment,
                delivered_on=registry.today(),
                quantity=count,
                evidence=f"POD-{shipment}",
            )
        position = shippable.deal_position(registry, self.officer, "h200-2026")
        self.tell(
            f"still shippable: {position['shippable']:,}, decided by {', '.join(position['decided_by'])}"
        )

    def lose_laboratory(self) -> None:
        """The laboratory's qualification is revoked: what relies on it stops."""
        registry = self.registry
        self.day("2026-04-02")
        cases.act(
            registry,
            self.officer,
            "lab-1",
            Action.PROPOSE_REVOCATION,
            {"reasons": "a stake in a party came to light"},
        )
        cases.act(registry, self.chief, "lab-1", Action.COUNTERSIGN)
        with registry.read() as work:
            state = case_record.load_case(work, "us-1").state
        self.tell(f"the laboratory's qualification is revoked; the licence that relies on it is {state}")
        self.refused(
            "not-in-force", shipments.record_export, self.exporter, "s3", deal="h200-2026",
            allotment=f"b1-1-{self.parties['ByteDance']}", lots=["lot-3"], exported_on=registry.today(), evidence="AES X2026s3",
        )  # fmt: skip

    def breach(self) -> None:
        """Domestic units turn out to be none: the moving cap falls under what shipped, and says so."""
        event = caps.lower_domestic_shipments(
            self.registry,
            self.exporter,
            RATIO,
            99_000,
            reason="resold abroad, not domestic end use",
            key="resold",
        )
        position = caps.ratio_position(self.registry, RATIO)
        self.tell(
            f"{event.type}: {position['capped_units']} units shipped, the cap is exceeded by {position['breach_units']}"
        )

    def report(self) -> None:
        """One report in time, one late and with a unit missing."""
        registry = self.registry
        self.day("2026-04-20")
        rows = [
            {"serial": f"LOT-1-{number:05}", "status": "installed", "site": "site A"} for number in range(400)
        ]
        end_use.report_end_use(registry, self.importer, "s1", rows, reported_on=registry.today())
        self.tell("the report of the first shipment is there, in time and complete")
        self.day("2026-05-04")
        late = end_use.mark_overdue(registry, self.officer)
        self.tell(f"overdue: {', '.join(late)}")
        self.day("2026-05-11")
        rows = [
            {"serial": f"LOT-2-{number:05}", "status": "installed", "site": "site B"} for number in range(239)
        ]
        rows.append({"serial": "LOT-2-00239", "status": "missing", "site": ""})
        end_use.report_end_use(registry, self.importer, "s2", rows, reported_on=registry.today())
        for task in end_use.list_tasks(registry, self.officer):
            self.tell(
                f"opened: {task.data['facts']}" + (" (may be a diversion)" if task.data["diversion"] else "")
            )
        drawn = end_use.draw_sample(registry, self.officer, "s2", 5, purpose="visit of site B")
        self.tell(f"drawn for a visit: {', '.join(drawn['serials'])} (seed {drawn['seed'][:12]}…)")
        self.day("2026-06-01")
        ended = allotments.lapse_allotments(registry, self.officer)
        self.tell(f"{len(ended)} reservations lapsed; what they held is in the batch again")

    def read(self) -> None:
        """Who reads a withheld name leaves a trace."""
        names = people.read_names(
            self.registry, self.auditor, [self.parties["Tencent"]], reason="audit of shipment s2"
        )
        self.tell(f"the auditor reads {len(names)} withheld name; the record notes it")

    def finish(self) -> audit.Verification:
        """Sign where the record stands, and check all of it."""
        audit.make_checkpoint(self.registry)
        return audit.verify_record(self.registry)


def play(url: str) -> tuple[Registry, audit.Verification]:
    """Play everything. The registry stays open."""
    run = Play(url)
    run.enrol()
    for act in (
        run.approve,
        run.set_caps,
        run.allocate,
        run.ship,
        run.lose_laboratory,
        run.breach,
        run.report,
        run.read,
    ):
        act()
    found = run.finish()
    run.tell(
        f"{found.size} events, {found.postings} postings: "
        + ("everything holds" if found.holds else "broken")
    )
    return run.registry, found


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--db", required=True, help="sqlite:///FILE or postgresql://…; empty")
    parser.add_argument("--json", type=Path, help="also write a summary to this file")
    options = parser.parse_args()
    try:
        registry, found = play(options.db)
    except LockgateError as error:
        for problem in error.problems:
            print(
                f"error: {problem.message}" + (f"\n  hint: {problem.hint}" if problem.hint else ""),
                file=sys.stderr,
            )
        return 2
    if options.json:
        options.json.write_text(
            json.dumps({"size": found.size, "root": found.root, "postings": found.postings}) + "\n"
        )
    print(f"\nThe record is in {options.db}; prove it: lockgate verify --db {options.db}")
    registry.close()
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
