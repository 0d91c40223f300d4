"""The export-compliance officer's day: an order comes in, a licence is applied for, the goods leave, their use is reported."""

from typing import Any

from lockgate.casework.states import Action
from tests.web.days.colleagues import Colleagues
from tests.web.days.desk import Desk

PAPERS = ("supply_certificate", "kyc_procedure", "security_plan", "end_user_statement", "lab_certificate")


def spend(desk: Desk, others: Colleagues) -> None:
    """From the order to the end-use report."""
    tag = desk.tag
    licence, approval = f"ex-{tag}", f"in-{tag}"
    desk.sign_in("exporter")
    look_the_chip_up(desk)
    answer = ask_both_gates(desk)
    apply(desk, licence, answer, others)
    others.do("officer", licence, Action.BEGIN_REVIEW)
    others.do(
        "officer", licence, Action.REQUEST_INFORMATION, id="q1", question="Who operates the site?", stop="applicant_information"
    )  # fmt: skip
    answer_a_question(desk, licence)
    others.decide(
        "export-licence", licence, reasons="within the policy", granted={"1": 40}, expires_on="2030-01-31",
        conditions=[{"id": "visit", "text": "Let the site be visited", "terms": {"kind": "reporting", "subject": "site", "clock": "P30D"}}],
    )  # fmt: skip
    read_the_decision(desk, licence)
    others.submit_import("exporter", approval, 40)
    others.decide("import-approval", approval, reasons="needed", granted={"1": 40}, expires_on="2030-01-31")
    allotment = others.allot(approval, f"batch-{tag}", 40)
    others.join(f"deal-{tag}", licence, approval)
    enter_a_lot(desk, f"lot-{tag}")
    others.test_lot(f"lot-{tag}", licence, [f"{tag}-0", f"{tag}-1"])
    ship(desk, f"s-{tag}", f"deal-{tag}", allotment, f"lot-{tag}")
    report_the_use(desk, f"s-{tag}")
    take_the_file(desk, licence)


def look_the_chip_up(desk: Desk) -> None:
    desk.open("/chips")
    desk.write("Name", "H200")
    desk.press("Find")
    desk.follow("H200 SXM 141GB")
    desk.reads("Classification")
    desk.reads("3A090.a")


def ask_both_gates(desk: Desk) -> str:
    desk.follow("Ask both gates about a deal")
    desk.tick("kind", "export")
    desk.write("From", "Atlantis")
    desk.write("To", "CN")
    desk.press("Show the answer")
    desk.is_told("Atlantis")
    desk.write("From", "US")
    desk.press("Continue")
    desk.write("End user", "ByteDance")
    desk.press("Continue")
    desk.tick("us_licence", "no")
    desk.press("Show the answer")
    desk.reads("It may not pass: something required is not held.", ".verdict")
    desk.reads("What is missing")
    return desk.page.url


def apply(desk: Desk, case: str, answer: str, others: Colleagues) -> None:
    desk.follow("Cases", "header")
    desk.follow("Open a case")
    desk.tick("kind", "export-licence")
    desk.write("Number of the case", case)
    desk.press("Open as a draft")
    desk.reads("Task list")
    desk.follow("What is asked for")
    desk.write("Contact person", "export desk")
    desk.choose("What is done", "export")
    desk.write("Country of ultimate destination", "CN")
    desk.write("Specific end use", "serving of commercial models")
    desk.choose("Control paragraph of the item", "3A090.a")
    desk.press("Save and continue")
    agent = others.parties["An import agent"]
    desk.write("Purchaser", agent)
    desk.write("Ultimate consignee", agent)
    desk.write("End users", others.withheld[0])
    desk.press("Save and come back later")
    desk.reads("Saved. You can leave and come back.")
    desk.follow("Goods and value")
    desk.write("Items: classification, performance, model, quantity, unit price, maker", "H200 SXM")
    desk.write("Total quantity", "forty")
    desk.write("Total value in dollars", "1,200,000")
    desk.press("Save and continue")
    desk.is_told("forty")
    desk.write("Total quantity", "40")
    desk.press("Save and continue")
    desk.write("Commercially available in the United States since", "2024-04-01")
    desk.write("Units of the product shipped for end use in the United States", "150000")
    desk.write("Qualified laboratory", others.parties["A laboratory"])
    desk.press("Save and continue")
    for paper in PAPERS:
        desk.choose("What paper is it?", paper)
        desk.attach(f"{paper}.txt", f"{paper}\n")
        desk.press("Add it")
        desk.reads(f"{paper}.txt")
    desk.open(answer)
    desk.write("Number of the case", case)
    desk.press("Save", "section[aria-labelledby=save-title]")
    desk.open(f"/cases/{case}/apply")
    desk.press("Compute the determination")
    desk.follow("Check your answers and submit")
    desk.reads("serving of commercial models")
    desk.press("Submit the application")
    desk.reads("registered", "h1")
    desk.reads("determination", "#papers")


def answer_a_question(desk: Desk, case: str) -> None:
    desk.open(f"/cases/{case}")
    desk.reads("Who operates the site?", "#questions")
    desk.follow("Answer it", "#questions")
    desk.press("answer information")
    desk.is_told()
    desk.write("Answer", "The import agent itself.")
    desk.press("answer information")
    desk.reads("The import agent itself.", "#questions")


def read_the_decision(desk: Desk, case: str) -> None:
    desk.open(f"/cases/{case}")
    desk.reads("approved", "h1")
    desk.reads("within the policy", "#decisions")
    desk.follow("evidence condition", "#conditions")
    desk.attach("visit.txt", "The site is open to visits.\n")
    desk.write("Note", "open to visits from March")
    desk.press("evidence condition")
    desk.reads("open to visits from March", "#conditions")
    desk.follow("Preview the letter", "#decisions")
    desk.reads("Let the site be visited", ".letter")


def enter_a_lot(desk: Desk, lot: str) -> None:
    """A list of serial numbers with one written twice is refused whole, with its row; mended, it is taken."""
    serials = [f"{desk.tag}-{number}" for number in range(24)]
    desk.open("/shipments")
    desk.write("Name of the lot", lot, "#lot")
    desk.write("Product", "h200-sxm", "#lot")
    desk.attach("lot.csv", "\n".join(["serial", *serials, serials[3], ""]), "#lot")
    desk.press("Enter", "#lot")
    desk.is_told(serials[3])
    desk.lacks(f"{lot}", "#lots + div")
    desk.attach("lot.csv", "\n".join(["serial", *serials, ""]), "#lot")
    desk.press("Enter", "#lot")
    desk.reads(lot, "#lots + div")


def ship(desk: Desk, shipment: str, deal: str, allotment: str, lot: str) -> None:
    today = desk.served.registry.today().isoformat()
    desk.open("/shipments")
    desk.write("Name of the shipment", shipment, "#export")
    desk.write("Deal", deal, "#export")
    desk.choose("Allotment", allotment, "#export")
    desk.tick("chosen", lot, "#export")
    desk.write("Day of export", today, "#export")
    desk.write("Evidence", "AES X2026", "#export")
    desk.press("Record", "#export")
    row = f"tr[id='{shipment}']"
    desk.unfold("Record", f"{row} td:nth-of-type(5)")
    desk.write("Day", today, f"{row} td:nth-of-type(5)")
    desk.write("Customs number", "530120261000000009", row)
    desk.press("Entered", row)
    desk.unfold("Record", row)
    desk.write("Day", today, row)
    desk.write("Evidence", "POD", row)
    desk.press("Delivered", row)
    desk.reads("delivered", row)


def report_the_use(desk: Desk, shipment: str) -> None:
    """A report with a status that there is not is refused with its row; mended, it is complete."""
    today = desk.served.registry.today().isoformat()
    form = f"form[action='/shipments/{shipment}/report']"
    rows = [f"{desk.tag}-{number},installed,site A,serving" for number in range(24)]
    for wrong in (True, False):
        sent = [*rows[:-1], rows[-1].replace("installed", "eaten")] if wrong else rows
        desk.attach("report.csv", "\n".join(["serial,status,site,end_use", *sent, ""]), form)
        desk.write("Day", today, form)
        desk.press("Report", form)
        if wrong:
            desk.is_told("eaten")
    row = desk.page.locator("#reports + div tr", has_text=shipment)
    assert desk.say("complete") in row.inner_text()


def take_the_file(desk: Desk, case: str) -> None:
    desk.open(f"/cases/{case}")
    desk.follow("Verify", "#timeline")
    desk.reads("Every event of this case holds.")
    found: Any = desk.fetch(f"/cases/{case}.json").json()
    assert found["state"] == "approved"
    proof = desk.saves(lambda: desk.named("link", "Proof", "#timeline").click(), "-proof.json")
    assert '"leaf"' in proof or "root" in proof
