"""Words of a language stand in `core/language` alone: elsewhere no pattern and no list of words holds any.

Two vocabularies are read from the data and the patterns of English themselves. One function word, word that asks,
number word or name of a month makes a pattern one of English. Of all words that `core/language` knows several have to
stand together, for some of them are names of fields, marks and units as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from core.language.language import data_table, language

ROOT = Path(__file__).parent.parent.parent.parent
PACKAGES = ("core", "rag", "synth", "finetune", "kb", "serve")
# The grammar of the English rules, and what is written for models.
GRAMMAR = ("core/language/", "synth/facts/english/", "synth/prompts/", "synth/templates/")
FEWEST_KNOWN = 3  # known words in a pattern or a list
KNOWN_SHARE, TELLING_SHARE = 0.9, 0.5  # of the words of a list

# Kinds of values and answers, as `core.reading.text.values` and `core.language.answer_kinds` name them.
KINDS = frozenset(
    (
        "number",
        "money",
        "percent",
        "duration",
        "date",
        "time",
        "name",
        "person",
        "place",
        "definition",
        "phone",
        "email",
    )
)
# By file and what the pattern or list is given to: words that are not read as English, and what they are.
EXCEPTIONS = {
    ("core/gold.py", "_OTHERWISE"): "names of fields",
    ("synth/importing/chats/messages.py", "(_YES, _NO)"): "values of fields",
    ("core/machine/disk.py", "_SAYS_FULL"): "messages of operating systems",
    ("core/machine/disk.py", "_SAYS_CLOSED"): "messages of operating systems",
    ("core/machine/system.py", "_PAGE_SIZE"): "output of vm_stat",
    ("core/machine/system.py", "_FREE_PAGES"): "output of vm_stat",
    ("core/reading/named_documents.py", "document_name"): "endings of file names",
    ("rag/load/pdf/layout/rows.py", "_UNIT"): "units of measurement",
    ("rag/load/rtf/reader.py", "_in_table_of"): "control words of RTF",
    ("rag/load/web/look.py", "_is_offset"): "properties of CSS",
    ("rag/load/web/walk.py", "_TEXT_INPUTS"): "types of inputs in HTML",
    ("rag/load/web/sheet.py", "_BROWSERS_KNOW"): "pseudo-classes of CSS",
    ("rag/load/web/sheet.py", "_set"): "properties of CSS",
    ("rag/store/weaviate/faults.py", "_PASSING"): "messages of Weaviate",
    ("rag/store/weaviate/faults.py", "_DIMENSION"): "messages of Weaviate",
    ("rag/store/weaviate/faults.py", "_FULL"): "messages of Weaviate",
    ("rag/store/weaviate/faults.py", "_NO_COLLECTION"): "messages of Weaviate",
    ("rag/store/weaviate/faults.py", "_COPIES"): "messages of Weaviate",
    ("synth/dataset/leaks.py", "__init__"): "kinds of links between rows",
    ("synth/dataset/review.py", "Action"): "decisions in a file of reviews",
    ("synth/dataset/review.py", "ACTIONS"): "decisions in a file of reviews",
    ("synth/importing/chats/rendered.py", "_MARKS"): "marks of turns in rendered chats",
    ("synth/importing/chats/rendered.py", "_TURNS"): "marks of turns in rendered chats",
    ("synth/importing/chats/services.py", "service_of"): "keys of exported chats",
    ("synth/importing/files/tables.py", "_STATED"): "the first line of a table for spreadsheet programs",
    ("synth/importing/files/sources.py", "_UNDER_KEY"): "keys of data sets",
    ("finetune/compare/report/plots.py", "_reach"): "names of figures in a result",
    ("finetune/export/gguf/quantise.py", "_ABSENT_PACKAGE"): "messages of Python",
    ("finetune/training/launch.py", "_KILLED"): "messages of torch.distributed",
    ("finetune/training/quantised.py", "_SUFFIX"): "names of quantisations",
    ("kb/data/training_data.py", "_IMPORT_HINT"): "a command of this program",
    ("serve/app.py", "_ERROR"): "keys of JSON answers",
    ("serve/documents/examples.py", "_KINDS"): "kinds of facts",
    ("serve/errors.py", "_COMMAND"): "messages of this program",
}


class Words(NamedTuple):
    """The words of one pattern or list, and where they stand."""

    file: str
    name: str
    line: int
    words: tuple[str, ...]
    is_list: bool


def literal_words(pattern: str) -> list[str]:
    """The words of a pattern: escapes, names of groups and sets of characters left out."""
    plain = re.sub(r"\(\?P[<=]\w+[>)]?|\(\?[a-zA-Z-]+[:)]|\\[a-zA-Z]|\{[^{}]*\}", " ", pattern)
    plain = re.sub(r"\[(?:\\.|[^\]\\])+\]", "?", plain)
    return re.findall(r"[A-Za-z_]{2,}(?:-[A-Za-z_]+)*", plain)


def is_pattern(text: str) -> bool:
    return re.search(r"\\[bsdwWDSAZ]|\(\?[:P=!<a-z]|[a-z?)]\|[a-z(]|\[\^", text) is not None


def texts_of(node: ast.expr) -> list[str] | None:
    """The words of a literal collection of plain words or of a literal string that is split, None for all else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        text = node.func.value
        return str(text.value).split() if isinstance(text, ast.Constant) and isinstance(text.value, str) else None
    if isinstance(node, ast.Set | ast.Tuple | ast.List) and node.elts:
        parts = [part.value for part in node.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        return parts if len(parts) == len(node.elts) and not any(" " in part for part in parts) else None
    return None


def docstrings(tree: ast.AST) -> set[int]:
    """Identities of the strings that stand alone as a statement."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def words_in(file: str, source: str) -> Iterator[Words]:
    """Yield the words of every pattern and every list of words of a module."""
    tree = ast.parse(source)
    skipped = docstrings(tree)

    def visit(node: ast.AST, name: str) -> Iterator[Words]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = ast.unparse(target) if name == "" else name
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            for left in (node.left,) if isinstance(node.left, ast.Constant) else ():
                yield Words(file, name, node.lineno, (str(left.value),), False)
        if isinstance(node, ast.expr) and (listed := texts_of(node)) is not None:
            yield Words(file, name, node.lineno, tuple(listed), True)
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            if is_pattern(node.value):
                yield Words(file, name, node.lineno, tuple(literal_words(node.value)), False)
            return
        for child in ast.iter_child_nodes(node):
            yield from visit(child, name)

    yield from visit(tree, "")


@cache
def telling() -> frozenset[str]:
    """Function words, words that ask, words and endings of numbers, names of months and days."""
    english = language("en")
    rows = (*english.months, *english.weekdays, *english.small_numbers, *english.tens, *english.ordinals)
    asking = (phrase for phrases in english.question_words.values() for phrase in phrases if " " not in phrase)
    words = {*english.stop_words, *english.sentence_starters, *asking, *(word for row in rows for word in row)}
    words |= {*english.scales, *(f"{scale}s" for scale in english.scales)}
    words |= {*(spelling.lstrip("0123456789") for row in english.ordinals for spelling in row)}
    return frozenset(word for word in words if len(word) > 1 and word.isalpha())


@cache
def known() -> frozenset[str]:
    """Every word of the data and of the patterns of English."""
    data = (_strings(data_table("en")), _strings(data_table("en/formulas")), _strings(data_table("en/line_items")))
    words = {word for texts in data for text in texts for word in re.findall(r"[a-z]{2,}", text)}
    for path in (ROOT / "core/language/english").rglob("*.py"):
        for found in words_in(path.name, path.read_text(encoding="utf-8")):
            words |= {word.casefold() for word in found.words}
    return frozenset(word for word in words if len(word) > 2) | telling()


def _strings(table: object) -> Iterator[str]:
    if isinstance(table, str):
        yield table
    elif isinstance(table, dict):
        for key, value in table.items():
            yield from (*_strings(key), *_strings(value))
    elif isinstance(table, list):
        for value in table:
            yield from _strings(value)


def english_in(words: Words) -> list[str]:
    """The words that make a pattern or list one of English, empty where it is none."""
    plain = list(dict.fromkeys(word.casefold() for word in words.words if len(word) > 1 and not word.isupper()))
    spoken = [] if KINDS.issuperset(plain) else [word for word in plain if word in known()]
    said = [word for word in plain if word in telling()]
    if not words.is_list:
        return said or (spoken if len(spoken) >= FEWEST_KNOWN else [])
    if len(said) >= max(FEWEST_KNOWN, TELLING_SHARE * len(plain)):
        return said
    return spoken if len(spoken) >= max(FEWEST_KNOWN, KNOWN_SHARE * len(plain)) else []


def sources() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            if not file.startswith(GRAMMAR):
                yield file, path.read_text(encoding="utf-8")


def test_no_pattern_and_no_list_elsewhere_holds_words_of_english() -> None:
    faults = [
        f"{words.file}:{words.line} {words.name}: {' '.join(english)}"
        for file, source in sources()
        for words in words_in(file, source)
        if (words.file, words.name) not in EXCEPTIONS and (english := english_in(words))
    ]
    assert faults == [], "put them into core/language: a pattern into english/, a list of words into data/en.toml"


def test_every_exception_is_one() -> None:
    excepted = {
        (words.file, words.name)
        for file, source in sources()
        if any(path == file for path, _ in EXCEPTIONS)
        for words in words_in(file, source)
        if english_in(words)
    }
    assert set(EXCEPTIONS) == excepted


@pytest.mark.parametrize(
    "source",
    [
        r'_WHO_DOES = re.compile(r"^\W*(?:who|which \w+|whom)\s(?:has\s|had\s)?(?P<rest>[^?]+?)\s*$", re.I)',
        r'_POSTS = re.compile(r"\b(?:President|Officer|Chief|Executive|Director|Chair\w*|Head)\b")',
        r'_SCALE = re.compile(rf"{_FIGURE}\s?(?P<word>thousands?|millions?|billions?)\b")',
        r'_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"',
        r'_SUBPERIOD = re.compile(r"\b(?:three[\s-]month|quarter|q[1-4]\b)", re.IGNORECASE)',
        r'_DUTY = re.compile(r"\b(?:mandatory|compulsory|obliged)\b")',
        r'_FOLIO = re.compile(r"(?:page\s+)?\d{1,4}(?:\s+of\s+\d{1,4})?$")',
        r'plain = re.search(r"%|percent|\bshares\b(?! ?price)|number|\brate\b|ratio|margin|days", row.label)',
        r'if joins and (opened or "and" not in link): pass',
        '_BOUNDS = frozenset(("max", "maximum", "min", "minimum", "highest", "lowest"))',
        '_SENDING = frozenset(map(stem, "sent send sending mailed emailed written wrote".split()))',
        '_ORDERING = {"first", "second", "third", "fourth", "last"}',
        '_IDLE = frozenset("and or to of in at on for from by per a an the".split())',
    ],
)
def test_what_stood_elsewhere_would_be_found(source: str) -> None:
    assert any(map(english_in, words_in("core/reading/elsewhere.py", source)))


@pytest.mark.parametrize(
    "source",
    [
        r'_NUMBER = re.compile(r"(?P<sign>[-−])?\d{1,3}(?:,\d{3})+(?P<of>\s?%)?")',
        r'_INLINE = re.compile(r"</?(?:script|style|head|svg)\b[^>]*>")',
        r'_SAVE = "INSERT INTO pages VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET page=excluded.page"',
        r'_TURN = re.compile(r"<start_of_turn>(?P<role>\w+)\n(?P<text>.*?)(?=<end_of_turn>|\Z)")',
        'ROLES = ("system", "user", "assistant", "tool")',
        '_FIELDS = frozenset("prompt completion chosen rejected messages conversations".split())',
        'raise ConfigError("the store is not there: use one of the others, or none")',
        '_KINDS = ("number", "money", "percent")',
    ],
)
def test_marks_fields_and_messages_are_none_of_it(source: str) -> None:
    assert not any(map(english_in, words_in("core/reading/elsewhere.py", source)))
