"""The tab Compare: one question, up to four arms side by side, streamed together, blind if wanted, and a vote."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr

from core.errors import KbError
from serve.answers.answering import DEFAULT, AnswerRequest, AnswerResponse, ChatMessage
from serve.answers.models import BASE
from serve.errors import page_text
from serve.service import Service
from serve.ui import html
from serve.ui.events import PRIVATE, RedrawTimer, block, requester
from serve.v1.search import keep_feedback

_LETTERS = "ABCD"
_TIE = "No difference"
_END = object()


class CompareTab:
    """Components and handlers; made inside the context of the page.

    Args:
        service: What answers.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asked = gr.State({})
        self._question = gr.Textbox(label="Question for all", lines=2, elem_id="compare-question")
        self._arms = gr.CheckboxGroup(
            label="Arms", choices=[BASE, DEFAULT], value=[BASE, DEFAULT],
            info="Two to four models; +rag answers from the documents.",
        )  # fmt: skip
        self._blind = gr.Checkbox(label="Blind: show names after the vote", value=True)
        with gr.Row(elem_classes="kb-buttons"):
            self._ask = gr.Button("Ask all", variant="primary", min_width=80, elem_id="compare-ask")
            self._stop = gr.Button("Stop", min_width=80)
        with gr.Row(elem_classes="kb-row"):
            self._texts = [
                gr.Textbox(label=letter, lines=8, max_lines=30, interactive=False, visible=at < 2, min_width=220)
                for at, letter in enumerate(_LETTERS)
            ]
        self._vote = gr.Radio(label="Which answer is best?", choices=[*_LETTERS[:2], _TIE], elem_id="compare-vote")
        self._send = gr.Button("Vote")
        self._status = block(html.note("A vote likes one answer and dislikes the others."))
        self._wire()

    def _wire(self) -> None:
        outputs = [*self._texts, self._asked, self._vote, self._status]
        running: list[Any] = [
            trigger(self._run, [self._question, self._arms, self._blind], outputs, **PRIVATE)
            for trigger in (self._ask.click, self._question.submit)
        ]
        stopped = html.note("Stopped.")
        self._stop.click(lambda: stopped, None, [self._status], cancels=running, **PRIVATE)
        self._send.click(self._voted, [self._asked, self._vote], [*self._texts, self._asked, self._status], **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened."""
        page.load(self._choices, None, [self._arms], **PRIVATE)

    async def _choices(self) -> Any:
        return gr.CheckboxGroup(choices=[model.id for model in await self._service.listed_models()])

    async def _run(
        self, question: str, arms: list[str], blind: bool, http: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        if not question.strip() or not 2 <= len(arms) <= len(_LETTERS):
            raise gr.Error(
                "Write a question and choose two to four arms.", title="Nothing asked", print_exception=False
            )
        # Not in the order of the list, or the letters would tell.
        arms = secrets.SystemRandom().sample(arms, len(arms)) if blind else arms
        self._service.audit.note("compare", requester(http), arms=len(arms))
        answers = [""] * len(arms)
        letters = list(_LETTERS[: len(arms)])
        vote = gr.Radio(choices=[*letters, _TIE], value=None)
        yield *_boxes(arms, answers, named=not blind), {}, vote, html.note("Asking …")
        pace = RedrawTimer()
        async with aclosing(_together(self._service, question.strip(), arms)) as pieces:
            async for at, part in pieces:
                answers[at] = part.text if isinstance(part, AnswerResponse) else answers[at] + part
                if pace.due():
                    yield *_boxes(arms, answers, named=not blind), gr.skip(), gr.skip(), gr.skip()
        asked = {"question": question.strip(), "arms": arms, "answers": answers}
        yield *_boxes(arms, answers, named=not blind), asked, gr.skip(), html.note("All have answered.")

    async def _voted(self, asked: dict[str, Any], vote: str | None, http: gr.Request) -> tuple[Any, ...]:
        if not asked or not vote:
            raise gr.Error("Ask first, then choose.", title="No vote", print_exception=False)
        boxes = _boxes(asked["arms"], asked["answers"], named=True)
        if vote == _TIE:
            return *boxes, {}, html.note("No difference: nothing was kept.")
        best = _LETTERS.index(vote)
        for at, (arm, answer) in enumerate(zip(asked["arms"], asked["answers"], strict=True)):
            if answer.strip():
                await keep_feedback(
                    self._service, requester(http), question=asked["question"], answer=answer, model=arm,
                    rating="up" if at == best else "down", correction="", citations=[],
                    collection=self._service.collection, context="",
                )  # fmt: skip
        return *boxes, {}, html.note(f"Kept: {asked['arms'][best]} was best (kb synth import makes pairs of it).")


def _boxes(arms: list[str], answers: list[str], *, named: bool) -> list[Any]:
    shown: list[Any] = []
    for at, letter in enumerate(_LETTERS):
        if at >= len(arms):
            shown.append(gr.Textbox(visible=False, value=""))
        else:
            label = f"{letter}: {arms[at]}" if named else letter
            shown.append(gr.Textbox(visible=True, label=label, value=answers[at]))
    return shown


async def _together(service: Service, question: str, arms: list[str]) -> Any:
    """Yield (arm, piece or reply) of all arms as they come; a failure is that arm's answer."""
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def one(at: int, arm: str) -> None:
        request = AnswerRequest(conversation=[ChatMessage(role="user", text=question)], model=arm)
        try:
            async with aclosing(service.answer(request)) as parts:
                async for part in parts:
                    queue.put_nowait((at, part))
        except KbError as error:
            queue.put_nowait((at, page_text(error)))
        finally:
            queue.put_nowait(_END)

    tasks = [asyncio.create_task(one(at, arm)) for at, arm in enumerate(arms)]
    try:
        left = len(tasks)
        while left:
            item = await queue.get()
            if item is _END:
                left -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
