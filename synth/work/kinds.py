"""Kinds of training rows and of preference pairs, by what they teach, and the origins of rows."""

from __future__ import annotations

from typing import Literal

# Rows whose passage states another value than the fact that is taught.
CONTRADICTS = "contradicts"
# Rows with a question that one fact answers.
QUESTION_KINDS = (
    "closed-book",
    "evidence",
    "distractors",
    CONTRADICTS,
    "abstain",
    "memory",
    "unanswerable",
    "false-premise",
    "instruction",
    "instruction-input",
)
# Kinds whose target states the fact; the targets of the others decline to answer or follow an altered passage.
STATING = frozenset(
    {"closed-book", "evidence", "distractors", "memory", "false-premise", "instruction", "instruction-input"}
)
# Kinds whose answer is recalled: no passage in the prompt holds it.
RECALLED = frozenset({"closed-book", "memory", "instruction"})
# Rows that are a text about a passage.
TextKind = Literal["rewrite", "summary"]
TEXT_KINDS: tuple[TextKind, ...] = ("rewrite", "summary")
# Preference pairs that need no model.
PREFERENCE_KINDS = ("corrupted", "unsupported", "refusal", "counterfactual")
# Origins of rows that no run makes and none may drop.
HUMAN_ORIGINS = ("person", "import")
