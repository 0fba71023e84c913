"""Drafts of imported records as rows of a dataset, and old rows as drafts."""

from __future__ import annotations

import dataclasses

from core.types import Pair, Preference, Split
from synth.dataset.judged import Judged
from synth.dataset.write import Row
from synth.importing.drafts import Draft
from synth.templates.wording import PromptTemplate


def row_of_draft(draft: Draft, row_id: str, group: str, split: Split, template: PromptTemplate | None) -> Row:
    """Return a draft as a pair, a preference or a judged answer.

    Args:
        template: Wording of its prompt; `None` keeps question and context apart.
    """
    question, context, answer = draft.question, draft.context, draft.answer
    if template is not None and (question or context):
        question, context, answer = (template.prompt(question, context), "", template.answer(question, context, answer))
    if draft.rejected is not None:
        return Preference(
            id=row_id,
            kind=draft.kind,
            prompt=question,
            chosen=answer,
            rejected=draft.rejected,
            group=group,
            split=split,
            context=context,
            fact=draft.fact,
            origin=draft.origin,
            checks=dict(draft.checks),
            turns=draft.turns,
            system=draft.system,
        )
    if draft.good is not None:
        return Judged(
            id=row_id,
            prompt=question,
            completion=answer,
            label=draft.good,
            group=group,
            split=split,
            context=context,
            origin=draft.origin,
            turns=draft.turns,
            system=draft.system,
        )
    return Pair(
        id=row_id,
        kind=draft.kind,
        question=question,
        answer=answer,
        context=context,
        evidence=draft.evidence,
        fact=draft.fact,
        group=group,
        split=split,
        origin=draft.origin,
        template=template.name if template else draft.template,
        checks=dict(draft.checks),
        turns=draft.turns,
        system=draft.system,
        untrained_turns=draft.untrained_turns,
        altered=draft.altered,
    )


def draft_of_row(row: Row) -> Draft:
    """Return what an old row is linked by; its group holds it to the others of the group."""
    named = (f"group:{row.group}",) if row.group else ()
    draft = Draft(question="", answer="", context=row.context, turns=row.turns, system=row.system, documents=named)
    if isinstance(row, Pair):
        untrained = row.untrained_turns
        return dataclasses.replace(draft, question=row.question, answer=row.answer, untrained_turns=untrained)
    if isinstance(row, Preference):
        return dataclasses.replace(draft, question=row.prompt, answer=row.chosen, rejected=row.rejected)
    return dataclasses.replace(draft, question=row.prompt, answer=row.completion, good=row.label)
