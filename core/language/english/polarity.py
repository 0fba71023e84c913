"""English words by which a sentence denies, obliges or leaves free, says yes or no, or the opposite of a question."""

from __future__ import annotations

import re

NEGATIVE = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|without|prohibited|forbidden|cannot|neither|nor|excluded|unsupported|rejected)\b"
    r"|n['’]t\b",  # inside its word: "isn't"
    re.IGNORECASE,
)
# "Isn't it open?" asks what "Is it open?" asks.
INVERTED = re.compile(r"^\W*[a-z]+n['’]t\b", re.IGNORECASE)
# Of a question: what denies, and what asks for something to be absent.
DENYING = re.compile(rf"{NEGATIVE.pattern}|\bfree (?:of|from)\b(?! charge)", re.IGNORECASE)
# What makes a number without a sign a negative one, or one that says by how much something shrank.
SHRINKING = re.compile(
    r"\b(?:below|under|loss(?:es)?|lost|deficits?|down|lower|less|fewer|minus|negative"
    r"|(?:fall|drop|decreas|declin|reduc|shr[aiu]nk)\w*|fell)\b",
    re.IGNORECASE,
)
DUTY = re.compile(
    r"\b(?:have to|has to|must|need|needs|required|requires?|mandatory|compulsory|obliged)\b", re.IGNORECASE
)
# A sentence that rules what is allowed: outside its bound the opposite holds.
RULE = re.compile(
    rf"{DUTY.pattern}|\b(?:may|can|only|allowed|permitted|forbidden|prohibited|entitled|banned|not paid|valid)\b"
    r"|\b(?:at most|at least|up to|(?:no|not) (?:more|less|fewer) than|maximum|minimum|limit(?:ed)?)\b",
    re.IGNORECASE,
)
# What may stand before the verb of an order.
ORDER_OPENING = re.compile(r"^\W*(?:(?:please|always|never|only|do not|don['’]t)\s+)*", re.IGNORECASE)
# Of a heading, or a line before a list: what stands below it is denied.
DENYING_HEAD = re.compile(
    rf"{NEGATIVE.pattern}|\b(?:exclusions?|exceptions?|excludes?|contra-?indications?|banned|avoid|except|missing"
    r"|unsuitable|unavailable|refused|ineligible|leave (?:at home|behind|out))\b|^\W*don['’]?ts?\b",
    re.IGNORECASE,
)
_CURRENCY = r"euros?|dollars?|pounds?|cents?|pence|francs?|crowns?|EUR|USD|GBP|CHF"
_AMOUNT = rf"(?:[$€£¥]\s?\d|\d[\d.,]*\s?(?:[$€£¥]|(?:{_CURRENCY})\b))"
# Pairs of statements that exclude each other: a question with a word of the first side is denied by a sentence that has
# a word of the second side alone, and the other way round.
OPPOSED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(first, re.IGNORECASE), re.compile(second, re.IGNORECASE))
    for first, second in (
        (r"\bopen(?:s|ed|ing)?\b", r"\b(?:closed?|closes|closing|shut|locked)\b"),
        (r"\b(?:in stock|available|availability)\b", r"\b(?:out of stock|sold out|unavailable|discontinued)\b"),
        (
            r"\b(?:works?|working|in (?:working )?order|operational|in operation|in service|usable|running)\b",
            r"\b(?:out of (?:order|service|use|action)|broken|defective|faulty|damaged|inoperable|down for)\b",
        ),
        (
            r"\b(?:exists?|still (?:there|standing)|survives?|remains? standing)\b",
            r"\b(?:demolished|torn down|destroyed|dismantled|dissolved|abolished|burn(?:ed|t) down|pulled down)\b",
        ),
        (
            r"\b(?:valid|in force|in effect|effective|active|current|applies|apply)\b",
            r"\b(?:expired?|expires|lapsed?|invalid|void|revoked|repealed|terminated|withdrawn|cancell?ed|suspended"
            r"|superseded|inactive|ended)\b",
        ),
        (
            r"\bfree\b(?! (?:of|from)\b)(?!-)",
            rf"\bcosts?\b|\b(?:a|entry|entrance|admission|booking) (?:fee|charge)\b|\bis charged\b|{_AMOUNT}",
        ),
        (
            r"\b(?:have to|has to|must|need to|needs to|do|does|did|should|shall)\b.*\bpay\b"
            r"|\bcosts? (?:extra|anything|more|money)\b|\b(?:a|any) (?:fee|charge)\b|\b(?:is|are|be|get|gets) charged\b"
            r"|\bsubject to a fee\b",
            r"\bfree\b(?! (?:of|from)\b(?! charge))|\b(?:at no|without) (?:extra |additional )?(?:cost|charge|fee)\b",
        ),
        (r"\b(?:chew|crush|break|split|cut|divide|dissolve)\w*\b", r"\b(?:whole|intact|in one piece|uncut)\b"),
        (r"\boff\b", r"\b(?:stays?|remains?|is|are|be|keeps?|left|switched|turned) on\b"),
        (r"\balive\b|\bstill liv\w+\b", r"\b(?:died|dead|deceased|passed away|killed)\b"),
        (r"\b(?:safe|harmless)\b", r"\b(?:dangerous|unsafe|hazardous|harmful|toxic|poisonous)\b"),
        (
            r"\b(?:included?|includes|including)\b",
            r"\b(?:excluded?|excludes|excluding|extra|separate(?:ly)?|not included)\b",
        ),
        (
            r"\b(?:allowed|permitted|allow|permit|may|can|legal)\b",
            r"\b(?:prohibit(?:s|ed)?|forbid(?:s|den)?|ban(?:s|ned)?|illegal|disallow(?:s|ed)?|off limits|ineligible)\b",
        ),
        (
            r"\b(?:approved?|accept(?:s|ed)?|granted|adopted|agreed)\b",
            r"\b(?:reject(?:s|ed)?|refused?|declined|denied|turned down|dismissed|vetoed)\b",
        ),
        (
            r"\b(?:increased?|rise|rose|risen|grow|grew|grown|up)\b",
            r"\b(?:decreas\w+|fell|fallen|declin\w+|dropped|shr[aiu]nk|down)\b",
        ),
        (r"\bw[io]n\b", r"\b(?:lost|lose[sd]?|defeat(?:ed)?)\b"),
        (r"\b(?:present|attend(?:ed|s)?)\b", r"\b(?:absent|apologi[sz]ed|apologies|excused|missing)\b"),
        (
            r"\b(?:refundable|reversible|transferable|renewable|negotiable)\b",
            r"\bnon-?(?:refundable|reversible|transferable|renewable|negotiable)\b",
        ),
        (
            r"\b(?:resistant|proof|compatible|suitable|eligible|able|common|usual|frequent|likely)\b",
            r"\b(?:incompatible|unsuitable|ineligible|unable|uncommon|unusual|rare|infrequent|unlikely)\b",
        ),
        (r"\b(?:on time|punctual(?:ly)?)\b", r"\b(?:late|delayed|overdue)\b"),
        (r"\b(?:public|open to (?:the public|all))\b", r"\b(?:private|confidential|members only)\b"),
        (r"\b(?:married)\b", r"\b(?:single|unmarried|divorced|widowed)\b"),
        (
            r"\b(?:succeed(?:ed|s)?|success(?:ful|fully)?|pass(?:ed)?)\b",
            r"\b(?:fail(?:ed|s|ure)?|unsuccessful(?:ly)?)\b",
        ),
        (r"\b(?:empty|vacant)\b", r"\b(?:full|occupied|booked(?: out| up)?)\b"),
        (r"\b(?:indoors?|inside)\b", r"\b(?:outdoors?|outside)\b"),
        (r"\b(?:full[- ]time)\b", r"\b(?:part[- ]time)\b"),
        (r"\b(?:permanent(?:ly)?|unlimited|indefinite(?:ly)?)\b", r"\b(?:temporar(?:y|ily)|fixed[- ]term|limited)\b"),
        (r"\b(?:wet|damp)\b", r"\bdry\b"),
        (r"\b(?:profit(?:able)?|surplus)\b", r"\b(?:loss(?:es)?|deficit)\b"),
        (r"\bunanimous(?:ly)?\b", r"\b(?:majority|votes? against|against)\b"),
    )
)
OPTIONAL = re.compile(
    r"\b(?:voluntary|optional|exempt|waived|(?:is|are) (?:a|an) (?:plus|advantage|bonus)|desirable|preferred"
    r"|nice to have)\b",
    re.IGNORECASE,
)
# Syllables before a word that deny it, and what parts a sentence into statements.
DENYING_STARTS = ("un", "non")
PART_GAP = re.compile(r"[;,]\s+|\s(?:but|although|though|while|whereas|except)\s", re.IGNORECASE)
# What a sentence takes out of what it says: "except on Sundays", "other than students"; and a leading one.
_TAKES_OUT = (
    r"(?:except(?:ing)?(?:\s(?:that|for|when|where|if))?|unless|other than|apart from|aside from"
    r"|with the exception of|save for|excluding|but not)"
)
EXCEPTION = re.compile(
    rf"^\W*{_TAKES_OUT}\s(?P<before>[^,;]+),\s"
    rf"|(?:,\s|\s|\()\(?{_TAKES_OUT}\s(?P<what>(?:[^;.,()]|[.,](?=\d))+"
    r"(?:,\s[^;.,()]{1,40}(?=,|,?\s(?:and|or)\s))*(?:,?\s(?:and|or)\s[^;.,()]+)?)\)?"
    r"|,\s(?P<behind>[^;.,()]+)\s(?:excepted|excluded|aside|apart)(?!\s\w)",
    re.IGNORECASE,
)
# To whom or to what alone it applies: "Only members may use it", "is used by staff only", "only on Sundays".
RESTRICTION = re.compile(
    r"^\W*only\s(?P<first>[^,;.]+?)\s(?:may|can|must|are|is|has|have)\b"
    r"|\b(?:only|solely|exclusively)\s(?:by|for|to|with|on|in|at|if|when|after|from)\s(?P<after>[^,;.]+)"
    r"|\b(?:by|for|to|with|from)\s(?P<before>[^,;.]{2,40}?)\sonly\b",
    re.IGNORECASE,
)
EXCEPTION_MEMBER = re.compile(r",\s(?:(?:and|or)\s)?|\s(?:and|or)\s", re.IGNORECASE)
LABEL = re.compile(r"\W*[^\W\d][^:\n.;]{1,38}:\s+")
# A sentence that begins with its answer, in any case.
STATED = r"\W*(yes|no)\b(?!\s\w)"

# What stands in the place of a word that denies, where a sentence is turned to say the opposite.
_TURNED = {
    "not": "",
    "no": "a",
    "never": "always",
    "nobody": "everybody",
    "none": "all",
    "without": "with",
    "prohibited": "allowed",
    "forbidden": "allowed",
    "cannot": "can",
    "can't": "can",
    "won't": "will",
    "neither": "both",
    "nor": "and",
    "excluded": "included",
    "unsupported": "supported",
    "rejected": "accepted",
}
_DENIAL = re.compile(rf"\b(?:{'|'.join(word for word in _TURNED if len(word) > 2)}|no)\b|n't\b", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|may|might|must|can|could|will|would|shall|should|has|have|had|does|do|did)\b", re.IGNORECASE
)


def turned(sentence: str) -> str:
    """Return a sentence that says the opposite: a denial taken out, or one put in."""
    plain = sentence.replace("’", "'")
    denial = _DENIAL.search(plain)
    if denial is not None:
        word = _TURNED.get(denial[0].casefold(), "")
        word = word.capitalize() if denial[0][:1].isupper() else word
        before, after = plain[: denial.start()], plain[denial.end() :]
        return f"{before}{word}{after}" if word or not before.endswith(" ") else f"{before}{after.lstrip()}"
    auxiliary = _AUXILIARY.search(sentence)
    if auxiliary is not None:
        return f"{sentence[: auxiliary.end()]} not{sentence[auxiliary.end() :]}"
    return f"It is not true that {sentence[:1].lower()}{sentence[1:]}"
