"""PDFs made for tests: by hand where every byte matters, with reportlab where it does not."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from pypdf import PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

PAGE_SIZE = (600.0, 800.0)


def drawn(path: Path, *pages: Callable[[Canvas], None]) -> Path:
    """Write a PDF whose pages are drawn one after the other on a reportlab canvas."""
    canvas = Canvas(str(path), pagesize=PAGE_SIZE, invariant=True)
    for page in pages:
        canvas.setFont("Helvetica", 12)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return path


def line(text: str, x: float = 72, y: float = 700) -> Callable[[Canvas], None]:
    """Return a page with one visible line."""
    return lambda canvas: canvas.drawString(x, y, text)


def raw_pdf(path: Path, contents: Sequence[bytes], *, objects: Sequence[bytes] = (), resources: bytes = b"") -> Path:
    """Write a PDF object by object: pages with these content streams, then `objects` from number 100 on."""
    kids = b" ".join(b"%d 0 R" % (10 + 2 * at) for at in range(len(contents)))
    numbered = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(contents)),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    for at, content in enumerate(contents):
        numbered[10 + 2 * at] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>%s>>>>"
            % (11 + 2 * at, resources)
        )
        numbered[11 + 2 * at] = stream(content)
    numbered |= {100 + at: body for at, body in enumerate(objects)}
    out = bytearray(b"%PDF-1.7\n")
    offsets = {}
    for number in sorted(numbered):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, numbered[number])
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(offsets):
        out += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (max(offsets) + 1, start)
    path.write_bytes(out)
    return path


def stream(body: bytes, extra: bytes = b"") -> bytes:
    """Return a compressed stream object."""
    packed = zlib.compress(body, 9)
    return b"<</Filter/FlateDecode/Length %d%s>>stream\n%s\nendstream" % (len(packed), extra, packed)


def endless(path: Path) -> Path:
    """Write three pages; the second draws 4 to the 11th forms inside forms, for hours, in little memory."""
    forms = []
    for depth in range(12):
        body = b" ".join(b"/X%d Do" % (depth + 1) for _ in range(4)) if depth < 11 else b"q Q " * 20_000
        names = b"/Resources<</XObject<</X%d %d 0 R>>>>" % (depth + 1, 101 + depth) if depth < 11 else b""
        forms.append(stream(body, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]" + names))
    pages = [b"BT /F 12 Tf 72 700 Td (first page) Tj ET", b"/X0 Do", b"BT /F 12 Tf 72 700 Td (third page) Tj ET"]
    return raw_pdf(path, pages, objects=forms, resources=b"/XObject<</X0 100 0 R>>")


def heavy(path: Path, size_bytes: int) -> Path:
    """Write three pages; the second unpacks to so many bytes of text operators."""
    shown = b"BT /F 12 Tf 72 700 Td (0123456789abcdef) Tj ET\n"
    pages = [
        b"BT /F 12 Tf 72 700 Td (first page) Tj ET",
        shown * (size_bytes // len(shown)),
        b"BT /F 12 Tf 72 700 Td (third page) Tj ET",
    ]
    return raw_pdf(path, pages)


def turned(path: Path, degrees: int) -> Path:
    """Rotate every page of a PDF, in place."""
    writer = PdfWriter(clone_from=path)
    for page in writer.pages:
        page.rotate(degrees)
    writer.write(path)
    return path


def locked(source: Path, path: Path, password: str) -> Path:
    """Write a copy of a PDF that this user password opens."""
    writer = PdfWriter(clone_from=source)
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    writer.write(path)
    return path


def picture_of(text_page: Path) -> ImageReader:
    """Return a page of another PDF as a picture, as a scanner would."""
    import pypdfium2

    document = pypdfium2.PdfDocument(text_page)
    image = document[0].render(scale=2).to_pil()
    document.close()
    return ImageReader(image)
