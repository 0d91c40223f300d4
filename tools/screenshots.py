"""Pictures of every page of the played example for the manual: docs/images/pages/*.webp, and docs/reference/pages.md around them.

Run it by ``make screenshots`` after a page has changed its look. Needs Chromium.
"""

import base64
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.web.conftest import CHROMIUM  # noqa: E402
from tests.web.days.colleagues import Colleagues  # noqa: E402
from tests.web.days.desk import LOCALES  # noqa: E402
from tests.web.days.pages import ALSO, PAGES  # noqa: E402
from tests.web.days.served import Served, address_of, serve_example  # noqa: E402

PICTURES = ROOT / "docs" / "images" / "pages"
PAGE = ROOT / "docs" / "reference" / "pages.md"
HEIGHT_PX_MAX = 1500
BYTE_MAX = 150_000
HEAD = """# Every page

What `make serve` shows of the first H200 batch. `make screenshots` draws these pictures anew. Each page is tested in a real
browser, in English and Chinese, light and dark, with and without scripts; its address holds everything it shows.
Long pages are cut off below.
"""
WHO = {
    "": "Open to everybody",
    "officer": "A licensing officer",
    "importer": "An applicant",
    "admin": "An administrator",
}
LOOKS = {
    "en": "English",
    "zh": "Chinese",
    "light": "light",
    "dark": "dark",
    1280: "wide",
    390: "on a telephone",
}


def main() -> None:
    """Draw every picture and write the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_example(Path(folder)) as served,
        sync_playwright() as play,
    ):
        Colleagues(served.registry).draft("importer", "draft-1")
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        draw_all(served, browser)
        browser.close()
    PAGE.write_text(write_page())


def draw_all(served: Served, browser: Browser) -> None:
    """Every page, and some in other looks."""
    by_name = {shown.name: shown for shown in PAGES}
    wanted = [(shown, "en", "light", 1280) for shown in PAGES if shown.pictured]
    wanted += [(by_name[name], language, look, width) for name, language, look, width in ALSO]
    contexts: dict[tuple[str, str, str, int], BrowserContext] = {}
    for shown, language, look, width in wanted:
        key = (shown.person, language, look, width)
        if key not in contexts:
            contexts[key] = browser.new_context(
                locale=LOCALES[language], color_scheme=look, viewport={"width": width, "height": 900},  # type: ignore[arg-type]
                reduced_motion="reduce", base_url=served.base,
            )  # fmt: skip
            if shown.person:
                served.log_in(contexts[key], shown.person)
        draw(
            contexts[key],
            address_of(shown, served.registry),
            width,
            PICTURES / f"{file_name(shown.name, language, look, width)}.webp",
        )


def file_name(name: str, language: str, look: str, width: int) -> str:
    """The picture's file: the page, and what is not English, light and wide."""
    usual = ("en", "light", 1280)
    return "-".join(
        [
            name,
            *(str(part) for part, known in zip((language, look, width), usual, strict=True) if part != known),
        ]
    )


def draw(context: BrowserContext, path: str, width: int, target: Path) -> None:
    """One picture, as fine as its size allows."""
    page = context.new_page()
    page.goto(path)
    # Pictures below the fold are fetched when somebody comes near; a picture of the page wants them now.
    page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
    page.wait_for_load_state("networkidle")
    height = min(page.evaluate("document.documentElement.scrollHeight"), HEIGHT_PX_MAX)
    session = context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    for quality in (80, 60, 40, 20):
        asked = {"format": "webp", "quality": quality, "clip": clip, "captureBeyondViewport": True}
        picture = base64.b64decode(session.send("Page.captureScreenshot", asked)["data"])
        if len(picture) <= BYTE_MAX:
            break
    target.write_bytes(picture)
    page.close()


def write_page() -> str:
    """The page of the manual, by who sees what."""
    parts = [HEAD]
    for person, title in WHO.items():
        parts.append(f"\n## {title}\n")
        for shown in PAGES:
            if shown.pictured and shown.person == person:
                parts.append(
                    f"\n### {shown.title}\n\n`{shown.path}`\n\n![{shown.title}](../images/pages/{shown.name}.webp)\n"
                )
    parts.append("\n## In other looks\n")
    titles = {shown.name: shown.title for shown in PAGES}
    for name, language, look, width in ALSO:
        words = f"{titles[name]}, in {LOOKS[language]}, {look}, {LOOKS[width]}"
        parts.append(f"\n![{words}](../images/pages/{file_name(name, language, look, width)}.webp)\n")
    return "".join(parts)


if __name__ == "__main__":
    main()
