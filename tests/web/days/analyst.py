"""The policy analyst's day: what the reports claim, where they contradict each other, what was so on which day, who says so."""

import re

from playwright.sync_api import expect

from tests.web.days.colleagues import Colleagues
from tests.web.days.desk import Desk


def spend(desk: Desk, _: Colleagues) -> None:
    """From the reports to the file."""
    read_without_login(desk)
    look_a_figure_up(desk)
    move_the_dates(desk)
    desk.sign_in("adviser-state")
    weigh_claims(desk)
    add_a_report(desk)
    see_what_is_withheld(desk)
    take_a_dossier(desk)


def read_without_login(desk: Desk) -> None:
    """Evidence is open to read, decisions are not; everything of a case needs a login."""
    desk.open("/evidence")
    first = desk.page.locator("section.card").first
    expect(first.locator("blockquote").first).to_be_visible()
    assert not desk.page.locator("form[action='/evidence/decisions']").count()
    first.locator("a").first.click()
    desk.settle()
    assert desk.page.locator("mark").count() > 3
    desk.open("/cases")
    desk.reads("Log in", "h1")


def look_a_figure_up(desk: Desk) -> None:
    """A figure's citation opens beside it, by mouse or by key, and leads to the source and all that rests on it."""
    desk.open("/chips/h200-sxm")
    row = desk.page.locator("#fact-dram_bandwidth")
    card = row.locator("details")
    card.locator("summary").focus()
    desk.page.keyboard.press("Enter")
    expect(card).to_have_attribute("open", "")
    desk.reads("Another source says", "#fact-dram_bandwidth")
    if desk.script == "script":
        desk.page.keyboard.press("Escape")
        expect(card).not_to_have_attribute("open", "")
    desk.open("/chips?q=H200")
    figure = desk.page.locator("tbody a.figure").first
    if desk.script == "script":
        figure.focus()
        expect(desk.page.locator(".card-pop")).to_contain_text(desk.say("Source"))
        desk.page.keyboard.press("Escape")
        expect(desk.page.locator(".card-pop")).to_be_hidden()
    figure.click()
    desk.page.wait_for_url("**/figures/*")
    desk.reads("Source")
    desk.follow("Sources", "footer")
    desk.write("Words", "review policy")
    desk.press("Show")
    desk.page.locator("tbody th a").first.click()
    desk.settle()
    desk.reads("What rests on it")


def move_the_dates(desk: Desk) -> None:
    """The same question on another day is marked as not today's, and its address keeps both dates."""
    desk.open("/determine?item=h200-sxm&from=US&to=CN&kind=export")
    assert not desk.page.locator(".banner[role=status]").count()
    desk.page.locator("#clock-on").fill("2022-09-15")
    desk.press("Show", ".dates")
    desk.reads("Not today’s answer.", ".banner[role=status]")
    desk.reads("2022-09-15", ".verdict")
    assert "on=2022-09-15" in desk.page.url
    desk.page.locator("#with_on").fill("2026-01-28")
    desk.press("Compare")
    desk.reads("What differs")
    desk.follow("Back to today", ".dates")
    assert not desk.page.locator(".banner[role=status]").count()


def weigh_claims(desk: Desk) -> None:
    """A finding is accepted, a claim rejected, each with a reason; without a reason nothing is decided."""
    desk.open("/evidence")
    finding = "section.card >> nth=0"
    for reason, press in (("", "Accept"), (f"the record says otherwise ({desk.tag})", "Accept")):
        desk.unfold("Decide", finding)
        desk.write("Reason", reason or " ", finding)
        desk.press(press, finding)
        if not reason:
            desk.is_told()
    desk.reads("accept", finding)
    claim = f"tr[id='{desk.page.locator('caption + thead + tbody tr[id]').last.get_attribute('id')}']"
    desk.unfold("Decide", claim)
    desk.write("Reason", f"a slip of the pen ({desk.tag})", claim)
    desk.press("Reject", claim)
    merge_and_take_apart(desk)
    history = desk.page.locator(
        "table", has_text=desk.say("What people decided; entries are only ever added")
    )
    expect(history).to_contain_text(f"the record says otherwise ({desk.tag})")
    expect(history).to_contain_text(f"a slip of the pen ({desk.tag})")


def merge_and_take_apart(desk: Desk) -> None:
    """Two claims that tell the same are merged; the merge is taken back, and both decisions stay on record."""
    rows = desk.page.locator("caption + thead + tbody tr[id]")
    one, two = (str(rows.nth(number).get_attribute("id")) for number in (0, 1))
    claim = f"tr[id='{one}']"
    desk.unfold("Decide", claim)
    merging = f"{claim} form:has(input[name=other])"
    desk.write("Tells the same as (claim)", two, merging)
    desk.write("Reason", f"one sentence, twice ({desk.tag})", merging)
    desk.press("Merge", merging)
    last = "main table:has(thead th:nth-of-type(5)) tbody tr:has(summary) >> nth=-1"
    desk.unfold("Decide", last)
    desk.write("Reason", f"two speakers after all ({desk.tag})", last)
    desk.press("Un-merge", last)
    desk.reads(f"two speakers after all ({desk.tag})")


def add_a_report(desk: Desk) -> None:
    """A document is read at once; one of no kind that can be read is refused."""
    desk.open("/evidence")
    form = "form[action='/evidence/documents']"
    desk.attach("photo.xyz", "no text", form)
    desk.press("Read it", form)
    desk.is_told("photo.xyz")
    desk.attach(
        f"note-{desk.tag}.txt",
        f"China approved 500,000 Nvidia H200 chips, Bloomberg reported. {desk.tag}\n",
        form,
    )
    desk.press("Read it", form)
    desk.page.get_by_role("link", name=re.compile(f"note-{desk.tag}")).first.click()
    desk.settle()
    expect(desk.page.locator("mark").first).to_be_visible()


def see_what_is_withheld(desk: Desk) -> None:
    """An agency reads who gets what without the names that are withheld."""
    desk.open("/batches")
    assert desk.page.locator(".withheld").count() > 3
    desk.lacks("ByteDance")
    desk.open("/ledger")
    desk.reads("Caps")


def take_a_dossier(desk: Desk) -> None:
    desk.follow("Dossier", "header")
    page = desk.saves(lambda: desk.named("link", "Download the file").click(), ".html")
    assert "H200" in page
