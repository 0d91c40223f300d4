"""One person at one browser: reads and writes by the words of the pages, in whichever language the pages are."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from lockgate.web.i18n import translator
from tests.web.days.served import PASSWORD, Served

Script = Literal["script", "no script"]
LOCALES = {"en": "en-GB", "zh": "zh-CN"}


class Desk:
    """A browser of somebody who reads one language, with scripts allowed or not.

    Words are given in English, as the templates have them, and looked for in the language of the pages. Everything is found
    the way a person finds it: by label, by name, by heading.
    """

    def __init__(self, served: Served, browser: Browser, language: str, script: Script) -> None:
        self.served = served
        self.browser = browser
        self.language = language
        self.script = script
        self.say: Callable[..., str] = translator(language)
        self.context: BrowserContext = browser.new_context(
            locale=LOCALES[language], java_script_enabled=script == "script", base_url=served.base,
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.outside: list[str] = []
        self.said: list[str] = []
        self.context.on("request", self._note_request)
        self.page.on("console", self._note_console)
        self.colleagues: list[Desk] = []

    @property
    def tag(self) -> str:
        """What makes this day's names its own."""
        return f"{self.language}-{'js' if self.script == 'script' else 'plain'}"

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.served.base, "data:")):
            self.outside.append(request.url)

    def _note_console(self, message: Any) -> None:
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.said.append(message.text)

    def close(self) -> None:
        """End the day: nothing left this machine, and no page complained."""
        for desk in (*self.colleagues, self):
            desk.context.close()
            assert not desk.outside
            assert not desk.said

    # ------------------------------------------------------------------------------------------ coming in
    def sign_in(self, person: str) -> None:
        """Log in with name and password."""
        self.served.set_password(person)
        self.open("/login")
        self.write("Name", person)
        self.write("Password", PASSWORD)
        self.press("Log in")
        expect(self.page.locator("header")).to_contain_text(self.say("Log out"))

    def colleague(self, person: str) -> "Desk":
        """Somebody else at a browser of their own, logged in."""
        desk = Desk(self.served, self.browser, self.language, self.script)
        self.served.log_in(desk.context, person)
        self.colleagues.append(desk)
        return desk

    # ------------------------------------------------------------------------------------------ going about
    def open(self, path: str, status: int = 200) -> None:
        """Go to an address of ours."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        self.settle()

    def settle(self) -> None:
        """The page is there, in the person's language."""
        language = {"en": "en", "zh": "zh-Hans"}[self.language]
        self.page.wait_for_selector(f"html[lang={language}] h1", state="attached")

    def named(self, role: Any, words: str, within: str = "main", **values: object) -> Locator:
        """The visible control of a role with these words for its name; where several have it, the first."""
        name = re.compile("^" + re.escape(self.say(words, **values)), re.IGNORECASE)
        return self.page.locator(within).get_by_role(role, name=name).first

    def press(self, words: str, within: str = "main", **values: object) -> None:
        """Press a button."""
        self.named("button", words, within, **values).click()
        self.settle()

    def follow(self, words: str, within: str = "main", **values: object) -> None:
        """Follow a link."""
        self.named("link", words, within, **values).click()
        self.settle()

    def unfold(self, words: str, within: str = "main", **values: object) -> None:
        """Open a part that is folded away."""
        found = self.page.locator(within).locator("summary", has_text=self.say(words, **values)).first
        if not found.locator("xpath=..").evaluate("part => part.open"):
            found.click()

    # ------------------------------------------------------------------------------------------ writing
    def field(self, label: str, within: str = "main", **values: object) -> Locator:
        """The input with a label."""
        name = re.compile("^" + re.escape(self.say(label, **values)))
        return self.page.locator(within).get_by_label(name).first

    def write(self, label: str, text: str, within: str = "main", **values: object) -> None:
        """Write into the input with a label."""
        self.field(label, within, **values).fill(text)

    def choose(self, label: str, value: str, within: str = "main") -> None:
        """Choose from a list."""
        self.field(label, within).select_option(value)

    def tick(self, name: str, value: str, within: str = "main") -> None:
        """Tick the box, or the one of several choices, that stands for a value."""
        self.page.locator(f"{within} input[name='{name}'][value='{value}']").check()

    def attach(self, name: str, content: str, within: str = "main") -> None:
        """Choose a file to send."""
        kind = "text/csv" if name.endswith(".csv") else "text/plain"
        chosen = {"name": name, "mimeType": kind, "buffer": content.encode()}
        self.page.locator(f"{within} input[type=file]").first.set_input_files(chosen)  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------------ reading
    def reads(self, words: str, within: str = "main", **values: object) -> None:
        """These words stand on the page."""
        expect(self.page.locator(within).first).to_contain_text(self.say(words, **values), ignore_case=True)

    def lacks(self, words: str, within: str = "main", **values: object) -> None:
        """These words stand nowhere on the page."""
        expect(self.page.locator(within).first).not_to_contain_text(self.say(words, **values))

    def is_told(self, *words: str) -> None:
        """The page says what is wrong, at its top."""
        summary = self.page.locator(".error-summary")
        expect(summary).to_be_visible()
        for word in words:
            expect(summary).to_contain_text(word)
        if self.script == "script":
            expect(summary.locator("a").first).to_have_attribute("href", re.compile("^#"))

    def saves(self, press: Callable[[], object], ending: str) -> str:
        """Save a file; returns its text."""
        with self.page.expect_download() as download:
            press()
        assert download.value.suggested_filename.endswith(ending), download.value.suggested_filename
        return Path(download.value.path()).read_text(encoding="utf-8")

    def fetch(self, path: str) -> Any:
        """Another form of a page, with the person's own rights."""
        answer = self.page.request.get(path)
        assert answer.ok, f"{path}: {answer.status}"
        return answer
