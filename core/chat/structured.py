"""Structured output for models whose decoding can be held to a JSON schema."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass

from core.errors import KbError


def structured(
    chat: BaseChatModel, schema: dict[str, Any] | type, *, include_raw: bool, keyword: str = "json_schema"
) -> Runnable[LanguageModelInput, Any]:
    """Return `chat` bound to a schema and followed by its parser.

    Args:
        chat: A model that takes a JSON schema per call.
        schema: A pydantic class, a TypedDict or a JSON schema.
        include_raw: Give `{"raw", "parsed", "parsing_error"}`.
        keyword: The keyword by which it takes the schema.

    The result raises `KbError` (or carries it as `parsing_error`) where the answer was cut at `max_tokens`.
    """
    as_json = convert_to_json_schema(schema)
    described = {"kwargs": {"method": "json_schema"}, "schema": as_json}
    bound = chat.bind(**{keyword: as_json}, ls_structured_output_format=described)
    parser: Runnable[Any, Any] = JsonOutputParser()
    if isinstance(schema, type) and is_basemodel_subclass(schema):
        parser = PydanticOutputParser(pydantic_object=schema)
    # The parsers close what was cut and would pass off half a value as a whole one.
    whole = RunnableLambda(_require_whole) | parser
    if not include_raw:
        return bound | whole
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | whole, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _require_whole(message: BaseMessage) -> BaseMessage:
    """Return the message unless it was cut at its longest."""
    metadata = message.response_metadata
    if "length" in (metadata.get("finish_reason"), metadata.get("done_reason")):
        raise KbError(
            "the answer ended before its JSON was complete; raise models.max_tokens, or bound the schema (maxLength)",
            hint='kb ask --set models.max_tokens=1024 "QUESTION"',
        )
    return message
