"""The prompt of an answer: a LangChain template read from a file, with the passages before the question.

Knows the template's two places, `{passages}` and `{question}`; refuses to know models and retrieval.
"""

from __future__ import annotations

from pathlib import Path

from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate

from core.errors import ConfigError

DEFAULT_PROMPT = Path(__file__).with_name("answer_prompt.txt")
_PLACES = {"passages", "question"}


def load_prompt(path: Path | None = None) -> ChatPromptTemplate:
    """Read the answer prompt.

    Args:
        path: A text file that holds `{passages}` and `{question}` (`{{` is a brace); the built-in prompt if None.

    Raises:
        ConfigError: The file is absent or not UTF-8 text, lacks a place, or has one that nothing fills.
    """
    source = path or DEFAULT_PROMPT
    hint = f"cp {DEFAULT_PROMPT} prompt.txt  # edit it, then: kb ask --set rag.prompt_file=prompt.txt QUESTION"
    try:
        text = source.expanduser().read_text(encoding="utf-8")
        template = ChatPromptTemplate.from_messages([("human", text)])
    except OSError as error:
        raise ConfigError(f"rag.prompt_file: {source}: {error.strerror}", hint=hint) from error
    except ValueError as error:  # undecodable bytes, or a lone brace
        raise ConfigError(f"rag.prompt_file: {source}: {error}", hint=hint) from error
    places = set(template.input_variables)
    missing, unknown = sorted(_PLACES - places), sorted(places - _PLACES)
    if missing or unknown:
        faults = [f"{{{name}}} is missing" for name in missing] + [f"{{{name}}} is not known" for name in unknown]
        raise ConfigError(f"rag.prompt_file: {source}: {', '.join(faults)}", hint=hint)
    return template


def fill(template: ChatPromptTemplate, passages: str, question: str) -> list[BaseMessage]:
    """Return the messages for one request; the question becomes one line."""
    return template.format_messages(passages=passages, question=" ".join(question.split()))
