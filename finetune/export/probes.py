"""What an exported model is asked before it is published: a run's own questions, and conversations of many kinds.

Short questions, so that a model can be seen to stop; long words, digits, other scripts, code, several turns and system
prompts, where tokenizers and templates go wrong. Values only.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import DataError
from core.reading.passages import Passage, render
from finetune.data.template import ChatFormat, Message

Conversation = tuple[Message, ...]

N_PROBES = 20
_OWN, _READINGS = 8, 2


def _conversation(*texts: str, system: str = "") -> Conversation:
    """Return a conversation of a user's and an assistant's turns, the user's first and last."""
    roles = ("user", "assistant")
    turns = [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]
    return (*([{"role": "system", "content": system}] if system else []), *turns)


GENERAL: tuple[Conversation, ...] = (
    _conversation("What is the capital of France?"),
    _conversation("What is 12 plus 7? Answer with the number only."),
    _conversation("Which city lies on the Danube?", "Vienna does.", "And which country is that in?"),
    _conversation("Say yes or no: is ice cold?", system="You answer in one word."),
    _conversation("How many days are there in a week?"),
    _conversation("Übersetze „guten Morgen“ ins Französische."),
    _conversation("Name the colour of the sky on a clear day.", system="Be brief."),
    _conversation("def add(a, b):\n    return a + b\n\nWhat does add(2, 3) return?"),
    _conversation("What is the opposite of “hot”?"),
    _conversation("日本の首都はどこですか。"),
    _conversation("Name one fruit.", "Apple.", "Name another.", "Pear.", "And one more."),
    _conversation("Which is larger, 1,234.56 or 1 234?"),
    _conversation("What do bees make?"),
    _conversation("Complete: {{ name }} is {% if a %}b{% endif %}", system="Curly braces are text here: {}."),
    _conversation("Who wrote Romeo and Juliet?"),
    _conversation("What's the plural of “mouse”?"),
    _conversation("Is the sun a star or a planet?"),
    _conversation("Répondez par oui ou par non : Paris est-elle en France ?"),
    _conversation("What is H₂O?"),
    _conversation("How many legs has a spider?"),
    _conversation("Write the number 1000000 in words."),
    _conversation("Two   blanks  and\ta tab: what is 2 + 2?"),
)


_PASSAGES = (
    Passage(key="k4m7p", source="bridges.pdf, p. 12 | Bridges", text="The bridge opened in 1932 and is 503.5 m long."),
    Passage(key="t2w6z", source="ferries.pdf, p. 1", text="Ferries leave at 07:30; the crossing takes 25 minutes."),
)


def probes(
    questions: Sequence[str], chat: ChatFormat, readings: Sequence[str] = (), *, most_tokens: int = 0
) -> list[Conversation]:
    """Return twenty conversations that the chat template accepts, some of a run's own questions first.

    Args:
        questions: Of the run's data; evenly spread ones are taken.
        readings: User turns of the run's data that show passages; the shortest ones are taken. Where there are none,
            passages about bridges stand in the run's prompt.
        most_tokens: Longest conversation, in tokens; 0 for any.
        chat: A template that refuses a conversation (a system message, say) is not asked it.
    """
    step = max(1, len(questions) // _OWN)
    own = [_conversation(question) for question in questions[::step][:_OWN]]
    example = chat.answer_prompt.fill(render(_PASSAGES, "q3r8vw"), "When did the bridge open?")
    own += [_conversation(reading) for reading in sorted(readings, key=len)[:_READINGS] or [example]]
    return [conversation for conversation in [*own, *GENERAL] if _accepted(conversation, chat, most_tokens)][:N_PROBES]


def _accepted(conversation: Conversation, chat: ChatFormat, most_tokens: int) -> bool:
    try:
        text = chat.render(conversation, generation=True)
    except DataError:
        return False
    return not most_tokens or len(chat.encode(text)) <= most_tokens
