"""The tab Chat: questions, streamed answers, the pages they stand on, and what people say of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr
from gradio.blocks import Block

from serve.answers.models import BASE, SamplingControls
from serve.service import Service
from serve.ui import html
from serve.ui.conversation import DOCUMENTS, MODES, ChatTurn, answer_status, messages, new_turn, request, with_part
from serve.ui.events import PRIVATE, RedrawTimer, block, errors_shown, requester
from serve.v1.search import keep_feedback

_WARNING = 'Answers can be wrong: look at the page behind them. <a href="/privacy">What is stored, and where</a>'
_CHOOSE = "Pages the answer stands on; choose one to see it."
_HELLO = "Ask something about your documents."


class ChatTab:
    """Components and handlers; made inside the context of the page.

    Args:
        service: What answers.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turns = gr.State([])
        block(f'<p class="kb-note">{_WARNING}</p>')
        with gr.Row(elem_classes="kb-row"):
            with gr.Column(scale=3, min_width=280):
                self._lay_conversation()
            with gr.Column(scale=2, min_width=280):
                self._sources = gr.Radio(label="Sources", choices=[], info=_CHOOSE, elem_id="chat-sources")
                self._view = block(elem_id="chat-page")
                with gr.Accordion("Model and controls", open=False, elem_id="chat-controls"):
                    self._lay_controls()
        self._wire()

    def _lay_conversation(self) -> None:
        # What a model or a document writes is never markup: see `messages`.
        self._chat = gr.Chatbot(
            label="Conversation", height="50vh", render_markdown=False, sanitize_html=True, buttons=["copy"],
            layout="bubble", allow_tags=False, elem_id="chat-log",
        )  # fmt: skip
        self._status = block(html.note(_HELLO), elem_id="chat-status")
        self._question = gr.Textbox(
            label="Question", placeholder="What do you want to know?", lines=1, max_lines=8, submit_btn=False,
            autofocus=True, elem_id="chat-question",
        )  # fmt: skip
        with gr.Row(elem_classes="kb-buttons"):
            self._submit = gr.Button("Submit", variant="primary", min_width=70, elem_id="chat-submit")
            self._stop = gr.Button("Stop", min_width=70)
            self._retry = gr.Button("Retry", min_width=70)
            self._clear = gr.Button("Clear", min_width=70)
        with gr.Accordion("Correct the last answer", open=False, elem_id="chat-correct"):
            self._correction = gr.Textbox(label="A better answer", lines=3)
            self._keep = gr.Button("Keep the correction")

    def _lay_controls(self) -> None:
        # Sliders by the names of `Controls`.
        self._model = gr.Dropdown(label="Model", choices=[BASE], value=BASE)
        self._mode = gr.Radio(label="Mode", choices=list(MODES), value=DOCUMENTS)
        self._collection = gr.Dropdown(
            label="Collection", choices=[self._service.collection], value=self._service.collection
        )
        self._passages = gr.Slider(
            1, 20, min(20, self._service.settings.rag.top_k), step=1, label="Passages", info="Passages the model reads."
        )
        models = self._service.settings.models
        self._sliders = {
            "temperature": gr.Slider(
                0, 2, models.temperature, step=0.05, label="Temperature", info="0 always takes the likeliest word."
            ),
            "top_p": gr.Slider(0.05, 1, 1, step=0.05, label="Top-p"),
            "top_k": gr.Slider(0, 200, 0, step=1, label="Top-k", info="0 keeps all."),
            "repetition_penalty": gr.Slider(1, 2, 1, step=0.05, label="Repetition penalty"),
            "max_tokens": gr.Slider(
                16, max(4096, models.max_tokens), models.max_tokens, step=16, label="Longest answer, in tokens"
            ),
        }
        self._honoured = block()

    def _wire(self) -> None:
        drawn = [self._chat, self._turns, self._status, self._sources, self._view]
        sliders = list(self._sliders.values())
        given: set[Block] = {
            self._question, self._turns, self._model, self._mode, self._collection, self._passages, *sliders
        }  # fmt: skip
        running: list[Any] = [
            trigger(self._submitted, given, [*drawn, self._question], **PRIVATE)
            for trigger in (self._submit.click, self._question.submit)
        ]
        running.append(self._retry.click(self._retried, given, drawn, **PRIVATE))
        # What is cancelled draws a last time; what is to stay comes after that.
        stopped = self._stop.click(None, cancels=running)
        stopped.then(self._stopped, [self._turns], drawn, **PRIVATE)
        cleared = gr.on([self._clear.click, self._chat.clear], None, cancels=running)
        cleared.then(self._cleared, None, [*drawn, self._question], **PRIVATE)
        self._sources.input(self._show, [self._turns, self._sources], [self._view], **PRIVATE)
        self._chat.like(self._judge, [self._turns], [self._status], **PRIVATE)
        self._keep.click(self._correct, [self._turns, self._correction], [self._status, self._correction], **PRIVATE)
        gr.on(
            [self._model.change, self._mode.change],
            self._fit, [self._model, self._mode], [self._passages, *sliders, self._honoured], **PRIVATE,
        )  # fmt: skip

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened."""
        sliders = list(self._sliders.values())
        filled = page.load(self._choices, None, [self._model, self._collection], **PRIVATE)
        filled.then(self._fit, [self._model, self._mode], [self._passages, *sliders, self._honoured], **PRIVATE)

    async def _choices(self) -> tuple[Any, ...]:
        models = [model.id for model in await self._service.listed_models() if not model.documents]
        collections = await self._service.collections()
        return gr.Dropdown(choices=models), gr.Dropdown(choices=collections)

    async def _fit(self, model: str, mode: str) -> tuple[Any, ...]:
        """Disable what the back end cannot honour."""
        with errors_shown():
            honoured = await self._service.controls(model)
        sliders = [gr.Slider(interactive=name in honoured) for name in self._sliders]
        left = [slider.label for name, slider in self._sliders.items() if name not in honoured]
        said = f"{model} does not take: {', '.join(map(str, left))}." if left else ""
        return gr.Slider(interactive=mode == DOCUMENTS), *sliders, html.note(said) if said else ""

    async def _submitted(self, given: dict[Any, Any], http: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        question = given[self._question].strip()
        if not question:
            raise gr.Error("The question is empty.", title="Nothing asked", print_exception=False)
        turns = [*given[self._turns], new_turn(question, given[self._collection])]
        async with aclosing(self._answered(turns, given, requester(http))) as drawings:
            async for drawing in drawings:
                yield *drawing, ""

    async def _retried(self, given: dict[Any, Any], http: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        if not given[self._turns]:
            raise gr.Error("There is no question yet.", title="Nothing to retry", print_exception=False)
        *before, last = given[self._turns]
        turns = [*before, new_turn(last["question"], last["collection"], last["tries"] + 1)]
        async with aclosing(self._answered(turns, given, requester(http))) as drawings:
            async for drawing in drawings:
                yield drawing

    async def _answered(
        self, turns: list[ChatTurn], given: dict[Any, Any], who: str
    ) -> AsyncGenerator[tuple[Any, ...]]:
        """Yield drawings of the conversation while its last turn is answered."""
        alone = given[self._mode] != DOCUMENTS
        working = html.note("Thinking …" if alone else "Reading the documents …")
        yield messages(turns), turns, working, gr.Radio(choices=[], value=None), ""
        with errors_shown():
            wanted = request(
                turns, model=given[self._model], mode=given[self._mode], collection=given[self._collection],
                passages=int(given[self._passages]), controls=await self._controls(turns[-1], given),
            )  # fmt: skip
            self._service.audit.note("ask", who, model=wanted.model)
            pace = RedrawTimer()
            async with aclosing(self._service.answer(wanted)) as parts:
                async for part in parts:
                    turns = [*turns[:-1], with_part(turns[-1], part)]
                    if pace.due():
                        yield messages(turns), turns, gr.skip(), gr.skip(), gr.skip()
            yield messages(turns), turns, html.note(answer_status(turns[-1])), *await self._first_source(turns[-1])

    async def _controls(self, turn: ChatTurn, given: dict[Any, Any]) -> SamplingControls:
        """Return what the sliders say, as far as the model honours it."""
        honoured = await self._service.controls(given[self._model])
        said = {name: given[slider] for name, slider in self._sliders.items() if name in honoured}
        if turn["tries"] and "seed" in honoured:  # another answer, where chance has a part in it
            said["seed"] = self._service.settings.models.seed + turn["tries"]
        return SamplingControls(**said)

    async def _first_source(self, turn: ChatTurn) -> tuple[Any, Any]:
        labels = [(f"{n}. {html.place(source)}", n - 1) for n, source in enumerate(turn["sources"], 1)]
        if not labels:
            return gr.Radio(choices=[], value=None), ""
        return gr.Radio(choices=labels, value=0), await self._page(turn, 0)

    async def _page(self, turn: ChatTurn, at: int) -> str:
        source = turn["sources"][at]
        view = await self._service.page_view(
            source["sha256"], source["page"], source["start"], source["end"], turn["collection"]
        )
        return html.quotes([source]) + html.page_view(view)

    async def _show(self, turns: list[ChatTurn], at: int | None) -> str:
        if at is None or not turns:
            return ""
        with errors_shown():
            return await self._page(turns[-1], at)

    def _stopped(self, turns: list[ChatTurn]) -> tuple[Any, ...]:
        said = answer_status(turns[-1]) if turns else _HELLO
        return messages(turns), turns, html.note(said), gr.skip(), gr.skip()

    def _cleared(self) -> tuple[Any, ...]:
        return [], [], html.note(_HELLO), gr.Radio(choices=[], value=None), "", ""

    async def _judge(self, turns: list[ChatTurn], http: gr.Request, data: gr.LikeData) -> str:
        at = data.index[0] if isinstance(data.index, (list, tuple)) else data.index
        answered = [turn for turn in turns if turn["answer"]]
        if not isinstance(data.liked, bool) or int(at) // 2 >= len(answered):
            return html.note("Taken back here; what was kept stays in feedback.jsonl.")
        await self._feedback(answered[int(at) // 2], "up" if data.liked else "down", "", requester(http))
        return html.note("Thank you. Liked and disliked answers become preference pairs (kb synth import).")

    async def _correct(self, turns: list[ChatTurn], correction: str, http: gr.Request) -> tuple[Any, ...]:
        if not turns or not turns[-1]["answer"] or not correction.strip():
            raise gr.Error("There is no answer, or no correction.", title="Nothing kept", print_exception=False)
        await self._feedback(turns[-1], "down", correction.strip(), requester(http))
        return html.note("Kept: the correction is preferred over the answer (kb synth import)."), ""

    async def _feedback(self, turn: ChatTurn, rating: str, correction: str, who: str) -> None:
        with errors_shown():
            await keep_feedback(
                self._service, who, question=turn["question"], answer=turn["answer"], rating=rating,
                correction=correction, model=turn["model"], citations=turn["sources"], collection=turn["collection"],
                context="",
            )  # fmt: skip
