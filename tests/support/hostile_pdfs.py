"""Files made to break readers, each by a small builder: loops, bombs, floods of objects, lies about sizes.

Every builder takes the path to write and returns it. Nothing here is read by the library it is aimed at.
"""

from __future__ import annotations

import itertools
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support.pdfs import raw_pdf, stream

_SHOWN = b"BT /F 12 Tf 72 700 Td (seen) Tj ET"
_W = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def assembled(path: Path, objects: dict[int, bytes], *, size: int = 0, trailer: bytes = b"") -> Path:
    """Write a PDF of these numbered objects, number 1 its catalogue; `size` is what the trailer claims."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in sorted(offsets.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size or max(objects) + 1, trailer, start)
    path.write_bytes(out)
    return path


def _one_page(content: bytes = _SHOWN, page: bytes = b"", font: bytes = b"") -> dict[int, bytes]:
    return {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[4 0 R]/Count 1>>",
        3: font or b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        4: b"<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 3 0 R>>>>"
        + (page or b"/MediaBox[0 0 600 800]")
        + b">>",
        5: stream(content),
    }


def deep_page_tree(path: Path) -> Path:
    """10,000 nodes above the one page."""
    depth = 10_000
    objects = _one_page()
    objects[2] = b"<</Type/Pages/Kids[10 0 R]/Count 1>>"
    for at in range(depth):
        child = 11 + at if at < depth - 1 else 4
        objects[10 + at] = b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (9 + at if at else 2, child)
    return assembled(path, objects)


def circular_page_tree(path: Path) -> Path:
    """A node that is its own child."""
    return assembled(path, _one_page() | {2: b"<</Type/Pages/Kids[2 0 R 4 0 R]/Count 2>>"})


def huge_media_box(path: Path) -> Path:
    """A page of a light second on each side."""
    return assembled(path, _one_page(page=b"/MediaBox[-1e12 -1e12 1e12 1e12]/UserUnit 1e9"))


def endless_media_box(path: Path) -> Path:
    """Page borders that are no numbers."""
    return assembled(path, _one_page(page=b"/MediaBox[0 0 999999999999999999999999999999 (x)]/Rotate 45"))


def many_streams(path: Path) -> Path:
    """100,000 content streams on one page."""
    objects = _one_page()
    n = 100_000
    objects[4] = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>/Contents[%s]>>" % (
        b" ".join(b"%d 0 R" % (10 + at) for at in range(n))
    )
    objects |= {10 + at: b"<</Length 3>>stream\nq Q\nendstream" for at in range(n)}
    objects[9 + n] = stream(_SHOWN)
    return assembled(path, objects)


def _blanks(mib: int) -> bytes:
    """Return so many MiB of blanks, packed."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(mib)) + packer.flush()


def flate_bomb(path: Path, mib: int = 320) -> Path:
    """A page that unpacks to so many MiB of blanks before the first operator."""
    packed = _blanks(mib)
    body = b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)
    return assembled(path, _one_page() | {5: body})


def nested_flate_bomb(path: Path, mib: int = 320) -> Path:
    """Blanks packed three times over: a kilobyte in all."""
    packed = zlib.compress(zlib.compress(_blanks(mib), 9), 9)
    filters = b"[/FlateDecode/FlateDecode/FlateDecode]"
    body = b"<</Filter%s/Length %d>>stream\n%s\nendstream" % (filters, len(packed), packed)
    return assembled(path, _one_page() | {5: body})


def _image(filters: bytes, body: bytes, size: bytes = b"/Width 30000/Height 30000") -> bytes:
    return (
        b"<</Type/XObject/Subtype/Image%s/ColorSpace/DeviceGray/BitsPerComponent 1/Filter%s/Length %d>>"
        % (
            size,
            filters,
            len(body),
        )
        + b"stream\n%s\nendstream" % body
    )


def garbage_images(path: Path) -> Path:
    """JBIG2, CCITT, JPEG 2000 and JPEG streams of noise behind text."""
    noise = bytes((at * 197 + at // 7) % 256 for at in range(5000))
    kinds = [b"/JBIG2Decode", b"/CCITTFaxDecode", b"/JPXDecode", b"/DCTDecode", b"/RunLengthDecode", b"/LZWDecode"]
    names = b"/XObject<<%s>>" % b"".join(b"/I%d %d 0 R" % (at, 100 + at) for at in range(len(kinds)))
    shown = b" ".join(b"q 500 0 0 500 50 50 cm /I%d Do Q" % at for at in range(len(kinds)))
    return raw_pdf(path, [shown + b" " + _SHOWN], objects=[_image(k, noise) for k in kinds], resources=names)


def form_that_draws_itself(path: Path) -> Path:
    """A form XObject among its own resources."""
    extra = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</X 100 0 R>>/Font<</F 3 0 R>>>>"
    return raw_pdf(
        path, [b"/X Do " + _SHOWN], objects=[stream(b"/X Do /X Do", extra)], resources=b"/XObject<</X 100 0 R>>"
    )


def forms_that_draw_each_other(path: Path) -> Path:
    """Two form XObjects, each among the other's resources."""
    extra = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</X %d 0 R>>>>"
    forms = [stream(b"/X Do /X Do", extra % 101), stream(b"/X Do /X Do", extra % 100)]
    return raw_pdf(path, [b"/X Do " + _SHOWN], objects=forms, resources=b"/XObject<</X 100 0 R>>")


def object_stream_in_itself(path: Path) -> Path:
    """An object stream that says it lies in the object stream that lies in it."""
    body = b"6 0 7 20 " + b"<</Type/Pages>>     " + b"<<>>"
    objects = _one_page()
    objects[6] = stream(body, b"/Type/ObjStm/N 2/First 9/Extends 6 0 R")
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/Names 7 0 R/Outlines 6 0 R>>"
    return assembled(path, objects)


def lying_length(path: Path) -> Path:
    """A content stream whose length is given by itself, and another by an object that is not there."""
    objects = _one_page()
    objects[5] = b"<</Length 5 0 R>>stream\n%s\nendstream" % _SHOWN
    objects[6] = b"<</Length 99 0 R>>stream\nq Q\nendstream"
    return assembled(path, objects)


def huge_size(path: Path) -> Path:
    """A trailer that claims two thousand million objects."""
    return assembled(path, _one_page(), size=2_000_000_000)


def huge_xref_section(path: Path) -> Path:
    """A cross-reference section that claims a thousand million rows."""
    assembled(path, _one_page())
    path.write_bytes(path.read_bytes().replace(b"xref\n0 1\n", b"xref\n0 999999999\n"))
    return path


def xref_loop(path: Path) -> Path:
    """A trailer whose /Prev is itself."""
    assembled(path, _one_page())
    body = path.read_bytes()
    at = body.index(b"xref\n0 1")
    path.write_bytes(body.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % at))
    return path


def unknown_handler(path: Path) -> Path:
    """A file locked by a security handler nobody has."""
    return assembled(path, _one_page(), trailer=b"/Encrypt<</Filter/Acme.Vault/V 9/R 99/O(x)/U(y)/P -1>>/ID[(a)(b)]")


def empty_pages(path: Path, n: int = 200_000) -> Path:
    """So many pages without content, in one array."""
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>", 3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"}
    objects[2] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"3 0 R " * n, n)
    return assembled(path, objects)


def claimed_pages(path: Path) -> Path:
    """One page, and a count of two thousand million."""
    return assembled(path, _one_page() | {2: b"<</Type/Pages/Kids[4 0 R]/Count 2000000000>>"})


def long_page(path: Path, n_chars: int = 5_000_000) -> Path:
    """A page with so many characters, all of them visible."""
    row = b"(%s) Tj 0 -4 Td\n" % (b"heron reeds quay " * 6)
    n_rows = n_chars // 102
    box = b"/MediaBox[0 0 600 %d]" % (4 * n_rows + 100)
    return assembled(path, _one_page(b"BT /F 4 Tf 72 %d Td\n" % (4 * n_rows + 50) + row * n_rows + b"ET", page=box))


def _mapped(path: Path, targets: Iterable[bytes], shown: bytes = b"(ABCDEFGHIJKLMNOP)") -> Path:
    """Write a page whose characters A, B, C ... a ToUnicode map turns into these UTF-16 strings (hex)."""
    rows = b"".join(b"<%02X><%s>\n" % (65 + at, target) for at, target in enumerate(targets))
    count = rows.count(b"\n")
    cmap = b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap /CMapName/X def\n1 begincodespacerange<00><FF>"
    cmap += b"endcodespacerange\n%d beginbfchar\n%sendbfchar endcmap end end" % (count, rows)
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    return assembled(path, _one_page(b"BT /F 12 Tf 72 700 Td %s Tj ET" % shown, font=font) | {6: stream(cmap)})


def lone_surrogates(path: Path) -> Path:
    """A ToUnicode map to halves of pairs, in both orders, NUL, a noncharacter and direction overrides."""
    return _mapped(path, [b"D800", b"DC00", b"DC00D800", b"0000", b"FFFF", b"FFFE", b"202E", b"D83DDE00", b"0041"])


def long_targets(path: Path) -> Path:
    """A ToUnicode map that makes one character into thousands."""
    return _mapped(path, [b"0041" * 250] * 16, b"(%s)" % (b"ABCDEFGHIJKLMNOP" * 500))


def broken_to_unicode(path: Path) -> Path:
    """A ToUnicode map cut off in the middle, and one that includes itself."""
    font = b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding 6 0 R/DescendantFonts[3 0 R]/ToUnicode 6 0 R>>"
    cmap = stream(b"begincmap 100 beginbfrange <0000><FFFF>[<D8", b"/UseCMap 6 0 R")
    return assembled(path, _one_page(b"BT /F 12 Tf 72 700 Td <00410042> Tj ET", font=font) | {6: cmap})


def strange_metadata(path: Path) -> Path:
    """Dates that are none, a title of 10 MB, and an author of NULs and lone surrogates."""
    info = b"<</CreationDate(D:99999999999999Z99'99')/ModDate(yesterday)/Title(%s)/Author<FEFF0000D800DC00D800>>>"
    return assembled(path, _one_page() | {9: info % (b"All work and no play " * 500_000)}, trailer=b"/Info 9 0 R")


def right_to_left(path: Path) -> Path:
    """Arabic and Hebrew letters by way of a ToUnicode map."""
    return _mapped(path, [b"0634", b"0627", b"0637", b"0626", b"0020", b"05E9", b"05DC", b"05D5", b"05DD"])


def deep_arrays(path: Path) -> Path:
    """A content stream and an object of 200,000 nested arrays."""
    deep = b"[" * 200_000
    return assembled(path, _one_page(deep + b" 0 d " + _SHOWN) | {1: b"<</Type/Catalog/Pages 2 0 R/Names %s>>" % deep})


def deep_saves(path: Path) -> Path:
    """300,000 saved graphics states and marked contents, none ever closed."""
    return assembled(path, _one_page(b"q /A BMC " * 300_000 + _SHOWN))


def endless_type3(path: Path) -> Path:
    """A Type 3 font whose letter is drawn with the letter itself."""
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/FirstChar 65/LastChar 65/Widths[1]"
        b"/Encoding<</Differences[65/a]>>/CharProcs<</a 6 0 R>>/Resources<</Font<</F 3 0 R>>>>>>"
    )
    glyph = stream(b"1 0 d0 BT /F 1 Tf (AA) Tj ET")
    return assembled(path, _one_page(b"BT /F 12 Tf 72 700 Td (A) Tj ET", font=font) | {6: glyph})


def cut_off(path: Path) -> Path:
    """A file whose second half is missing."""
    assembled(path, _one_page())
    body = path.read_bytes()
    path.write_bytes(body[: len(body) // 2])
    return path


PDFS: tuple[Callable[[Path], Path], ...] = (
    deep_page_tree,
    circular_page_tree,
    huge_media_box,
    endless_media_box,
    many_streams,
    flate_bomb,
    nested_flate_bomb,
    garbage_images,
    form_that_draws_itself,
    forms_that_draw_each_other,
    object_stream_in_itself,
    lying_length,
    huge_size,
    huge_xref_section,
    xref_loop,
    unknown_handler,
    empty_pages,
    claimed_pages,
    long_page,
    lone_surrogates,
    long_targets,
    broken_to_unicode,
    strange_metadata,
    right_to_left,
    deep_arrays,
    deep_saves,
    endless_type3,
    cut_off,
)


def word(path: Path, body: bytes, *, before: bytes = b"", extra: dict[str, bytes] | None = None) -> Path:
    """Write a DOCX with this body XML; `before` stands in front of the root element."""
    types = (
        b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        b'<Default Extension="bin" ContentType="application/octet-stream"/>'
        b'<Override PartName="/word/document.xml" ContentType='
        b'"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        b'Target="word/document.xml"/></Relationships>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        with archive.open("word/document.xml", "w", force_zip64=True) as document:
            document.write(b'<?xml version="1.0"?>' + before + b"<w:document " + _W + b"><w:body>")
            for at in range(0, len(body), 1 << 20):
                document.write(body[at : at + (1 << 20)])
            document.write(b"</w:body></w:document>")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def _paragraph(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % text


def word_bomb(path: Path, mib: int = 400) -> Path:
    """A small DOCX with a text of so many MiB."""
    return word(path, _paragraph(b"seen") + _paragraph(b"A" * (mib << 20)))


def word_laughs(path: Path) -> Path:
    """A thousand million entities by nesting."""
    names = [b"a%d" % at for at in range(10)]
    laughs = b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY %s "%s">' % (name, b"&%s;" % before * 10) for before, name in itertools.pairwise(names)
    )
    return word(path, _paragraph(b"&a9;") + _paragraph(b"seen"), before=b"<!DOCTYPE x [%s]>" % laughs)


def word_outside(path: Path) -> Path:
    """An external entity that names a file of this machine."""
    before = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return word(path, _paragraph(b"&e;") + _paragraph(b"seen"), before=before)


def word_deep(path: Path) -> Path:
    """Content controls nested 100,000 deep."""
    n = 100_000
    return word(path, b"<w:sdt><w:sdtContent>" * n + _paragraph(b"seen") + b"</w:sdtContent></w:sdt>" * n)


def word_table(path: Path) -> Path:
    """A table of 40,000 cells."""
    cell = b"<w:tc>" + _paragraph(b"reed") + b"</w:tc>"
    return word(path, b"<w:tbl>" + (b"<w:tr>" + cell * 20 + b"</w:tr>") * 2_000 + b"</w:tbl>")


def word_nested_tables(path: Path) -> Path:
    """Tables nested 60 deep."""
    open_, close = b"<w:tbl><w:tr><w:tc>", b"</w:tc></w:tr></w:tbl>"
    return word(path, open_ * 60 + _paragraph(b"seen") + close * 60)


def html_deep(path: Path) -> Path:
    """Elements nested 100,000 deep, text at the bottom and behind."""
    path.write_bytes(b"<html><body><p>seen</p>" + b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000 + b"<p>behind</p>")
    return path


def html_table(path: Path) -> Path:
    """A table of 100,000 cells, 1,000 to a row."""
    path.write_bytes(b"<html><table>" + (b"<tr>" + b"<td>reed" * 1000) * 100 + b"</table><p>seen</p></html>")
    return path


def html_hidden(path: Path) -> Path:
    """50,000 hidden spans between words."""
    body = b'<span style="display:none">no</span> reed ' * 50_000
    path.write_bytes(b"<html><body><p>" + body + b"seen</p></body></html>")
    return path


def html_heading(path: Path) -> Path:
    """A heading of 2 MB over 3,000 sections."""
    sections = b"".join(b"<h2>s%d</h2><p>reed</p>" % at for at in range(3000))
    path.write_bytes(b"<html><body><h1>" + b"long heading " * 160_000 + b"</h1>" + sections + b"</body></html>")
    return path


def html_styles(path: Path) -> Path:
    """5,000 style rules and 5,000 elements they may meet."""
    rules = b"".join(b".c%d{display:none}" % at for at in range(5_000))
    body = b"".join(b'<p class="c%d x">reed</p>' % (at * 2) for at in range(5_000))
    path.write_bytes(b"<html><style>" + rules + b"</style><body>" + body + b"<p>seen</p></body></html>")
    return path


def html_entities(path: Path) -> Path:
    """A document type with nested and external entities."""
    laughs = b'<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY e SYSTEM "file:///etc/passwd">'
    path.write_bytes(b"<!DOCTYPE html [" + laughs + b"]><html><body><p>&b; &e; seen</p></body></html>")
    return path


def html_nuls(path: Path) -> Path:
    """NULs, lone surrogates as character references, and controls."""
    path.write_bytes(b"<html><body><p>a&#0;b&#xD800;c&#xDFFF;d&#x202E;e&#1;f\x1b[31m seen</p></body></html>")
    return path


def markdown_deep(path: Path) -> Path:
    """Quotes, lists, brackets and emphasis nested without end."""
    path.write_bytes(
        b"seen\n\n" + b">" * 100_000 + b" deep\n\n" + b"- " * 50_000 + b"x\n\n" + b"[" * 50_000 + b"*" * 50_000
    )
    return path


def markdown_links(path: Path) -> Path:
    """10,000 link definitions and as many uses, and code spans that never close."""
    links = b"".join(b"[a%d]: http://x/%d\n" % (at, at) for at in range(10_000))
    path.write_bytes(b"seen\n\n" + links + b"\n" + b"[a1]" * 10_000 + b"\n\n" + b"`" * 20_000 + b" x `" * 5000)
    return path


def one_line(path: Path) -> Path:
    """4 MB without a space or a line end."""
    path.write_bytes(b"seen" + b"x" * (4 << 20))
    return path


SECTIONED: tuple[tuple[str, Callable[[Path], Path]], ...] = (
    *((".docx", made) for made in (word_bomb, word_laughs, word_outside, word_deep, word_table, word_nested_tables)),
    *(
        (".html", made)
        for made in (html_deep, html_table, html_hidden, html_heading, html_styles, html_entities, html_nuls)
    ),
    *((".md", made) for made in (markdown_deep, markdown_links)),
    (".txt", one_line),
)
