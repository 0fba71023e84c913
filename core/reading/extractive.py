"""A chat model that writes nothing: it quotes the sentences of its prompt that answer the question.

Like any chat model it gets messages and gives text; it finds the passages between their marks in the prompt, quotes
the best one to three sentences verbatim under their keys, and abstains when none answers. Needs no weights and no
network. Knows the prompt's notation; refuses to know where passages come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from core.reading.passages import Passage, parse
from core.reading.reader import Candidate, Cosines, rank, support
from core.reading.sentences import Sentence, sentences
from core.reading.words import words

ABSTENTION = "The documents do not say."
NOTICE = "(Quoted from the documents; no language model wrote this.)"

# Threshold of the reader alone, fitted by `python -m bench.abstain --fit`.
MIN_SUPPORT = 0.15
# A further sentence is quoted when its score comes this close to the best one's.
_MARGIN = 1.5
_MAX_LIST_CHARS = 700
_LABEL = re.compile(r"^[ \t]*(?:question|q)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r"\w+|[^\w\s]")


class ExtractiveChat(BaseChatModel):
    """Answers by quotation.

    Attributes:
        max_quotes: Most sentences quoted in one answer.
        cosines: Maps a question and n texts to n cosines; makes the choice of sentences better, and slower. None
            works by words alone.
    """

    max_quotes: int = 3
    cosines: Cosines | None = None

    @property
    def _llm_type(self) -> str:
        return "extractive"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"max_quotes": self.max_quotes, "cosines": self.cosines is not None}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "extractive"
        params["ls_model_name"] = kwargs.get("model", "extractive")
        return params

    def get_token_ids(self, text: str) -> list[int]:
        """Return one id per word or sign; there is no vocabulary, so an id is the token's offset."""
        return [token.start() for token in _TOKEN.finditer(text)]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        parts = list(self._stream(messages, stop, run_manager, **kwargs))
        text = "".join(part.text for part in parts)
        message = AIMessage(
            content=text, usage_metadata=self._usage(messages, text), response_metadata={"model_name": "extractive"}
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> Iterator[ChatGenerationChunk]:
        text = _until(self._answer(messages), stop or [])
        pieces = re.findall(r"\S+\s*|\s+", text)
        for at, piece in enumerate(pieces):
            last = at == len(pieces) - 1
            message = AIMessageChunk(
                content=piece,
                usage_metadata=self._usage(messages, text) if last else None,
                response_metadata={"model_name": "extractive"} if last else {},
                chunk_position="last" if last else None,
            )
            chunk = ChatGenerationChunk(message=message)
            if run_manager is not None:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk

    def _usage(self, messages: Sequence[BaseMessage], text: str) -> UsageMetadata:
        prompt = sum(len(self.get_token_ids(message.text)) for message in messages)
        completion = len(self.get_token_ids(text))
        return UsageMetadata(input_tokens=prompt, output_tokens=completion, total_tokens=prompt + completion)

    def _answer(self, messages: Sequence[BaseMessage]) -> str:
        passages, outside = parse("\n\n".join(message.text for message in messages))
        last = parse(messages[-1].text)[1] if messages else ""
        question = question_in(last if last.strip() else outside)
        ranked = rank(question, passages, cosines=self.cosines)
        if not ranked or support(ranked) < MIN_SUPPORT:
            return ABSTENTION
        chosen = choose(ranked, passages, self.max_quotes)
        return "\n".join([*(quoted(candidate, passages[candidate.passage]) for candidate in chosen), NOTICE])


def question_in(prompt: str) -> str:
    """Return the question of a prompt from which the passages were taken.

    That is what follows the last line beginning "Question:", else the last paragraph.
    """
    labels = list(_LABEL.finditer(prompt))
    if labels:
        return prompt[labels[-1].end() :].strip().split("\n\n")[0].removesuffix("Answer:").strip()
    paragraphs = [part.strip() for part in prompt.split("\n\n") if part.strip()]
    return paragraphs[-1] if paragraphs else ""


def _until(text: str, stop: Sequence[str]) -> str:
    """Cut a text before the first stop string in it."""
    return text[: min((at for at in map(text.find, stop) if at >= 0), default=len(text))]


def choose(ranked: Sequence[Candidate], passages: Sequence[Passage], limit: int) -> list[Candidate]:
    """Return the best candidate and those close behind it that add something, at most `limit`."""
    chosen: list[Candidate] = []
    said: list[frozenset[str]] = []
    for candidate in ranked[: 4 * limit]:
        if len(chosen) == limit or candidate.score < ranked[0].score - _MARGIN:
            break
        piece = passages[candidate.passage].text[candidate.sentence.start : candidate.sentence.end]
        held = frozenset(words(piece))
        if not any(len(held & other) > 0.8 * min(len(held), len(other)) for other in said):
            chosen.append(candidate)
            said.append(held)
    return chosen


def quoted(candidate: Candidate, passage: Passage) -> str:
    """Return a candidate as a quotation with its key; a row with its column heads, a lead-in with its list."""
    sentence = candidate.sentence
    heads = sentence.header if sentence.kind == "row" else None
    columns = f" (columns: {_in_marks(passage.text[slice(*heads)])})" if heads else ""
    return f"{_in_marks(passage.text[sentence.start : _list_end(sentence, passage.text)])}{columns} [[{passage.key}]]"


def _list_end(sentence: Sentence, text: str) -> int:
    """End of the list or table that a sentence ending in a colon introduces, or of the sentence itself."""
    end = sentence.end
    if not text[: sentence.end].endswith(":"):
        return end
    for following in sentences(text):
        if following.start < sentence.end:
            continue
        if following.kind == "prose" or following.end - sentence.start > _MAX_LIST_CHARS:
            break
        end = following.end if following.kind != "heading" else end
    return end


def _in_marks(text: str) -> str:
    """A span on one line between quotation marks of its own."""
    return "“" + " ".join(text.replace("“", '"').replace("”", '"').split()) + "”"
