"""Structured output for models whose decoding can be held to a JSON schema (keyword `json_schema`).

Knows LangChain's schema forms and parsers; refuses to know how a model keeps to a schema.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass


def structured(
    chat: BaseChatModel, schema: dict[str, Any] | type, *, include_raw: bool
) -> Runnable[LanguageModelInput, Any]:
    """Return `chat` bound to a schema and followed by its parser.

    Args:
        chat: A model that takes the keyword `json_schema`.
        schema: A pydantic class, a TypedDict or a JSON schema.
        include_raw: Give `{"raw", "parsed", "parsing_error"}`.
    """
    as_json = convert_to_json_schema(schema)
    bound = chat.bind(
        json_schema=as_json, ls_structured_output_format={"kwargs": {"method": "json_schema"}, "schema": as_json}
    )
    parser: Runnable[Any, Any] = JsonOutputParser()
    if isinstance(schema, type) and is_basemodel_subclass(schema):
        parser = PydanticOutputParser(pydantic_object=schema)
    if not include_raw:
        return bound | parser
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | parsed.with_fallbacks([failed], exception_key="parsing_error")
