"""The one prompt that shows passages to a model: read from a file, filled, and known by a digest.

`kb ask`, the rows of a dataset, training, comparison and the checks of an export all fill it here, so a model is asked
as it was taught. A run records the digest of its prompt; asking it under another prompt is an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from core.errors import ConfigError, DataError
from core.language.guess import guess_language
from core.reading.passages import Passage, parse, render
from core.shell import quoted

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import BaseMessage
    from langchain_core.prompts import ChatPromptTemplate

# What an answer says that finds nothing, in English, and what is said beside quotes.
ABSTENTION = "The documents do not say."
NOTICE = "(Quoted from the documents; no language model wrote this.)"
DEFAULT_PROMPT = Path(__file__).with_name("answer_prompt.txt")
# Names in a run's folder: the prompt it was trained with, and the card that carries its digest.
PROMPT_FILE, RUN_CARD = "prompt.txt", "run.json"

_BUILT_IN = "the built-in prompt"
_PLACES = {"passages", "question"}
_METADATA_KEY = "trained_prompt"
_PASSAGES_KEY = "trained_passages"
_SHORT = 12
_LEAST_PASSAGES = 2
# What a digest is taken of: a change of the template or of how passages are rendered changes it.
_EXAMPLE = (
    Passage(key="b2c3d", source="handbook.pdf, p. 3 | Handbook", text="The fee is 5 euros.\nIt is due in May."),
    Passage(key="f4g5h", source="notes.md, p. 1", text="Fees: see the handbook [[b2c3d]]."),
)
_EXAMPLE_MARK, _EXAMPLE_QUESTION = "h4n8c2", "How much is\n the fee?"

Chat = TypeVar("Chat", bound="BaseChatModel")


@runtime_checkable
class ReadsPassages(Protocol):
    """A chat model that has a form of its own for questions with passages."""

    def for_passages(self, prompt_digest: str) -> BaseChatModel:
        """Return the model to ask under the prompt with this digest."""
        ...


@dataclass(frozen=True, slots=True)
class ShownAtOnce:
    """What the rows of a training showed at once.

    Attributes:
        count: Passages, at most; 0 for none, or unknown: any number is shown then.
        chars: Code points of a passage, at most, its lines joined to paragraphs; 0 for passages as they are packed.
    """

    count: int = 0
    chars: int = 0


@dataclass(frozen=True)
class AnswerPrompt:
    """A prompt with a place for passages and one for a question.

    Attributes:
        text: The template; `{passages}` and `{question}` are its places, `{{` is a brace.
        source: Where it came from, for messages.

    Raises:
        ConfigError: A place is missing, or there is one that nothing fills.
    """

    text: str
    source: str = _BUILT_IN

    def __post_init__(self) -> None:
        try:
            places = set(self._template.input_variables)
        except ValueError as error:  # a lone brace
            raise _unusable(self.source, str(error)) from error
        missing, unknown = sorted(_PLACES - places), sorted(places - _PLACES)
        if missing or unknown:
            faults = [f"{{{name}}} is missing" for name in missing] + [f"{{{name}}} is not known" for name in unknown]
            raise _unusable(self.source, ", ".join(faults))

    @cached_property
    def _template(self) -> ChatPromptTemplate:
        from langchain_core.prompts import ChatPromptTemplate  # loads in a second

        return ChatPromptTemplate.from_messages([("human", self.text)])

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of an example filled into this prompt, so it covers the rendering of passages too."""
        filled = self.fill(render(_EXAMPLE, _EXAMPLE_MARK), _EXAMPLE_QUESTION)
        return hashlib.sha256(filled.encode()).hexdigest()

    def messages(self, passages: str, question: str) -> list[BaseMessage]:
        """Return the messages of one request.

        Args:
            passages: As `core.reading.passages.render` writes them.
            question: Becomes one line.
        """
        return self._template.format_messages(passages=passages, question=" ".join(question.split()))

    def fill(self, passages: str, question: str) -> str:
        """Return the text of the one message of `messages`."""
        (message,) = self.messages(passages, question)
        return message.text


def load_prompt(path: Path | None = None) -> AnswerPrompt:
    """Read the answer prompt.

    Args:
        path: A text file that holds `{passages}` and `{question}`; the built-in prompt if None.

    Raises:
        ConfigError: The file is absent or not UTF-8 text, lacks a place, or has one that nothing fills.
    """
    file = (path or DEFAULT_PROMPT).expanduser()
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise _unusable(str(file), error.strerror or str(error)) from error
    except ValueError as error:  # undecodable bytes
        raise _unusable(str(file), str(error)) from error
    # A line end at the end of a message is dropped by many chat templates and kept by Ollama's.
    return AnswerPrompt(text.rstrip("\n"), str(path) if path else _BUILT_IN)


def prompt_for(question: str, prompt: AnswerPrompt, chat: BaseChatModel) -> AnswerPrompt:
    """Return the prompt in the language of a question, so that it is answered, or declined, in that language.

    The given prompt where it is a person's own, where the model was trained with it, or where the language is English,
    unknown, or has no prompt.
    """
    taught = isinstance(chat, ReadsPassages) or _METADATA_KEY in (chat.metadata or {})
    asked_in = None if taught or prompt.source != _BUILT_IN else guess_language(question)
    if asked_in is None or not asked_in.answer_prompt:
        return prompt
    return AnswerPrompt(asked_in.answer_prompt.rstrip("\n"), _BUILT_IN)


def _unusable(source: str, reason: str) -> ConfigError:
    hint = f"cp {DEFAULT_PROMPT} prompt.txt  # edit it, then: kb ask --set rag.prompt_file=prompt.txt QUESTION"
    return ConfigError(f"rag.prompt_file: {source}: {reason}", hint=hint)


def fill(prompt: AnswerPrompt, passages: str, question: str) -> list[BaseMessage]:
    """Return `prompt.messages(passages, question)`."""
    return prompt.messages(passages, question)


def passage_source(doc: str, page: int, title: str = "") -> str:
    """Return the line that names a passage in a prompt.

    Args:
        doc: File name of the document.
        page: 0-based page index.
        title: The document's title, if it has one.
    """
    place = f"{doc}, p. {page + 1}"
    return f"{place} | {title}" if title else place


@dataclass(frozen=True, slots=True)
class PassageBlock:
    """Passages as they stand in a prompt; `text` is what `{passages}` is filled with."""

    mark: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """The rendered block."""
        return render(self.passages, self.mark)

    def keep(self, passages: Sequence[Passage]) -> PassageBlock:
        """Return the block with only some of its passages, under the same mark and keys."""
        return PassageBlock(self.mark, tuple(passages))


def read_block(context: str) -> PassageBlock | None:
    """Return the passages of a row's context, None where it is anything but one rendered block.

    A context of another kind (the input of an instruction, say) is not shown through the answer prompt.
    """
    passages, outside = parse(context)
    if not passages or outside.strip():
        return None
    block = PassageBlock(context[2:].split(" ", 1)[0], tuple(passages))
    return block if block.text == context else None


def shown_at_once(contexts: Iterable[str]) -> int:
    """Return the most passages that one of several contexts shows; 0 where none shows any."""
    blocks = map(read_block, set(contexts))
    return max((len(block.passages) for block in blocks if block is not None), default=0)


def with_trained_prompt(chat: Chat, run_folder: Path) -> Chat:
    """Return a chat model of a run that remembers the prompt the run was trained with.

    Args:
        chat: The model; it is changed in place.
        run_folder: Holds `run.json`; where there is none, nothing is remembered.

    Raises:
        DataError: `run.json` cannot be read.
    """
    card = run_folder / RUN_CARD
    if not card.is_file():
        return chat
    try:
        written = json.loads(card.read_bytes())
        digest, passages = written.get("prompt_digest"), int(written.get("passages") or 0)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"cannot be read: {error}", path=card, hint=f"kb runs rm {run_folder.name}") from error
    trained = {"run": run_folder.name, "digest": digest, "file": str(run_folder / PROMPT_FILE)}
    chat.metadata = {**(chat.metadata or {}), _METADATA_KEY: trained}
    return reads_passages(chat, ShownAtOnce(passages))


def reads_passages(chat: Chat, shown: ShownAtOnce) -> Chat:
    """Return a chat model that remembers what its training showed at once."""
    chat.metadata = {**(chat.metadata or {}), _PASSAGES_KEY: (shown.count, shown.chars)}
    return chat


def trained_passages(chat: BaseChatModel) -> ShownAtOnce:
    """Return how to show passages to a tuned model: as its training did, but two at least.

    The passage that answers is not always the first.
    """
    count, chars = (chat.metadata or {}).get(_PASSAGES_KEY, (0, 0))
    return ShownAtOnce(max(count, _LEAST_PASSAGES) if count else 0, chars)


def check_trained_prompt(chat: BaseChatModel, prompt: AnswerPrompt) -> str:
    """Compare the prompt that a model is about to be asked with to the one it was trained with.

    Returns:
        A note for the person where a run does not record its prompt; else an empty string.

    Raises:
        ConfigError: They differ.
    """
    trained = (chat.metadata or {}).get(_METADATA_KEY)
    if trained is None:
        return ""
    name, digest = trained["run"], trained["digest"]
    if digest is None:
        return (
            f"run {name!r} does not record the prompt it was trained with; it was made by an older version of kb. "
            "Train it again for answers from documents"
        )
    if digest == prompt.digest:
        return ""
    raise ConfigError(
        f"run {name!r} was trained with prompt {digest[:_SHORT]} and would be asked with prompt "
        f"{prompt.digest[:_SHORT]} ({prompt.source})",
        hint=f"kb ask --model run:{name} --set rag.prompt_file={quoted(trained['file'])} QUESTION",
        click="choose another model",
    )
