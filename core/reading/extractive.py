"""The built-in reader as a LangChain chat model: it finds the passages in its prompt and answers by quotation.

`kb ask` calls `core.reading.read` directly; this class is for chains and for whoever asks the reader through a prompt.
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
from pydantic import SkipValidation

from core.language.english.printed.documents import QUESTION_LINE
from core.prompt import ABSTENTION, NOTICE
from core.reading.compose import compose
from core.reading.passages import parse
from core.reading.read import read
from core.reading.reader import Cosines
from core.reading.spans.protocol import Spans

_TOKEN = re.compile(r"\w+|[^\w\s]")


class ExtractiveChat(BaseChatModel):
    """Answers by quotation.

    Attributes:
        max_quotes: Most sentences quoted in one answer.
        cosines: Maps a question and n texts to n cosines; makes the choice of sentences better, and slower. None
            works by words alone.
        spans: The neural span reader; None where its weights are absent.
    """

    max_quotes: int = 3
    cosines: Cosines | None = None
    spans: SkipValidation[Spans | None] = None

    @property
    def _llm_type(self) -> str:
        return "extractive"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"max_quotes": self.max_quotes, "cosines": self.cosines is not None, "spans": self.spans is not None}

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
        for index, piece in enumerate(pieces):
            last = index == len(pieces) - 1
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
        reading = read(question, passages, cosines=self.cosines, spans=self.spans, max_quotes=self.max_quotes)
        if not reading.answers:
            return ABSTENTION
        lines = compose(reading, passages, lambda quote: f"[[{passages[quote.passage].key}]]")
        return "\n".join([*(line.text for line in lines), NOTICE])


def question_in(prompt: str) -> str:
    """Return the question of a prompt from which the passages were taken.

    That is what follows the last line beginning "Question:", else the last paragraph.
    """
    labels = list(QUESTION_LINE.finditer(prompt))
    if labels:
        return prompt[labels[-1].end() :].strip().split("\n\n")[0].removesuffix("Answer:").strip()
    paragraphs = [part.strip() for part in prompt.split("\n\n") if part.strip()]
    return paragraphs[-1] if paragraphs else ""


def _until(text: str, stop: Sequence[str]) -> str:
    """Cut a text before the first stop string in it."""
    return text[: min((offset for offset in map(text.find, stop) if offset >= 0), default=len(text))]
