"""A Jinja chat template in the language of Ollama's templates, equal to the byte.

The fixed words around contents are found by rendering conversations; a template that does more than put fixed words
around each message is refused, not approximated. Language: https://pkg.go.dev/text/template, with the fields that
Ollama provides (`.Messages`, `.Role`, `.Content`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import DataError
from finetune.data.template import ChatFormat, Message

_HINT = "kb export RUN --to gguf"
_SYSTEM, _USER, _ASSISTANT, _AGAIN = "kq0system", "kq1user", "kq2assistant", "kq3user"
# The template reads the clock: what it says today is not what it says tomorrow.
_CLOCK = "strftime_now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """A chat template as fixed words around contents.

    Attributes:
        opening: Before the first message where that is no system message: BOS, the default system prompt.
        opening_system: Before the content of a system message that comes first.
        system: Around the content of a later system message, and `system[1]` after the first one's.
        user: Around the content of a user message.
        assistant: Around the content of an answer.
        generation: Where an answer begins.
        trims: Whether blanks at the ends of contents are dropped, which Ollama's language cannot.
        folds: Whether a first system message stands inside the user message after it, as Llama 2 and Gemma 3 have it;
            `opening_system` then begins that user message, and `system[1]` stands between the two contents.
    """

    opening: str
    opening_system: str
    system: tuple[str, str]
    user: tuple[str, str]
    assistant: tuple[str, str]
    generation: str
    trims: bool = False
    folds: bool = False

    def render(self, messages: Sequence[Message]) -> str:
        """Return what Ollama makes of messages with `go_template` of these blocks."""
        parts = []
        around = {"system": self.system, "user": self.user}
        for index, message in enumerate(messages):
            before, after = around.get(message["role"], self.assistant)
            if index == 0:
                before = self.opening_system if message["role"] == "system" else self.opening + before
            elif self.folds and message["role"] == "user" and messages[index - 1]["role"] == "system":
                before = ""
            parts += [before, message["content"], after]
        return "".join([*parts, self.generation])


def find_blocks(chat: ChatFormat, conversations: Sequence[Sequence[Message]]) -> Blocks:
    """Find the blocks of a chat template.

    Args:
        chat: From `as_exported`.
        conversations: On which blocks and template must agree to the byte.

    Raises:
        DataError: The template does something else than putting words around contents; the message says where.
    """
    if _CLOCK in str(chat.tokenizer.chat_template):
        raise DataError("unsupported chat template for Ollama: it writes today's date", hint=_HINT)
    blocks = _probed(chat)
    blank = [{"role": "user", "content": f" {_USER}\n"}]
    trims = chat.render(blank, generation=True) != blocks.render(blank)
    for messages in conversations:
        expected, rendered = chat.render(messages, generation=True), blocks.render(messages)
        if expected != rendered:
            start = first_difference(expected, rendered)
            raise DataError(
                "unsupported chat template for Ollama: only fixed words around each message are supported; at "
                f"character {start} it writes {expected[start : start + 40]!r} instead of "
                f"{rendered[start : start + 40]!r}",
                hint=_HINT,
            )
    return replace(blocks, trims=trims)


def _probed(chat: ChatFormat) -> Blocks:
    def rendered(*turns: tuple[str, str], generation: bool = False) -> str:
        return chat.render([{"role": role, "content": text} for role, text in turns], generation=generation)

    system, user, assistant, again = (
        ("system", _SYSTEM),
        ("user", _USER),
        ("assistant", _ASSISTANT),
        ("user", _AGAIN),
    )
    plain = rendered(user)
    with_generation = rendered(user, generation=True)
    _, assistant_end = _cut(rendered(user, assistant), _ASSISTANT)
    head, rest = _cut(rendered(user, assistant, again), _USER)
    to_assistant, rest = _cut(rest, _ASSISTANT)
    to_user, user_end = _cut(rest, _AGAIN)
    user_begin = _after(to_user, assistant_end)
    opening_system, rest = _cut(rendered(system, user), _SYSTEM)
    to_user, _ = _cut(rest, _USER)
    folds = not to_user.endswith(user_begin) and opening_system.startswith(_before(head, user_begin) + user_begin)
    system_end = to_user if folds else _before(to_user, user_begin)
    later = _later_system(chat, user_end, system_end) or opening_system
    return Blocks(
        opening=_before(head, user_begin),
        opening_system=opening_system,
        system=(later, system_end),
        user=(user_begin, user_end),
        assistant=(_after(to_assistant, user_end), assistant_end),
        generation=_after(with_generation, plain),
        folds=folds,
    )


def _later_system(chat: ChatFormat, user_end: str, system_end: str) -> str:
    """Return what stands before a system message in mid-conversation; empty where the template refuses one."""
    messages = [
        {"role": "user", "content": _USER},
        {"role": "system", "content": _SYSTEM},
        {"role": "user", "content": _AGAIN},
    ]
    try:
        text = chat.render(messages, generation=False)
    except DataError:  # many templates want it first
        return ""
    if _SYSTEM not in text:
        return ""
    between = _cut(_cut(text, _USER)[1], _SYSTEM)[0]
    return between.removeprefix(user_end) if system_end in text else ""


def _cut(text: str, content: str) -> tuple[str, str]:
    before, separator, after = text.partition(content)
    if not separator or content in after:
        raise DataError(
            f"unsupported chat template for Ollama: a message's content must appear exactly once: {text[:80]!r}",
            hint=_HINT,
        )
    return before, after


def _after(text: str, beginning: str) -> str:
    if not text.startswith(beginning):
        raise _uneven(text[:60], beginning[:60])
    return text[len(beginning) :]


def _before(text: str, end: str) -> str:
    if not text.endswith(end):
        raise _uneven(text[-60:], end[-60:])
    return text[: len(text) - len(end)]


def _uneven(first: str, second: str) -> DataError:
    return DataError(
        f"unsupported chat template for Ollama: it writes {first!r} in one place and {second!r} in another", hint=_HINT
    )


def first_difference(first: str, second: str) -> int:
    """Return where two texts part, in code points."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def go_template(blocks: Blocks) -> str:
    """Return the blocks as a template for Ollama, on one line but for the line breaks of the words themselves."""
    first_system, later_system = _literal(blocks.opening_system), _literal(blocks.system[0])
    system = (
        f"{{{{ if eq $i 0 }}}}{first_system}{{{{ else }}}}{later_system}{{{{ end }}}}"
        f"{{{{ .Content }}}}{_literal(blocks.system[1])}"
    )
    opening = f"{{{{ if eq $i 0 }}}}{_literal(blocks.opening)}{{{{ end }}}}"
    user, assistant = _around(blocks.user), _around(blocks.assistant)
    begin = ""
    if blocks.folds:
        # A variable says whether the message before was a system message, which has begun the user's.
        begin, system = "{{ $told := false }}", f"{system}{{{{ $told = true }}}}"
        first_user = f"{{{{ if $told }}}}{{{{ $told = false }}}}{{{{ else }}}}{_literal(blocks.user[0])}{{{{ end }}}}"
        user = f"{first_user}{{{{ .Content }}}}{_literal(blocks.user[1])}"
    return (
        f'{begin}{{{{ range $i, $m := .Messages }}}}{{{{ if eq .Role "system" }}}}{system}{{{{ else }}}}{opening}'
        f'{{{{ if eq .Role "user" }}}}{user}{{{{ else }}}}{assistant}{{{{ end }}}}{{{{ end }}}}{{{{ end }}}}'
        f"{_literal(blocks.generation)}"
    )


def _around(words: tuple[str, str]) -> str:
    return f"{_literal(words[0])}{{{{ .Content }}}}{_literal(words[1])}"


def _literal(text: str) -> str:
    return text.replace("{{", '{{ "{{" }}')
