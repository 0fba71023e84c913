"""RTF as a row of tokens, and what its control words mean (Rich Text Format Specification 1.9.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z'])"
    r"|(?P<group>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
# Control words and symbols that stand for a character.
CHARACTERS: Mapping[str, str] = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "~": " ",
    "_": "-",
    "\\": "\\",
    "{": "{",
    "}": "}",
    "zwj": "\u200d",
    "zwnj": "\u200c",
}
# Groups whose text a viewer does not show where it stands: tables of fonts and lists, pictures, entries of an index.
SKIPPED = frozenset(
    "filetbl listtable listoverridetable listpicture rsidtbl revtbl generator pict themedata colorschememapping "
    "latentstyles datastore objdata objclass nonshppict xmlnstbl fldtype bkmkstart bkmkend pn pnseclvl pntxta pntxtb "
    "ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn annotation atnid atnauthor atndate atnref atntime tc xe private "
    "background sp shprslt nonesttables nesttableprops userprops docvar template operator creatim revtim printim "
    "upr mmath blipuid wgrffmtfilter".split()
)
# Groups that are read although `\*` lets a reader skip them.
READ = frozenset("fldinst formfield footnote shpinst shptxt ud".split())
# What `\fcharset` says of the bytes of a font.
CHARSETS: Mapping[int, str] = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
    255: "cp437",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of RTF.

    Attributes:
        kind: `word`, `symbol`, `byte`, `text`, `open` or `close`.
        text: The word, the symbol, or the text.
        number: Parameter of a word, `None` without one; value of a byte.
    """

    kind: str
    text: str = ""
    number: int | None = None


def tokens(markup: str) -> Iterator[Token]:
    """Yield the tokens of RTF, binary data left out.

    Args:
        markup: The file, each byte as the Latin-1 character of its value.
    """
    position = 0
    while position < len(markup):
        match = _TOKEN.match(markup, position)
        if match is None:
            position += 1
            continue
        position = match.end()
        kind = match.lastgroup
        if match["word"]:
            number = int(match["number"]) if match["number"] else None
            if match["word"] == "bin":
                position += max(0, number or 0)
            else:
                yield Token("word", match["word"], number)
        elif kind == "byte":
            yield Token("byte", number=int(match["byte"], 16))
        elif kind == "symbol":
            yield Token("word", "par") if match["symbol"] in "\r\n" else Token("symbol", match["symbol"])
        elif kind == "group":
            yield Token("open" if match["group"] == "{" else "close")
        elif kind == "text":
            yield Token("text", match["text"])
