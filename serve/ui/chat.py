"""The tab Chat: questions, streamed answers, the pages that they cite, and ratings."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr
from gradio.blocks import Block

from core.errors import KbError
from serve.answers.models import BASE, SamplingControls
from serve.errors import page_text
from serve.observability.logs import log
from serve.service import Service
from serve.ui import html
from serve.ui.conversation import (
    DOCUMENTS,
    MODES,
    ChatTurn,
    answer_status,
    failed,
    messages,
    new_turn,
    request,
    stopped,
    turn_of_message,
    with_part,
)
from serve.ui.events import PRIVATE, SLOW, RedrawTimer, block, errors_shown, requester
from serve.ui.page_html import page_html
from serve.v1.search import keep_feedback

_WARNING = (
    "Answers can be wrong: read the pages that they cite. "
    '<a href="/privacy" target="_blank" rel="noopener">What is stored, and where</a>'
)
_SOURCES = "Pages that the answer cites; choose one to see it. Click an earlier answer for its pages."
_INTERNAL = "Internal error. Try again; the server's log holds the details."


class ChatTab:
    """Components and handlers; made inside the context of the page.

    Args:
        service: Answers questions.
        tabs: The tabs of the page.
        documents_tab: Id of the tab where documents are added.
    """

    def __init__(self, service: Service, tabs: gr.Tabs, documents_tab: str) -> None:
        self._service = service
        self._tabs = tabs
        self._documents_tab = documents_tab
        self._turns = gr.State([])
        # Index of the turn whose pages are listed.
        self._cited = gr.State(-1)
        block(f'<p class="kb-note">{_WARNING}</p>')
        with gr.Row(elem_classes="kb-row"):
            with gr.Column(scale=3, min_width=280):
                self._lay_conversation()
            with gr.Column(scale=2, min_width=280):
                with gr.Accordion("Model and controls", open=False, elem_id="chat-controls"):
                    self._lay_controls()
                self._sources = gr.Radio(label="Sources", choices=[], info=_SOURCES, elem_id="chat-sources")
                self._view = block(elem_id="chat-page")
        self._wire()

    def _lay_conversation(self) -> None:
        # What a model or a document writes is never markup: see `messages`.
        self._chat = gr.Chatbot(
            label="Conversation",
            show_label=False,
            height="50vh",
            render_markdown=False,
            sanitize_html=True,
            buttons=["copy"],
            layout="bubble",
            allow_tags=False,
            group_consecutive_messages=False,
            elem_id="chat-log",
        )
        self._status = block(elem_id="chat-status")
        self._add = gr.Button("Add documents", variant="primary", visible=False, elem_id="chat-add")
        self._question = gr.Textbox(
            label="Question",
            placeholder="What do you want to know?",
            lines=1,
            max_lines=8,
            submit_btn=False,
            autofocus=True,
            elem_id="chat-question",
        )
        with gr.Row(elem_classes="kb-buttons"):
            self._submit = gr.Button("Submit", variant="primary", min_width=70, elem_id="chat-submit")
            self._stop = gr.Button("Stop", min_width=70, interactive=False, elem_id="chat-stop")
            self._retry = gr.Button("Retry", min_width=70)
            self._clear = gr.Button("Clear", min_width=70)
        with gr.Accordion("Correct the last answer", open=False, elem_id="chat-correct"):
            self._correction = gr.Textbox(label="A better answer", lines=3)
            self._keep = gr.Button("Save the correction")

    def _lay_controls(self) -> None:
        # Sliders by the names of `SamplingControls`.
        self._model = gr.Dropdown(label="Model", choices=[BASE], value=BASE, info="base: the model of the settings.")
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
        drawn = self._drawn()
        sliders = list(self._sliders.values())
        given: set[Block] = {
            self._question,
            self._turns,
            self._model,
            self._mode,
            self._collection,
            self._passages,
            *sliders,
        }
        running: list[Any] = [
            trigger(self._submitted, given, [*drawn, self._question], **PRIVATE)
            for trigger in (self._submit.click, self._question.submit)
        ]
        running.append(self._retry.click(self._retried, given, drawn, **PRIVATE))
        # A cancelled handler draws a last time; what is to stay comes after that.
        stopped = self._stop.click(None, cancels=running)
        stopped.then(self._stopped, [self._turns], drawn, **PRIVATE)
        cleared = gr.on([self._clear.click, self._chat.clear], None, cancels=running)
        cleared.then(self._cleared, [self._collection], [*drawn, self._question], **PRIVATE)
        self._sources.input(self._show, [self._turns, self._cited, self._sources], [self._view], **SLOW)
        self._chat.select(self._choose_turn, [self._turns], [self._cited, self._sources, self._view], **SLOW)
        self._chat.like(self._judge, [self._turns], None, **PRIVATE)
        self._keep.click(self._correct, [self._turns, self._correction], [self._correction], **PRIVATE)
        self._add.click(lambda: gr.Tabs(selected=self._documents_tab), None, [self._tabs], **PRIVATE)
        gr.on(
            [self._model.change, self._mode.change],
            self._fit,
            [self._model, self._mode],
            [self._passages, *sliders, self._honoured],
            **PRIVATE,
        )
        self._collection.input(self._greet, [self._turns, self._collection], [self._status, self._add], **PRIVATE)

    def _drawn(self) -> list[Any]:
        """Return what a drawing of the conversation fills."""
        return [
            self._chat,
            self._turns,
            self._status,
            self._cited,
            self._sources,
            self._view,
            self._add,
            self._submit,
            self._stop,
        ]

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened."""
        sliders = list(self._sliders.values())
        filled = page.load(self._choices, None, [self._model, self._collection], **PRIVATE)
        filled.then(self._fit, [self._model, self._mode], [self._passages, *sliders, self._honoured], **PRIVATE)
        page.load(self._greet, [self._turns, self._collection], [self._status, self._add], **PRIVATE)

    def opened(self, tab: gr.Tab) -> None:
        """Look for new documents, models and collections whenever the tab is chosen."""
        tab.select(self._choices, None, [self._model, self._collection], **PRIVATE)
        tab.select(self._greet, [self._turns, self._collection], [self._status, self._add], **PRIVATE)

    async def _choices(self) -> tuple[Any, ...]:
        models = [model.id for model in await self._service.listed_models() if not model.documents]
        collections = await self._service.collections()
        return gr.Dropdown(choices=models), gr.Dropdown(choices=collections)

    async def _greet(self, turns: list[ChatTurn], collection: str) -> tuple[Any, Any]:
        """Return a status for a conversation that has not begun, and whether documents have to be added first."""
        count = await self._document_count(collection)
        if turns or count is None:
            return gr.skip(), gr.Button(visible=count == 0)
        if count == 0:
            return html.note("There are no documents yet. Add some, then ask about them."), gr.Button(visible=True)
        documents = "your document" if count == 1 else f"your {count} documents"
        return html.note(f"Ask something about {documents}."), gr.Button(visible=False)

    async def _document_count(self, collection: str) -> int | None:
        """Return how many documents a collection has; None where that cannot be found out now."""
        try:
            return len(await self._service.documents(collection))
        except KbError:
            return None

    async def _fit(self, model: str, mode: str) -> tuple[Any, ...]:
        """Disable what the back end cannot honour."""
        with errors_shown():
            honoured = await self._service.controls(model)
        sliders = [gr.Slider(interactive=name in honoured) for name in self._sliders]
        disabled = [slider.label for name, slider in self._sliders.items() if name not in honoured]
        text = f"The model {model} has no setting for: {', '.join(map(str, disabled))}." if disabled else ""
        return gr.Slider(interactive=mode == DOCUMENTS), *sliders, html.note(text) if text else ""

    async def _submitted(self, given: dict[Any, Any], http: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        question = given[self._question].strip()
        if not question:
            raise gr.Error("Write a question first.", title="Nothing asked", print_exception=False)
        if given[self._turns] and given[self._turns][-1]["running"]:
            raise gr.Error("Wait for the answer, or press Stop.", title="Not asked yet", print_exception=False)
        turns = [*given[self._turns], new_turn(question, given[self._collection])]
        # Emptied once: what is typed while the answer streams stays.
        cleared: Any = ""
        async with aclosing(self._answered(turns, given, requester(http))) as drawings:
            async for drawing in drawings:
                yield *drawing, cleared
                cleared = gr.skip()

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
        """Yield drawings of the conversation while its last turn is answered; an error ends the turn with its text."""
        alone = given[self._mode] != DOCUMENTS
        working = "Waiting for the model; the first answer takes longer." if alone else "Reading the documents …"
        no_sources = -1, gr.Radio(choices=[], value=None), ""
        yield messages(turns), turns, html.note(working), *no_sources, gr.skip(), *_buttons(running=True)
        try:
            async with aclosing(self._parts(turns, given, who)) as parts:
                pace = RedrawTimer()
                async for part in parts:
                    turns = [*turns[:-1], with_part(turns[-1], part)]
                    if pace.due():
                        yield messages(turns), turns, *[gr.skip()] * 7
            sources = await self._first_source(turns)
        except KbError as error:
            turns, sources = [*turns[:-1], failed(turns[-1], page_text(error))], no_sources
        except Exception as error:
            log("page", logging.ERROR, error=error)
            turns, sources = [*turns[:-1], failed(turns[-1], _INTERNAL)], no_sources
        add = gr.Button(visible=await self._document_count(given[self._collection]) == 0)
        yield messages(turns), turns, answer_status(turns[-1]), *sources, add, *_buttons(running=False)

    async def _parts(self, turns: list[ChatTurn], given: dict[Any, Any], who: str) -> AsyncGenerator[Any]:
        """Yield the parts of the last turn's answer."""
        answer_request = request(
            turns,
            model=given[self._model],
            mode=given[self._mode],
            collection=given[self._collection],
            passages=int(given[self._passages]),
            controls=await self._controls(turns[-1], given),
        )
        self._service.audit.note("ask", who, model=answer_request.model)
        async with aclosing(self._service.answer(answer_request)) as parts:
            async for part in parts:
                yield part

    async def _controls(self, turn: ChatTurn, given: dict[Any, Any]) -> SamplingControls:
        """Return the values of the sliders that the model honours."""
        honoured = await self._service.controls(given[self._model])
        values = {name: given[slider] for name, slider in self._sliders.items() if name in honoured}
        if turn["tries"] and "seed" in honoured:  # another answer, from a model that samples
            values["seed"] = self._service.settings.models.seed + turn["tries"]
        return SamplingControls(**values)

    async def _first_source(self, turns: list[ChatTurn], index: int = -1) -> tuple[Any, Any, Any]:
        """Return index, sources and first page of a turn."""
        index %= len(turns)
        turn = turns[index]
        labels = [(f"{number}. {html.place(source)}", number - 1) for number, source in enumerate(turn["sources"], 1)]
        if not labels:
            return index, gr.Radio(choices=[], value=None), ""
        return index, gr.Radio(choices=labels, value=0), await self._page(turn, 0)

    async def _page(self, turn: ChatTurn, source_index: int) -> str:
        source = turn["sources"][source_index]
        view = await self._service.page_view(
            source["sha256"], source["page"], source["start"], source["end"], turn["collection"]
        )
        return html.quotes([source]) + page_html(view)

    async def _show(self, turns: list[ChatTurn], cited: int, source_index: int | None) -> str:
        if source_index is None or not 0 <= cited < len(turns):
            return ""
        with errors_shown():
            return await self._page(turns[cited], source_index)

    async def _choose_turn(self, turns: list[ChatTurn], event: gr.SelectData) -> tuple[Any, Any, Any]:
        """Show the pages of the answer that was clicked."""
        if not turns:
            return gr.skip(), gr.skip(), gr.skip()
        with errors_shown():
            return await self._first_source(turns, turn_of_message(turns, _message_index(event.index)))

    async def _stopped(self, turns: list[ChatTurn]) -> tuple[Any, ...]:
        turns = [*turns[:-1], stopped(turns[-1])] if turns else []
        status = answer_status(turns[-1]) if turns else gr.skip()
        return messages(turns), turns, status, *[gr.skip()] * 4, *_buttons(running=False)

    async def _cleared(self, collection: str) -> tuple[Any, ...]:
        no_sources = -1, gr.Radio(choices=[], value=None), ""
        status, add = await self._greet([], collection)
        return [], [], status, *no_sources, add, *_buttons(running=False), ""

    async def _judge(self, turns: list[ChatTurn], http: gr.Request, data: gr.LikeData) -> None:
        if not turns:
            return
        turn = turns[turn_of_message(turns, _message_index(data.index))]
        if not isinstance(data.liked, bool) or not turn["done"]:
            gr.Info("The rating is hidden here; a rating that was saved stays saved.")
            return
        await self._feedback(turn, "up" if data.liked else "down", "", requester(http))
        gr.Info("Saved. Ratings can become training data.")

    async def _correct(self, turns: list[ChatTurn], correction: str, http: gr.Request) -> str:
        if not turns or not turns[-1]["done"] or not correction.strip():
            raise gr.Error("Write a correction of an answer first.", title="Nothing saved", print_exception=False)
        await self._feedback(turns[-1], "down", correction.strip(), requester(http))
        gr.Info("Saved: the correction is preferred over the answer.")
        return ""

    async def _feedback(self, turn: ChatTurn, rating: str, correction: str, who: str) -> None:
        with errors_shown():
            await keep_feedback(
                self._service,
                who,
                question=turn["question"],
                answer=turn["answer"],
                rating=rating,
                correction=correction,
                model=turn["model"],
                citations=turn["sources"],
                collection=turn["collection"],
                context="",
            )


def _buttons(*, running: bool) -> tuple[Any, Any]:
    """Return Submit and Stop, of which one can be pressed."""
    return gr.Button(interactive=not running), gr.Button(interactive=running)


def _message_index(index: Any) -> int:
    return int(index[0] if isinstance(index, (list, tuple)) else index)
