"""The licensing officer's day: the queue, a case from its first look to the decision, a batch, what is overdue; with an
adviser and a countersigner at browsers of their own."""

import re

from playwright.sync_api import expect

from lockgate.casework.states import Action
from tests.web.days.colleagues import Colleagues
from tests.web.days.desk import Desk


def spend(desk: Desk, others: Colleagues) -> None:
    """From the queue to the proof."""
    case = f"of-{desk.tag}"
    others.submit_import("importer", case, 1_000)
    desk.sign_in("officer")
    take_from_the_queue(desk, case)
    ask_the_applicant(desk, case, others)
    hold_and_go_on(desk, case)
    gather_advice(desk, case, others)
    propose(desk, case)
    sign_a_second_time(desk, case)
    fill_a_batch(desk, case, others)
    look_after_the_rest(desk, case)


def take_from_the_queue(desk: Desk, case: str) -> None:
    """Who waits, for how long, against which clock; the case is put to a person and a queue."""
    desk.follow("Cases", "header")
    desk.follow("Assigned to nobody, waiting")
    row = desk.page.locator("tr", has=desk.page.get_by_role("link", name=case, exact=True))
    expect(row).to_contain_text(desk.say("registered"))
    expect(row).to_contain_text(re.compile(r"\d"))
    desk.tick("case", case)
    desk.press("Assign")
    desk.is_told()
    desk.tick("case", case)
    desk.write("Person", "officer", "#assign fieldset")
    desk.write("Queue", "imports", "#assign fieldset")
    desk.press("Assign")
    desk.reads("{count} cases assigned.", ".banner", count=1)
    desk.follow("Assigned to me")
    assert "assigned_to=me" in desk.page.url
    desk.write("Save this view as", f"mine {desk.tag}", ".facets")
    desk.press("Save", "form[action='/cases/views']")
    desk.follow(f"mine {desk.tag}", ".facets")
    assert "assigned_to=me" in desk.page.url
    desk.write("Open by number", case, ".facets")
    desk.press("Open", "form[action='/cases/find']")
    desk.reads("imports")


def ask_the_applicant(desk: Desk, case: str, others: Colleagues) -> None:
    desk.follow("begin review", "#actions")
    desk.press("begin review")
    desk.reads("Recorded: {what}.", ".banner", what=desk.say("begin review"))
    desk.follow("flag", "#actions")
    desk.write("Flags to raise", "end-use")
    desk.press("flag")
    desk.follow("request information", "#actions")
    desk.press("request information")
    desk.is_told()
    desk.write("Question", "Which site is it for?")
    desk.press("request information")
    desk.reads("Which site is it for?", "#questions")
    others.do("importer", case, Action.ANSWER_INFORMATION, id="q1", answer="The one in Ulanqab.")
    desk.open(f"/cases/{case}")
    desk.reads("The one in Ulanqab.", "#questions")


def hold_and_go_on(desk: Desk, case: str) -> None:
    desk.follow("pause", "#actions")
    desk.write("Authority", "commerce")
    desk.write("Reason", "a rule is about to change")
    desk.tick("stops_clocks", "true")
    desk.press("pause")
    desk.reads("paused", "h1")
    desk.follow("resume", "#actions")
    desk.write("Reason", "the rule stands")
    desk.press("resume")
    desk.reads("a rule is about to change", "#questions")


def gather_advice(desk: Desk, case: str, others: Colleagues) -> None:
    """The agencies are asked; one adviser answers in a browser of their own."""
    desk.follow("refer", "#actions")
    desk.press("refer")
    desk.reads("not in yet", "#advice")
    adviser = desk.colleague("adviser-mofcom")
    adviser.open(f"/cases/{case}")
    adviser.follow("advise", "#actions")
    adviser.choose("Recommendation", "no_objection")
    adviser.write("Reasons", "the need is shown")
    adviser.press("advise")
    adviser.reads("the need is shown", "#advice")
    for agency in ("miit", "ndrc"):
        others.do(
            f"adviser-{agency}", case, Action.ADVISE, recommendation="no_objection", reasons="none against it"
        )
    desk.open(f"/cases/{case}")
    desk.reads("agreed", "#advice")
    desk.follow("consolidate", "#actions")
    desk.press("consolidate")


def propose(desk: Desk, case: str) -> None:
    """An approval with a condition; the form grows by its own buttons."""
    desk.follow("propose approval", "#actions")
    desk.write("Reasons", "needed, and the use is shown")
    desk.write("Last day", "2030-01-31")
    desk.press("Add a condition")
    desk.write("The condition as the letter words it", "At most 600 for one recipient")
    desk.choose("Kind of condition", "recipient_quota")
    desk.press("Show its fields")
    desk.press("propose approval")
    desk.is_told()
    desk.write("At most, units", "600")
    desk.press("propose approval")
    desk.reads("waits for a second signature", "#decisions")
    desk.follow("Preview the letter", "#decisions")
    desk.reads("At most 600 for one recipient", ".letter")
    desk.open(f"/cases/{case}/actions/countersign", status=409)
    desk.reads("There is a problem")


def sign_a_second_time(desk: Desk, case: str) -> None:
    """Not by the one who proposed; the other sees what they sign."""
    chief = desk.colleague("chief")
    chief.open("/cases")
    chief.follow("Waiting for a second signature")
    chief.follow(case)
    chief.follow("countersign", "#actions")
    chief.reads("What you sign")
    chief.reads("At most 600 for one recipient", ".card")
    chief.press("countersign")
    chief.reads("approved", "h1")
    desk.open(f"/cases/{case}")
    desk.reads("At most 600 for one recipient", "#conditions")
    desk.reads("Version {version}: {outcome}", "#decisions", version=1, outcome=desk.say("approve"))


def fill_a_batch(desk: Desk, case: str, others: Colleagues) -> None:
    """A waiting list, a batch that cannot be more than was approved, a dry run with reasons, a commitment by two."""
    batch = f"b-{desk.tag}"
    desk.follow("Batches", "header")
    second = "form[action='/batches/requests']"
    for recipient, units in zip(others.withheld[1:3], ("400", "600"), strict=True):
        desk.write("Approval (case number)", case, second)
        desk.write("Recipient (party id)", recipient, second)
        desk.write("Units asked for", units, second)
        desk.press("Add", second)
    first = "form[action='/batches']"
    for units in ("1,001", "1,000"):
        desk.write("Approval (case number)", case, first)
        desk.write("Name of the batch", batch, first)
        desk.write("Units", units, first)
        desk.choose("Order rule", "by-day", first)
        desk.press("Open it", first)
        if units == "1,001":
            desk.is_told("1000", "1001")
    desk.reads("Nothing is committed by looking")
    desk.reads("{allocated} of {supply} units; {left} left.", allocated="1,000", supply="1,000", left="0")
    desk.choose("Under the rule", "whole-lots")
    desk.press("Run")
    desk.reads("A what-if under another rule than the batch was opened with; it cannot be proposed.")
    desk.open(f"/batches/{batch}")
    desk.press("Propose this round; another person countersigns it")
    desk.reads("proposed", "#rounds ~ section")
    desk.press("Countersign and commit", "#rounds ~ section")
    desk.is_told()
    chief = desk.colleagues[-1]
    chief.open(f"/batches/{batch}")
    chief.press("Countersign and commit", "#rounds ~ section")
    chief.reads("Countersigned by {name}.", "#rounds ~ section", name="chief")


def look_after_the_rest(desk: Desk, case: str) -> None:
    """Withheld names for a reason, head-room, what is overdue, the timeline and its proof."""
    desk.open("/batches")
    assert desk.page.locator(".withheld").count()
    desk.write("Why you need the withheld names; the record keeps it", "a visit is due")
    desk.press("Show the names")
    desk.reads("ByteDance", "tbody")
    desk.open("/batches")
    desk.lacks("ByteDance", "tbody")
    desk.follow("Ledger", "header")
    desk.reads("breached by {count}", "table", count="140")
    desk.choose("Kind", "licence")
    desk.press("Show")
    desk.follow(f"licence:{case}:1")
    desk.reads("Head-room")
    desk.follow("Shipments", "header")
    desk.reads("the report came 19 days late", "#tasks ~ ul")
    desk.open(f"/cases/{case}")
    desk.follow("Verify", "#timeline")
    desk.reads("Every event of this case holds.")
    desk.saves(lambda: desk.named("link", "Proof", "#timeline").click(), "-proof.json")
