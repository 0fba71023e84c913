"""The tab Compare: one question to up to four models side by side, streamed together, blind if wanted, with a vote."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr

from core.errors import KbError
from serve.answers.answering import DEFAULT, AnswerRequest, AnswerResponse
from serve.answers.history import ChatMessage
from serve.answers.models import BASE
from serve.errors import page_text
from serve.service import Service
from serve.ui import html
from serve.ui.events import PRIVATE, RedrawTimer, block, requester
from serve.ui.votes import NO_ANSWER, VoteTally, disguised
from serve.v1.search import keep_feedback

_LETTERS = "ABCD"
_TIE = "No difference"
_END = object()


class CompareTab:
    """Components and handlers; made inside the context of the page.

    Args:
        service: Answers questions.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tally = VoteTally(service.home)
        # Question, models and answers that can be voted on; empty after the vote.
        self._asked = gr.State({})
        self._question = gr.Textbox(label="Question for all", lines=1, max_lines=6, elem_id="compare-question")
        self._models = gr.CheckboxGroup(
            label="Models",
            choices=[BASE, DEFAULT],
            value=[BASE, DEFAULT],
            info="Two to four; with +rag a model answers from the documents, base is the model of the settings.",
        )
        # Shown where there is more than one to choose from.
        self._collection = gr.Dropdown(
            label="Collection",
            choices=[service.collection],
            value=service.collection,
            visible=False,
            elem_id="compare-collection",
        )
        self._blind = gr.Checkbox(
            label="Blind: names, sources and formatting are shown after the vote", value=True, elem_id="compare-blind"
        )
        with gr.Row(elem_classes="kb-buttons"):
            self._ask = gr.Button("Ask all", variant="primary", min_width=80, elem_id="compare-ask")
            self._stop = gr.Button("Stop", min_width=80)
        with gr.Row(elem_classes="kb-row"):
            self._texts = [
                gr.Textbox(label=letter, lines=8, max_lines=30, interactive=False, visible=number < 2, min_width=220)
                for number, letter in enumerate(_LETTERS)
            ]
        self._vote = gr.Radio(label="Which answer is best?", choices=[*_LETTERS[:2], _TIE], elem_id="compare-vote")
        self._send = gr.Button("Vote", elem_id="compare-send")
        self._status = block(html.note("A vote rates one answer up and the others down."), elem_id="compare-status")
        self._votes = block(elem_id="compare-votes")
        self._wire()

    def _wire(self) -> None:
        outputs = [*self._texts, self._asked, self._vote, self._status]
        running: list[Any] = [
            trigger(self._run, [self._question, self._models, self._blind, self._collection], outputs, **PRIVATE)
            for trigger in (self._ask.click, self._question.submit)
        ]
        stopped = html.note("Stopped.")
        self._stop.click(lambda: stopped, None, [self._status], cancels=running, **PRIVATE)
        voted = [*self._texts, self._asked, self._status, self._votes]
        self._send.click(self._voted, [self._asked, self._vote], voted, **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened."""
        page.load(self._choices, None, [self._models, self._collection, self._votes], **PRIVATE)

    async def _choices(self) -> Any:
        models = [model.id for model in await self._service.listed_models()]
        names = await self._service.collections()
        where = gr.Dropdown(choices=names, value=names[0], visible=len(names) > 1)
        return gr.CheckboxGroup(choices=models), where, html.note(self._tally.text())

    async def _run(
        self, question: str, models: list[str], blind: bool, collection: str, http: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        if not question.strip() or not 2 <= len(models) <= len(_LETTERS):
            raise gr.Error(
                "Write a question and choose two to four models.", title="Nothing asked", print_exception=False
            )
        # The order of the list would give the names away.
        models = secrets.SystemRandom().sample(models, len(models)) if blind else models
        self._service.audit.note("compare", requester(http), arms=len(models))
        answers = [""] * len(models)
        vote = gr.Radio(choices=[*_LETTERS[: len(models)], _TIE], value=None)
        yield *_boxes(models, answers, named=not blind), {}, vote, html.note("Asking …")
        pace = RedrawTimer()
        async with aclosing(_answers_of_all(self._service, question.strip(), models, collection)) as pieces:
            async for index, part in pieces:
                answers[index] = part.text if isinstance(part, AnswerResponse) else answers[index] + part
                if pace.due() and not blind:  # who writes first, and how fast, would tell as well
                    yield *_boxes(models, answers, named=not blind), gr.skip(), gr.skip(), gr.skip()
        comparison = {"question": question.strip(), "models": models, "answers": answers, "collection": collection}
        status = html.note("All have answered. Choose the best answer and vote.")
        shown = [disguised(answer) for answer in answers] if blind else answers
        yield *_boxes(models, shown, named=not blind), comparison, gr.skip(), status

    async def _voted(self, comparison: dict[str, Any], vote: str | None, http: gr.Request) -> tuple[Any, ...]:
        if not comparison:
            raise gr.Error("Ask a question first; each can be voted on once.", title="No vote", print_exception=False)
        if not vote:
            raise gr.Error("Choose an answer first.", title="No vote", print_exception=False)
        boxes = _boxes(comparison["models"], comparison["answers"], named=True)
        if vote == _TIE:
            self._tally.add(comparison["models"], None)
            return *boxes, {}, html.note("No difference."), html.note(self._tally.text())
        best = _LETTERS.index(vote)
        for index, (model, answer) in enumerate(zip(comparison["models"], comparison["answers"], strict=True)):
            if answer.strip():
                await keep_feedback(
                    self._service,
                    requester(http),
                    question=comparison["question"],
                    answer=answer,
                    model=model,
                    rating="up" if index == best else "down",
                    correction="",
                    citations=[],
                    collection=comparison["collection"],
                    context="",
                )
        self._tally.add(comparison["models"], comparison["models"][best])
        saved = html.note(f"Saved: {comparison['models'][best]} was best. Votes can become training data.")
        return *boxes, {}, saved, html.note(self._tally.text())


def _boxes(models: list[str], answers: list[str], *, named: bool) -> list[Any]:
    boxes: list[Any] = []
    for index, letter in enumerate(_LETTERS):
        if index >= len(models):
            boxes.append(gr.Textbox(visible=False, value=""))
        else:
            label = f"{letter}: {models[index]}" if named else letter
            boxes.append(gr.Textbox(visible=True, label=label, value=answers[index]))
    return boxes


async def _answers_of_all(
    service: Service, question: str, models: list[str], collection: str
) -> AsyncGenerator[tuple[int, Any]]:
    """Yield (index of the model, piece or answer) of all models as they come; an error is that model's answer."""
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def ask(index: int, model: str) -> None:
        conversation = [ChatMessage(role="user", text=question)]
        request = AnswerRequest(conversation=conversation, model=model, collection=collection)
        try:
            async with aclosing(service.answer(request)) as parts:
                async for part in parts:
                    queue.put_nowait((index, part))
        except KbError as error:
            queue.put_nowait((index, f"{NO_ANSWER} {page_text(error)}"))
        finally:
            queue.put_nowait(_END)

    tasks = [asyncio.create_task(ask(index, model)) for index, model in enumerate(models)]
    try:
        running = len(tasks)
        while running:
            item = await queue.get()
            if item is _END:
                running -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
