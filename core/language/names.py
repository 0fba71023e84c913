"""English names of languages by their ISO 639-1 code, also of languages for which there are no data."""

from __future__ import annotations

from functools import cache

from core.language.language import codes, language

_WITHOUT_DATA = {
    pair.split("=")[0]: pair.split("=")[1]
    for pair in """
    af=Afrikaans am=Amharic az=Azerbaijani be=Belarusian bg=Bulgarian bn=Bengali bs=Bosnian ca=Catalan cs=Czech cy=Welsh
    da=Danish el=Greek et=Estonian eu=Basque fa=Persian fi=Finnish ga=Irish gl=Galician gu=Gujarati hi=Hindi hr=Croatian
    hu=Hungarian hy=Armenian id=Indonesian is=Icelandic ka=Georgian kk=Kazakh km=Khmer kn=Kannada la=Latin
    lb=Luxembourgish lo=Lao lt=Lithuanian lv=Latvian mk=Macedonian ml=Malayalam mn=Mongolian mr=Marathi ms=Malay
    mt=Maltese my=Burmese ne=Nepali no=Norwegian pa=Punjabi pl=Polish ps=Pashto ro=Romanian si=Sinhala sk=Slovak
    sl=Slovenian sq=Albanian
    sr=Serbian sv=Swedish sw=Swahili ta=Tamil te=Telugu th=Thai tl=Filipino tr=Turkish uk=Ukrainian ur=Urdu uz=Uzbek
    vi=Vietnamese yi=Yiddish
    """.split()
}


def language_name(code: str) -> str:
    """Return the English name of a language; a code without a known name is returned as it is."""
    return language(code).name if code in codes() else _WITHOUT_DATA.get(code, code)


@cache
def named_codes() -> frozenset[str]:
    """Return the codes of all languages that have a name here."""
    return frozenset(codes()) | frozenset(_WITHOUT_DATA)
