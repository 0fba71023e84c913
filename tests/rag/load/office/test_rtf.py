from __future__ import annotations

from pathlib import Path

from tests.support.parsed_pages import read


def test_rtf(tmp_path: Path) -> None:
    markup = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}"
        r"{\info{\title Lease of a flat}{\author Ann}}"
        r"\pard The rent is {\b 900} euro\'80.{\v evil one}\par "
        r"Seen\v evil two\v0  again {\fs2 evil three}\fs24 {\cf1 evil four}\cf2 end.\par "
        r"Caf\u233?.\par\par \trowd Flat\cell Rent\cell\row \trowd Alder\cell 900\cell\row "
        r"\trowd Cedar\cell 1,450\cell\row }"
    )
    info, (page,) = read(tmp_path / "a.rtf", markup)
    assert (info.kind, info.title, info.metadata["author"]) == ("rtf", "Lease of a flat", "Ann")
    assert "evil" not in page.text
    assert page.hidden_text.count("evil") == 4
    assert dict(page.hidden) == {"not_displayed": 16, "tiny": 10, "no_contrast": 9}
    assert "The rent is 900 euro€." in page.text
    assert "Café." in page.text
    assert "Alder" in page.text and "1,450" in page.text


def test_rtf_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    info, _ = read(tmp_path / "letter.doc", r"{\rtf1 A letter without more.}")
    assert info.kind == "rtf"
