"""Answers that begin with a thought between `<think>` and `</think>`, as models that reason write them."""

from __future__ import annotations

import re

OPEN, CLOSE = "<think>", "</think>"
_THOUGHT = re.compile(rf"\s*(?:{OPEN})?(?P<thought>(?:(?!{OPEN}).)*?){CLOSE}\s*(?P<answer>.*)", re.DOTALL)


def split_thought(text: str) -> tuple[str, str]:
    """Return (thought without its marks, answer); the thought is empty where there is none.

    A prompt may have opened the thought, so that the text has its end alone.
    """
    match = _THOUGHT.fullmatch(text)
    return (match["thought"].strip(), match["answer"]) if match else ("", text)


def with_thought(thought: str, answer: str) -> str:
    """Return an answer after its thought, in the form of DeepSeek-R1 and Qwen3."""
    return f"{OPEN}\n{thought.strip()}\n{CLOSE}\n\n{answer}" if thought.strip() else answer
