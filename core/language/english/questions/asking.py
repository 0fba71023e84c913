"""English patterns of what a question asks for: a section, a list, a count, yes or no, a figure, what is not so."""

from __future__ import annotations

import re

from core.language.english.words import ANY_SCALE
from core.language.language import language

# "section 2 of the policy": the document, not something in the section.
OF_DOCUMENT = re.compile(
    r"^\s*(?:of|in) (?:the|this|that|our|your|my)\b[\w\s-]*?(?=\b(?:says?|states?|contains?|about)\b|\W*$)",
    re.IGNORECASE,
)
STEPS = re.compile(r"^\W*how (?:do|can|should|must|would) (?:i|we|you|one)\b|^\W*how to\b", re.IGNORECASE)
# "step 2 of Start": the list under that heading.
UNDER = re.compile(
    r"^\s*(?:of|in|under|for)\s+(?:the\s+)?[\"'“‘]?(?P<heading>[\w][\w\s/&-]{1,60}?)[\"'”’]?"
    r"(?:\s+(?:list|procedure|section|instructions?))?\W*$",
    re.IGNORECASE,
)
NEGATED = re.compile(r"\b(?:what|which|who)\b.*(?:\b(?:not|never)|n['’]t)\b(?!.*\bor not\b)", re.IGNORECASE)
DENIES = re.compile(
    r"\b(?:not|no|never|without|prohibited|forbidden|cannot|neither|nor|exclud\w+|except|rejected|absent|excused|apologies)\b|n['’]t\b",
    re.IGNORECASE,
)
LIST = re.compile(
    r"^\W*(?:please\s+)?(?:list|name|enumerate|give|show)\b(?! of)"
    r"|\b(?:what|which) (?:are|were) (?:all\s+)?(?:the|its|their|your)\b|\b(?:what|which) (?:kinds?|types?|sorts?) of\b"
    r"|\bwhich [\w\s-]{2,30}s are (?:there|listed|available)\b|\ball (?:of )?the\b",
    re.IGNORECASE,
)
COUNT = re.compile(
    r"\bhow many (?P<what>[\w\s-]{2,40}?)\s(?:are there|is there|are (?:listed|named|in)\b)",
    re.IGNORECASE,
)
HOW_MANY = re.compile(r"\bhow many (?P<things>[\w-]+(?: [\w-]+)?)", re.IGNORECASE)
# "How much milk do I need"; the measure between the number and what is measured.
HOW_MUCH = re.compile(
    r"\bhow much (?P<things>[a-z]{3,})(?=\W*$|\s(?:do|does|did|are|is|a|per|in|each)\b)", re.IGNORECASE
)
MEASURE = re.compile(
    r"(?P<unit>\s?(?:k?g|m?l|cl|dl|oz|lb|t|cups?|(?:table|tea)?\s?spoons?|tbsp|tsp|pinch(?:es)?|slices?|cans?|cloves?"
    r"|(?:milli|kilo|centi)?(?:lit(?:er|re)|gram|gramme)s?|tonnes?|tons?)\b)?\s(?:of\s)?",
    re.IGNORECASE,
)
# What stands between two things that are counted in one sentence, and before a number that is left out of a count.
BETWEEN_COUNTS = re.compile(r"[,;:()]|\b(?:and|while|but|or)\b", re.IGNORECASE)
LEFT_OUT = re.compile(r"\b(?:excluding|except(?: for)?|not counting|other than|without)\s(?:\w+\s)?\Z", re.IGNORECASE)
FOR_DATE = re.compile(
    r"^\W*(?:and\s)?(?:(?:since|until|by|from|on|in)\s)?(?:when|(?:what|which) (?:year|date|day))\b", re.I
)
MONEY_THINGS = re.compile(r"\bhow many (?:[\w-]+ )?(?:dollars?|euros?|pounds?|yen|cents?|usd|eur|gbp)\b", re.I)
# What a price is paid with, and what parts the amounts of a sentence from each other.
PAID_WITH = (
    re.compile(r"\b(?:in|by|of|for) cash\b|\bcash (?:consideration|payments?|price)\b", re.IGNORECASE),
    re.compile(r"\b(?:shares?|stock|equity|options|notes)\b", re.IGNORECASE),
)
PART_OF_PRICE = re.compile(r"[,;]\s|\band\b|\bplus\b|\bconsist\w*\b|\bincluding\b|\bof which\b", re.IGNORECASE)
# Whom or what something is asked of: "did Acme Corp spend", "Acme's sales", "the sales of Acme in 2020".
_OWNING = r"[a-z]?[A-Z][\w&.-]+(?:\s[A-Z][\w&.-]+)*"
OWNER = re.compile(
    rf"\b(?:did|does|do|has|have|had|will|can)\s({_OWNING})\b|\b({_OWNING})['’]s?\s"
    rf"|\bof\s({_OWNING})(?=\W*$|\s(?:in|for|during|at|on)\s)"
)
# "Who is the chair of Acme": whose it is, and what a text says another's is of.
HELD_OF = re.compile(rf"(?P<thing>[\w-]+)\sof\s(?P<owner>{_OWNING})\W*$")
OF_HOLDER = rf"\s+of\s+(?P<owner>{_OWNING})"
YES_NO = re.compile(
    r"^\W*(?:and\s+)?(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had|am|may)\b"
    r"(?!.*\bor\b)",
    re.IGNORECASE,
)
# How such a question begins, up to the noun that it is about.
YES_NO_SUBJECT = re.compile(
    r"^\W*(?:and\s+)?(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had|am)\s+"
    r"(?:there\s+)?(?:(?:the|an?|any|all|some|my|our|your|its|their|his|her|this|that|these|those|such)\s+)?",
    re.IGNORECASE,
)
# "Is the keeper a guest?": what somebody or something is said to be.
IS_A = re.compile(r"^\W*(?:is|are|was|were)\b.*\san?\s(?P<noun>[\w-]+)\W*$", re.IGNORECASE)
# Whose telephone number, address or birth is asked for: "the landlord's", "of the landlord", "was the landlord born".
_PERSONAL = r"(?:tele)?phone|mobile|fax|e-?mail|(?:home |postal )?address|birth\w*|age|number|account|iban|signature"
_OWNER = r"(?P<owner>[^\W\d_][\w-]*)"
OWNERS = (
    re.compile(
        rf"(?<!\w)(?!(?:what|who|where|when|how|that|it|there|here|which)['’]){_OWNER}['’]s?\s(?:[\w-]+\s){{0,2}}?(?:{_PERSONAL})\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:{_PERSONAL})(?: number| address)?\s(?:of|for)\s(?:the\s|our\s|your\s|my\s)?{_OWNER}", re.IGNORECASE
    ),
    re.compile(rf"\b(?:was|is)\s(?:the\s)?{_OWNER}\sborn\b|\bhow old is (?:the\s)?(?P<aged>[\w-]+)", re.IGNORECASE),
)
# Whoever wrote the text speaks of what is his.
OWN = re.compile(r"\b(?:my|mine|me|our|ours|us)\b", re.IGNORECASE)
# Asks for what identifies something, which may be written in groups.
IDENTIFIER = re.compile(
    r"\b(?:number|no\.|code|pin|iban|bic|id|reference|serial|(?:tele)?phone|mobile|fax|call|ring|dial)\b", re.IGNORECASE
)
# A verb that helps another one, which stands behind the subject.
DO_SUPPORT = re.compile(
    r"\b(?:do|does|did|is|are|was|were|can|could|will|would|must|may|should|shall|has|have|had)\b", re.IGNORECASE
)
CHOICE = re.compile(r"\bor\b|\bwhich of\b", re.IGNORECASE)
WHICH_ONE = re.compile(r"^\W*(?:which|who)\b", re.IGNORECASE)
# Asks for one end of a range.
ASKS_END = re.compile(r"\b(?:ends?|finish(?:es)?|expires?|closes?|last|latest|run out|until when)\b", re.IGNORECASE)
ASKS_BEGIN = re.compile(r"\b(?:starts?|begins?|first|earliest|from when|since when)\b", re.IGNORECASE)
ASKS_WHEN = re.compile(r"^\W*(?:when|(?:on )?(?:which|what) days?)\b", re.IGNORECASE)
IS_WHO = re.compile(r"^\W*who(?:m|se)?\b", re.IGNORECASE)
# A name behind a word that places what is asked for.
PLACED = re.compile(r"\b(?P<word>from|to|in|at|for|between|via|near|on)\s+(?:the\s+)?(?P<name>[A-Z][\w’'-]+)")
# A question for all things of a kind, words that ask for a kind of column, and a thing that is to be absent.
WHICH_THINGS = re.compile(
    r"^\W*(?:which|what|list (?:all )?(?:the )?)\s?(?P<things>[\w-]+(?:\s[\w-]+)?)", re.IGNORECASE
)
ASKS_FOR_HEAD = re.compile(
    r"\b(?:common|often|likely|what|which|mean(?:s|ing)?|costs?|prices?|use[ds]?|shows?|display(?:ed|s)?|says?|when|where|who)\b",
    re.IGNORECASE,
)
HAS_NO = re.compile(r"\b(?:no|without|lacks?|missing)\b", re.IGNORECASE)
FIGURE = re.compile(
    r"[%$€£]|\bhow (?:much|many|heavy|long|high|tall|large|big|old|far|deep|wide|fast)\b"
    r"|\b(?:percent\w*|ratio|rate|amount|total|average"
    r"|sum|number|cost|price|fee|revenues?|sales|income|earnings|profit|loss|expenses?|assets|liabilities|cash|debt|equity|dividends?"
    r"|margin|capital|tax|value|weight|power|voltage|pressure|temperature|yield|share|change|increase|decrease|grow|growth|grew"
    r"|highest|lowest|largest|smallest|most|least|default|port)\b",
    re.IGNORECASE,
)
SEVERAL = re.compile(
    r"\b(?:and|as well as)\s+(?:who|what|when|where|why|how|which)\b|\brespectively\b|\bcompare|\b(?:list|name all)\b"
    r"|\b(?:both|differences? between)\b",
    re.IGNORECASE,
)
# A denial put as the word that documents use for it.
DENIALS = (
    (
        re.compile(r"\b(?:was|were|is|are|did)(?: not|n['’]t) (?:present|there|attend(?:ing)?|come)\b", re.I),
        "absent excused apologies",
    ),
    (re.compile(r"\b(?:was|were|is|are) (?:absent|missing|away)\b", re.I), "absent excused apologies"),
    (re.compile(r"\bnot (?:allowed|permitted)\b", re.I), "prohibited forbidden not permitted"),
    (re.compile(r"\bnot included\b", re.I), "excluded exclude not included"),
    (re.compile(r"\bnot covered\b|\b(?:does|do)(?: not|n['’]t) cover\b", re.I), "excluded exclude not cover"),
    (re.compile(r"\bnot (?:required|necessary)\b", re.I), "optional exempt not required"),
)
# "Whats" and "dont", as they are typed.
TYPED_IS = re.compile(r"^(\W*(?:what|who|where|when|how))s\b", re.IGNORECASE)
TYPED_NOT = re.compile(r"\b(do|does|did|is|are|was|were|has|have|ca|must|should|would|could|wo)nt\b", re.IGNORECASE)
# How to answer, not what is asked: "Round your answer to two decimal places. Answer in USD millions."
INSTRUCTION = re.compile(
    r"^\W*(?:please\s+)?(?:(?:answer|respond to|round|express|address|approach|provide a response|help (?:me|us)"
    r"|use only|give (?:your|the) answer|show your|state that|calculate what|compute or extract"
    r"|(?:we|i) (?:want|need|would like) to (?:calculate|compute|know))\b|if\b.*\b(?:state|say|explain) )",
    re.IGNORECASE | re.DOTALL,
)
SENTENCE_GAP = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
# "Using the cash flow statement, answer the following question: ..."; "Here's the question: ..."
LEAD_IN = re.compile(
    r"^.{0,160}?\b(?:the (?:following )?question(?: asked)?|this question)\b[^:?]{0,60}:\s*(?=\w)"
    r"|^(?:using|considering|basing|by|based|drawing)\b[^?]{0,140}?,\s+"
    r"(?=(?:what|how|which|who|when|where|is|are|did|does|do|has|was|were)\b)",
    re.IGNORECASE,
)
OTHER_NAME = re.compile(
    r"\s*\((?:formerly|previously|also|once|now)?\s*(?:known as|called|f/?k/?a|a/?k/?a)\b[^()]*\)", re.IGNORECASE
)
UNIT_NOTE = re.compile(
    rf"\s*\((?:in|as) [^()]*\b(?:usd|eur|gbp|dollars?|{ANY_SCALE}|percents?|units?)\b[^()]*\)",
    re.IGNORECASE,
)
# The noun that names what is asked for: "the population of", "which brand", "how many runways".
BE = r"(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|must|should|may)"
THINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:what|which)(?:['’]s|\s(?:is|are|was|were))\s(?:the|its|their|his|her|our|your|a|an)\s"
        r"(?P<noun>(?:[\w'’-]+\s){1,4}?)(?:of|for|on|in|at|between)\b",
        rf"\b(?:what|which)\s(?P<noun>(?:[\w'’-]+\s){{1,3}}?)(?:{BE}|of)\b",
        # "What is her salary?", the person named beside it.
        r"\bwhat(?:['’]s|\s(?:is|are|was|were))\s(?:his|her)\s"
        r"(?P<noun>(?:[\w'’-]+\s?){1,3}?)\W*(?:\([^()]*\)\W*)?$",
        rf"\bhow many\s(?P<noun>(?:[\w'’-]+\s){{1,2}}?)(?:{BE}|of|in|at|on|for|there)\b",
        r"\bhow (?:tall|high|long|wide|deep|heavy|big|large|old|fast)\s(?:is|are|was|were)\s(?:the|a|an)\s"
        r"(?P<noun>(?:[\w'’-]+\s){1,3}?)(?:of|on|in|at|near)\b",
    )
)
# Nouns that stand for any answer, and articles, before which stands a verb: "what caused the fall of ...".
ANY_THING = frozenset(language("en").word_lists["any_thing"])
# What follows the noun and is no part of its name: "the coldest temperature ever measured on".
AFTER_NOUN = re.compile(r"ever|\w+ed|held|paid|made|given|taken|built|known|sold|spent|set|found")
PRESENT = re.compile(r"^\W*(?:present|attendance|attending|in attendance)\b", re.IGNORECASE)
# Asks where something stands: a line of a table of contents may answer.
ASKS_FOR_PLACE = re.compile(r"\b(?:page|chapter|section|contents)\b", re.IGNORECASE)
# Asks for a heading, which answers nothing else.
TITLED = re.compile(r"\b(?:en)?titled\b|\b(?:title|heading)\b", re.IGNORECASE)

# Two questions in one: "Who chairs the board, and when was she appointed?", "Who won and when?", "When and where?"
_WORD = r"(?:who|whom|whose|what|when|where|which|why|how(?: (?:much|many|long|often|old|far|high|large|big))?)"
_ASKS = r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)"
OPENING = re.compile(rf"^\W*(?:(?P<word>{_WORD})|{_ASKS})\b", re.IGNORECASE)
INNER = re.compile(rf"\b(?:{_WORD}|whether|between|that|if)\b", re.IGNORECASE)
TWO_WORDS = re.compile(rf"^\W*(?P<first>{_WORD}) and (?P<second>{_WORD})\s+(?P<rest>\w.*)$", re.IGNORECASE | re.DOTALL)
# "and which is" goes on with a clause; "and which class" asks.
AND_ASKS = re.compile(
    r"\s*[,;]?\s+and\s+(?:also )?"
    rf"(?P<asks>(?:(?:in|at|for|by|from|to|on|of) )?(?!which {_ASKS}\b){_WORD})\b(?P<tail>.*)$",
    re.IGNORECASE | re.DOTALL,
)
QUESTION_GAP = re.compile(r"(?<=\?)\s+(?=\w)")
# What asks for a part of a whole, as a percentage where the text has one.
SHARE = re.compile(
    r"\b(?:(?:what|which|how (?:big|large) a) (?:share|proportion|percentage|fraction|part)|how much) of\b",
    re.IGNORECASE,
)
