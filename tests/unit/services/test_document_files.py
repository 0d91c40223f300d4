"""Files in, text out: formats, encodings, and a clear message for what cannot be read."""

import datetime as dt
import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter

from lockgate.base.errors import LockgateError
from lockgate.services.document_files import date_in, decode, document_of, read_document

CHINESE = "中国已批准首批英伟达芯片进口，总量超过四十万颗，获批企业正在等待。" * 3
TRADITIONAL = "中國已批准首批輝達晶片進口，總量超過四十萬顆，獲批企業正在等待。" * 3
NAME = Path("file.txt")


def text_pdf(line: str, *, pages: int = 1) -> bytes:
    """A small PDF with a text layer, written by hand."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number in range(pages):
        stream = f"BT /F1 12 Tf 50 700 Td ({line}) Tj ET".encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def blank_pdf(password: str = "") -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(612, 792)
    if password:
        writer.encrypt(password)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", CHINESE), ("utf-8-sig", CHINESE), ("utf-16", CHINESE), ("utf-16-le", "plain words only " * 9),
        ("gb18030", CHINESE), ("gbk", CHINESE), ("big5", TRADITIONAL), ("cp1252", "Nvidia’s “H200” – café"), ("utf-32", CHINESE),
    ],
)  # fmt: skip
def test_an_encoding_is_known_by_its_text(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)).lstrip("\ufeff") == text


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-document"),
        (b" \n\t ", "empty-document"),
        (bytes(range(256)) * 40, "binary-file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "binary-file"),
        (b"H200 " * 2_100_000, "file-too-large"),
        (blank_pdf(), "scanned-pdf"),
        (blank_pdf("secret"), "encrypted-pdf"),
        (b"%PDF-1.7\nnothing that follows is a PDF", "broken-pdf"),
        (b"<html><head><script>alert(1)</script></head><body></body></html>", "empty-document"),
    ],
)
def test_what_cannot_be_read_says_so(data: bytes, code: str) -> None:
    with pytest.raises(LockgateError) as raised:
        document_of(data, NAME)
    assert raised.value.code == code


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(LockgateError) as raised:
            read_document(path)
        assert raised.value.code == "file-unreadable"


def test_a_pdf_with_text() -> None:
    document = document_of(text_pdf("China approved 400,000 H200 chips", pages=2), Path("report.pdf"))
    assert document.media_type == "application/pdf"
    assert document.text.count("China approved 400,000 H200 chips") == 2


def test_html_gives_the_article_and_what_it_says_about_itself() -> None:
    page = Path(__file__).parents[3] / "examples/h200-first-batch/reports/4-long-read.html"
    document = read_document(page)
    assert document.title == "Beijing's nod to the H200"
    assert document.publisher == "The Sluice"
    assert document.date == dt.date(2026, 1, 29)
    assert "Subscribe" not in document.text.split("China approved")[0]


def test_html_runs_and_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network connection was tried")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    page = (
        b'<html><head><meta http-equiv="refresh" content="0;url=http://example.org"><link rel="stylesheet" href="http://example.org/a.css">'
        b'<base href="http://example.org/"></head><body><img src="http://example.org/x.png"><iframe src="http://example.org"></iframe>'
        b"<script>document.body.innerHTML = 'China approved 1 chip'</script><p>China approved imports of 400,000 H200 chips.</p></body></html>"
    )
    text = document_of(page, Path("a.html")).text
    assert "400,000" in text
    assert "1 chip" not in text


@pytest.mark.parametrize(
    "page",
    [
        b"<html>" + b"<div>" * 5000 + b"China approved imports of the H200." + b"</div>" * 5000,
        b"<html><body>" + b"<p>China approved the H200.</p>" * 3000,
        b"<html><body><!-- " + b"<p>" * 2000 + b"China approved the H200.",
        b"<html><body>&#x110000;&#xD800;&#99999999;China approved the H200.</body></html>",
    ],
)
def test_hostile_html_is_read_or_refused(page: bytes) -> None:
    try:
        document = document_of(page, Path("a.html"))
    except LockgateError:
        return
    assert len(document.text) <= 4 * len(page)


def test_email_and_markdown(tmp_path: Path) -> None:
    folder = Path(__file__).parents[3] / "examples/h200-first-batch/reports"
    mail = read_document(folder / "5-forward.eml")
    assert (mail.title, mail.date) == ("H200 for China: more than 400,000", dt.date(2026, 1, 29))
    assert "desk@example.org" in mail.publisher
    note = read_document(folder / "3-seller.md")
    assert (note.title, note.date, note.publisher) == (
        "Nvidia may ship again",
        dt.date(2026, 1, 29),
        "Chip Ledger",
    )
    html_mail = b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n<html><body><p>China approved the H200.</p></body></html>"
    assert "China approved the H200." in document_of(html_mail, Path("a.eml")).text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("WASHINGTON, May 13, 2025 -- The Commerce Department said", dt.date(2025, 5, 13)),
        ("A headline\nPublished: February 3, 2026\nText", dt.date(2026, 2, 3)),
        ("标题\n2026年1月29日\n正文", dt.date(2026, 1, 29)),
        (
            "A headline\n\nThe rule of January 13, 2026 was read by everybody who had an interest in the matter.",
            None,
        ),
        ("Nothing here.\n[1] A page. Accessed January 28, 2026.", dt.date(2026, 1, 28)),
        ("Date: 31 February 2026\nText", None),
    ],
)
def test_the_day_of_a_document(text: str, day: dt.date | None) -> None:
    assert date_in(text) == day


def test_a_tag_of_endless_attributes_is_read_in_seconds() -> None:
    started = time.process_time()
    tag = b"<p " + b" ".join(b"a%d=x" % number for number in range(100_000)) + b">"
    document = document_of(
        b"<html><body>" + tag + b"China approved the H200.</p></body></html>", Path("a.html")
    )
    assert document.text == "China approved the H200."
    assert time.process_time() - started < 10


def test_a_table_of_more_cells_than_the_extractor_bears_is_read_as_plain_text() -> None:
    rows = b"<tr><td>H200</td><td>141 GB</td></tr>" * 35_000
    text = document_of(
        b"<html><head><title>Cells</title></head><body><table>" + rows + b"</table></body></html>",
        Path("a.html"),
    )
    assert text.title == "Cells"
    assert text.text.count("141 GB") == 35_000


def test_an_email_nested_without_reason_is_refused() -> None:
    parts = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (depth, depth) for depth in range(3000)
    )
    with pytest.raises(LockgateError) as raised:
        document_of(b"Subject: x\nMIME-Version: 1.0\n" + parts + b"China approved the H200.\n", Path("a.eml"))
    assert raised.value.code == "broken-email"


@pytest.mark.parametrize("times", [1, 2])
def test_a_pdf_stream_that_swells_is_refused(times: int) -> None:
    stream = b" " * 200_000_000
    for _ in range(times):
        stream = zlib.compress(stream, 9)
    pdf = text_pdf("x").replace(
        b"<< /Length 32 >>\nstream\nBT /F1 12 Tf 50 700 Td (x) Tj ET",
        b"<< /Length %d /Filter [%s] >>\nstream\n" % (len(stream), b"/FlateDecode " * times) + stream,
    )
    assert len(pdf) > 900
    with pytest.raises(LockgateError) as raised:
        document_of(pdf, Path("a.pdf"))
    assert raised.value.code == "broken-pdf"
