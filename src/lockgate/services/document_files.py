"""The user's documents: bytes in, text out, whatever the file is. Nothing is fetched from a network."""

import codecs
import datetime as dt
import email
import email.policy
import hashlib
import io
import re
import time
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from lockgate.base.errors import LockgateError
from lockgate.evidence.dates import MONTHS
from lockgate.evidence.documents import Document

SIZE_MAX_BYTE = 50_000_000
TEXT_MAX = 10_000_000  # characters; a compressed file may hold more than its size says
PDF_SECONDS = 60.0
PDF_PAGES_MAX = 3000
TAGS_MAX = 200_000  # the extractor of articles takes minutes over more
LONG_TAG = re.compile(r"(<[a-zA-Z][\w-]*)[^<>]{20000,}>")


class Parts(NamedTuple):
    """What a file holds: its text and what it says about itself."""

    text: str
    title: str = ""
    date: dt.date | None = None
    publisher: str = ""
    url: str = ""


def read_document(path: Path, *, on: dt.date | None = None) -> Document:
    """One file as a document.

    Args:
        path: Text, Markdown, HTML, PDF or e-mail; known by its content first and its name second.
        on: The day it was published, where the caller knows better than the file.

    Raises:
        LockgateError: ``file-unreadable``, ``file-too-large``, ``empty-document``, ``binary-file``, ``scanned-pdf``,
            ``broken-pdf``, ``encrypted-pdf``, ``broken-email``, with what to do.
    """
    try:
        if path.stat().st_size > SIZE_MAX_BYTE:
            raise LockgateError(
                f"{path.stat().st_size:,} bytes",
                code="file-too-large",
                hint=f"at most {SIZE_MAX_BYTE:,}; split it",
            )
        data = path.read_bytes()
    except OSError as error:
        raise LockgateError(error.strerror or str(error), code="file-unreadable") from error
    return document_of(data, path, on=on)


def document_of(data: bytes, path: Path, *, on: dt.date | None = None) -> Document:
    """Bytes as a document; see `read_document`."""
    if not data.strip():
        raise LockgateError("the file is empty", code="empty-document")
    media_type, convert = _kind(data, path)
    parts = convert(data)
    text = parts.text
    if len(text) > TEXT_MAX:
        raise LockgateError(
            f"{len(text):,} characters", code="file-too-large", hint=f"at most {TEXT_MAX:,}; split it"
        )
    if not text.strip():
        raise LockgateError(
            "there is no text in it", code="empty-document", hint="is the text inside pictures?"
        )
    return Document(
        id=path.name,
        path=str(path),
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        title=parts.title or _first_line(text),
        date=on or parts.date or date_in(text),
        publisher=parts.publisher,
        url=parts.url,
        media_type=media_type,
    )


def _kind(data: bytes, path: Path) -> tuple[str, Callable[[bytes], Parts]]:
    head = data[:2048].lstrip().lower()
    suffix = path.suffix.lower()
    if data[:1024].find(b"%PDF-") >= 0:
        return "application/pdf", pdf_parts
    if (
        head.startswith((b"<!doctype html", b"<html", b"<?xml")) and b"<html" in data[:8192].lower()
    ) or suffix in (".html", ".htm", ".xhtml"):
        return "text/html", html_parts
    if suffix in (".eml", ".mbox") or re.match(
        rb"(?:from|received|return-path|delivered-to|message-id|mime-version):", head
    ):
        return "message/rfc822", email_parts
    if suffix in (".md", ".markdown"):
        return "text/markdown", markdown_parts
    return "text/plain", lambda raw: Parts(decode(raw))


# ---- encodings ----------------------------------------------------------------------------------------------------

COMMON_HAN = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "這為個國們時來對會發動說產種過經後與將對進口芯片晶片出口管制美元公司企业批准英伟达輝達"
)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def decode(data: bytes, declared: str = "") -> str:
    """Text of bytes: by its byte order mark, as UTF-8, as declared, else the likeliest of the usual encodings.

    Raises:
        LockgateError: ``binary-file`` where the bytes are no text in any of them.
    """
    for bom, name in BOMS:
        if data.startswith(bom):
            return _whole(data.decode(name, errors="replace"))
    if data[:4000].count(0) > len(data[:4000]) // 4:
        for name in ("utf-16-le", "utf-16-be"):
            text = _decoded(data, name)
            if text is not None and not CONTROL.search(text[:4000]):
                return _whole(text)
    for name in ("utf-8", declared):
        text = _decoded(data, name) if name else None
        if text is not None:
            return _whole(text)
    best, score = "", 0.0
    for name in ("gb18030", "big5", "shift_jis", "euc_kr"):
        text = _decoded(data, name)
        if text is not None:
            marks = [char for char in text if ord(char) > 127]
            share = sum(char in COMMON_HAN for char in marks) / max(1, len(marks))
            if share > score:
                best, score = text, share
    if score >= 0.08:
        return _whole(best)
    text = _decoded(data, "cp1252")
    return _whole(data.decode("latin-1") if text is None else text)


def _decoded(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _whole(text: str) -> str:
    """The text if it is one: few control characters."""
    sample = text[:20000]
    if "\x00" in sample or len(CONTROL.findall(sample)) > max(3, len(sample) // 50):
        raise LockgateError(
            "this is no text", code="binary-file", hint="give text, HTML, PDF, Markdown or an e-mail"
        )
    return text


# ---- formats ------------------------------------------------------------------------------------------------------


def html_parts(data: bytes) -> Parts:
    """The article in a page: its main text, title, date, publisher and address; scripts and frames are never run."""
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:4096])
    text = decode(data, declared[1].decode("ascii") if declared else "")
    text = LONG_TAG.sub(r"\1>", text)  # time goes with the square of the attributes
    article: Any = None
    try:
        from trafilatura import bare_extraction

        if text.count("<") <= TAGS_MAX:
            article = bare_extraction(text, with_metadata=True, include_comments=False, favor_recall=True)
    except (ValueError, TypeError, RecursionError, AttributeError, AssertionError):
        article = None  # a page that defeats the extractor still has its plain text
    if article is None or not (article.text or "").strip():
        plain = _PlainText()
        plain.feed(text)
        return Parts(plain.result(), plain.title)
    return Parts(
        article.text or "",
        article.title or "",
        iso_date(article.date or ""),
        article.sitename or "",
        article.url or "",
    )


class _PlainText(HTMLParser):
    """All visible text of a page, blocks on lines of their own."""

    HIDDEN = frozenset({"script", "style", "noscript", "template", "head"})
    BLOCKS = frozenset(
        {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "section", "article", "table", "ul"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._parts: list[str] = []
        self._hidden = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in self.HIDDEN
        self._in_title = tag == "title"
        if tag in self.BLOCKS:
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN and self._hidden > 0
        self._in_title = False
        if tag in self.BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data.strip()
        elif not self._hidden:
            self._parts.append(data)

    def result(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)


def markdown_parts(data: bytes) -> Parts:
    """Markdown with its front matter read and its marks left in place, so that offsets are those of the file."""
    text = decode(data)
    front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    fields = dict(re.findall(r"^(\w+):[ ]*[\"']?(.*?)[\"']?$", front[1], re.MULTILINE)) if front else {}
    heading = re.search(r"^#[ ]+(.+)$", text, re.MULTILINE)
    return Parts(
        text,
        fields.get("title") or (heading[1].strip() if heading else ""),
        iso_date(fields.get("date", "")),
        fields.get("publisher") or fields.get("source") or "",
        fields.get("url") or "",
    )


def email_parts(data: bytes) -> Parts:
    """The body of an e-mail; plain text before HTML, attachments left out.

    Raises:
        LockgateError: ``broken-email`` where its parts are nested beyond reason.
    """
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
    except RecursionError as error:
        raise LockgateError("the e-mail is nested too deeply", code="broken-email") from error
    text = ""
    if body is not None:
        payload = body.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else str(body.get_payload()).encode()
        if body.get_content_type() == "text/html":
            text = html_parts(raw).text
        else:
            text = decode(raw, str(body.get_content_charset() or ""))
    header: Any = message.get("date")
    moment: dt.datetime | None = getattr(header, "datetime", None)
    return Parts(
        text,
        title=str(message.get("subject", "") or ""),
        date=None if moment is None else moment.date(),
        publisher=str(message.get("from", "") or ""),
    )


def pdf_parts(data: bytes) -> Parts:
    """The text layer of a PDF.

    Raises:
        LockgateError: ``encrypted-pdf``, ``broken-pdf``, ``scanned-pdf`` (pages but no text).
    """
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # we report what is wrong ourselves
    started = time.monotonic()
    pages: list[str] = []
    broken = 0
    try:
        reader = PdfReader(io.BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        count = 0 if locked else len(reader.pages)
        for number in range(min(count, PDF_PAGES_MAX)):
            if time.monotonic() - started > PDF_SECONDS:
                break
            try:
                pages.append(reader.pages[number].extract_text())
            except (
                PyPdfError,
                ValueError,
                TypeError,
                KeyError,
                IndexError,
                AttributeError,
                RecursionError,
                MemoryError,
            ):
                broken += 1
        title = "" if locked or reader.metadata is None else str(reader.metadata.title or "")
    except Exception as error:
        raise LockgateError(f"the PDF is broken: {type(error).__name__}", code="broken-pdf") from error
    if locked:
        raise LockgateError(
            "the PDF is locked with a password", code="encrypted-pdf", hint="save it without one"
        )
    text = "\n\n".join(pages)
    if not text.strip():
        if broken:
            raise LockgateError("no page of the PDF can be read", code="broken-pdf")
        raise LockgateError(
            f"no text on any page ({count}): a scan",
            code="scanned-pdf",
            hint="run it through text recognition (OCR) first",
        )
    return Parts(text, title)


# ---- what a text says about itself --------------------------------------------------------------------------------


def _first_line(text: str) -> str:
    line = next((line.strip(" #\t") for line in text.split("\n") if line.strip()), "")
    return line if len(line) <= 160 else line[:157].rsplit(" ", 1)[0] + " ..."


ISO = re.compile(r"\b((?:19|20)\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
WRITTEN = re.compile(
    rf"\b(?:({MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? |(\d{{1,2}})(?:st|nd|rd|th)? ({MONTH})\.?,? )((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
# "WASHINGTON, May 13, 2025 -- The ..." and "(Reuters, 28 January 2026) - ..."
DATELINE = re.compile(r"[^.!?]{0,60}?\b(?:19|20)\d\d\)?\s*(?:\([^)]*\)\s*)?(?:--|-|–|—|:)\s")
LABEL = re.compile(
    r"\b(?:published|updated|posted|date|dated|accessed|retrieved)\b|发布|更新|日期", re.IGNORECASE
)


def iso_date(text: str) -> dt.date | None:
    """The first full date in a text."""
    for pattern in (ISO, WRITTEN):
        for found in pattern.finditer(text):
            day = _as_date(found)
            if day is not None:
                return day
    return None


def _as_date(found: re.Match[str]) -> dt.date | None:
    try:
        if found.re is ISO:
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        month = found[1] or found[4]
        return dt.date(int(found[5]), MONTHS[month.lower()], int(found[2] or found[3]))
    except (ValueError, KeyError):
        return None


def date_in(text: str) -> dt.date | None:
    """The day a text says it was published: a dateline near its start, else a labelled date, else None.

    A date inside a sentence is no dateline.
    """
    for line in text[:1500].split("\n")[:12]:
        day = iso_date(line)
        if day is not None and (len(line.strip()) <= 60 or LABEL.search(line[:40])):
            return day
    for line in text[:1500].split("\n")[:8]:
        dateline = DATELINE.match(line)
        day = iso_date(dateline[0]) if dateline else None
        if day is not None:
            return day
    labelled: Counter[dt.date] = Counter()
    for found in LABEL.finditer(text):
        day = iso_date(text[found.end() : found.end() + 40])
        if day is not None:
            labelled[day] += 1
    return labelled.most_common(1)[0][0] if labelled else None
