// The conversation: questions, streamed answers, their pages, and the list of conversations.
import { h, call, getJson, sendJson, query, place, PageError } from "./dom.js";
import { Controls } from "./controls.js";
import { Store, newConversation, asMarkdown } from "./store.js";
import { turnElement, answerBody } from "./turn.js";
import { Viewer } from "./viewer.js";

const WARNING = "Answers can be wrong: read the pages that they cite. ";

export class Chat {
  constructor(state, router) {
    this.state = state;
    this.router = router;
    this.store = new Store();
    this.viewer = new Viewer();
    this.conversation = newConversation();
    this.running = null;
    this.examples = [];
    this.controls = new Controls(state, () => this._greet());
    this._build();
    this.store.addEventListener("change", () => this._list());
    this.store.connect(state.keyed);
    addEventListener("pagehide", () => this._interrupt());
    this._list();
    this._draw();
  }

  _build() {
    this.search = h("input", { type: "search", id: "chat-search", placeholder: "Search conversations", "aria-label": "Search conversations", oninput: () => this._list() });
    this.listing = h("ul", { id: "chat-list" });
    this.undo = h("p", { class: "kb-note", role: "status" });
    this.side = h("details", { class: "kb-side", id: "chat-conversations", open: matchMedia("(min-width: 900px)").matches },
      h("summary", {}, "Conversations"),
      h("nav", { "aria-label": "Conversations" }, this.search, this.undo, this.listing));
    this.log = h("div", { id: "chat-log", role: "log", "aria-label": "Conversation", "aria-live": "off" });
    this.status = h("p", { id: "chat-status", class: "kb-visually-hidden", role: "status" });
    this.question = h("textarea", { id: "chat-text", rows: "2", placeholder: "What do you want to know?", "aria-label": "Question",
      oninput: () => { this.store.draft = this.question.value; this._grow(); },
      onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); } } });
    this.question.value = this.store.draft;
    this.submitButton = h("button", { type: "button", id: "chat-submit", class: "kb-primary", onclick: () => this.submit() }, "Submit");
    this.stopButton = h("button", { type: "button", id: "chat-stop", class: "kb-stop", hidden: true, onclick: () => this.stop() }, "Stop");
    this.hint = h("p", { class: "kb-note", id: "chat-hint", role: "status" });
    const newButton = h("button", { type: "button", class: "kb-small", id: "chat-new", onclick: () => this.router.go("chat", "") }, "New conversation");
    this.title = h("h2", { class: "kb-title" });
    this.element = h("div", { class: "kb-chat" },
      h("p", { class: "kb-note kb-warning" }, WARNING, h("a", { href: "/privacy", target: "_blank", rel: "noopener" }, "What is stored, and where")),
      h("div", { class: "kb-columns" }, this.side,
        h("div", { class: "kb-main" },
          h("div", { class: "kb-bar-row" }, this.title, newButton),
          this.log, this.status,
          h("div", { class: "kb-composer", id: "chat-question" },
            h("div", { class: "kb-ask" }, this.question, this.submitButton, this.stopButton), this.hint, this.controls.element)),
        this.aside = h("aside", { class: "kb-aside", "aria-label": "Sources" }, this.viewer.element)));
  }

  _grow() {
    this.question.style.height = "auto";
    this.question.style.height = `${Math.min(220, this.question.scrollHeight + 2)}px`;
  }

  // ---- which conversation

  open(id) {
    const kept = id && this.store.get(id);
    if (kept && kept.id === this.conversation.id) return;
    if (!id && !this.conversation.turns.length) return this._draw();
    if (this.running) this.stop();
    this.conversation = kept ? structuredClone(kept) : newConversation();
    for (const turn of this.conversation.turns) turn.running = false;
    this.viewer.clear();
    this._draw();
    this._list();
    if (id && !kept) this.hint.textContent = "That conversation is not kept in this browser.";
    if (!id) this.question.focus();
  }

  _list() {
    const kept = this.store.list(this.search.value);
    this.listing.replaceChildren(...kept.map((each) => {
      const current = each.id === this.conversation.id;
      const menu = (label, onclick) => h("button", { type: "button", class: "kb-small", "aria-label": `${label} ${each.title}`, onclick }, label);
      return h("li", { class: current ? "kb-current" : null },
        h("a", { href: `#chat/${each.id}`, "aria-current": current ? "page" : null }, each.title || "Untitled"),
        h("div", { class: "kb-tools" }, menu("Rename", (event) => this._rename(each.id, event.target.closest("li"))),
          menu("Export", () => this._export(each.id)), menu("Delete", () => this._delete(each.id))));
    }));
    if (!kept.length) this.listing.append(h("li", { class: "kb-note" }, this.search.value ? "None found." : "None yet."));
  }

  _rename(id, item) {
    const conversation = this.store.get(id);
    const save = () => {
      const title = field.value.trim();
      if (title) { conversation.title = title; this.store.save(conversation); if (id === this.conversation.id) { this.conversation.title = title; this._draw(); } } else this._list();
    };
    const field = h("input", { type: "text", "aria-label": "New name", value: conversation.title, maxlength: "120",
      onkeydown: (event) => { if (event.key === "Enter") save(); if (event.key === "Escape") this._list(); }, onblur: save });
    item.replaceChildren(field);
    field.focus();
    field.select();
  }

  _export(id) {
    const conversation = this.store.get(id);
    const url = URL.createObjectURL(new Blob([asMarkdown(conversation, place)], { type: "text/markdown" }));
    const name = (conversation.title || "conversation").replace(/[^\p{L}\p{N} _-]+/gu, "").trim().slice(0, 60) || "conversation";
    h("a", { href: url, download: `${name}.md` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  _delete(id) {
    const removed = this.store.get(id);
    this.store.remove(id);
    if (id === this.conversation.id) this.router.go("chat", "");
    const undo = h("button", { type: "button", class: "kb-small", onclick: () => {
      this.store.save(removed);
      this.undo.replaceChildren();
      this.search.focus();
    } }, "Undo");
    this.undo.replaceChildren(`Deleted “${removed.title}”. `, undo);
    undo.focus();
  }

  // Chooses a model that another tab has made.
  async use(model) {
    try { this.controls.update(await getJson("/page/state" + query({ collection: this.controls.collectionName }))); } catch { /* as it was */ }
    return this.controls.use(model);
  }

  // ---- drawing

  get actions() {
    return this._actions ??= {
      open: (turn, number) => this._openSource(turn, number),
      retry: (index) => this.retry(index),
      edit: (index) => this._edit(index),
      copy: (turn, button) => { navigator.clipboard?.writeText(turn.answer); button.textContent = "Copied"; },
      rate: (turn, rating) => this._rate(turn, rating),
      why: (index, button) => this._why(index, button),
      correct: (index) => this._correct(index),
      addDocuments: () => this.router.go("documents", ""),
      hasDocuments: () => this.state.documents > 0,
      waiting: (turn) => this._waiting(turn),
    };
  }

  _waiting(turn) {
    return turn.alone || !/^(base|extractive)$/.test(turn.asked_model) ? "Waiting for the model; the first answer takes longer while its weights are loaded …" : "Reading the documents …";
  }

  _draw() {
    const { title, turns } = this.conversation;
    this.title.textContent = turns.length && turns[0].question.startsWith(title) ? "" : title;
    if (!this.conversation.turns.length) this._greet();
    else this.log.replaceChildren(...this.conversation.turns.map((turn, index) => turnElement(turn, index, this.actions)));
    this.submitButton.hidden = Boolean(this.running);
    this.stopButton.hidden = !this.running;
    this.hint.textContent = "";
  }

  async _greet() {
    if (this.conversation.turns.length) return;
    const collection = this.controls.collectionName;
    try { this.state = await getJson("/page/state" + query({ collection })); } catch { /* as it was */ }
    if (this.conversation.turns.length) return;
    const count = this.state.documents;
    const lead = h("p", { class: "kb-lead" }, "Ask your own documents: every answer names its page, and every quote was found on it.");
    if (!count) {
      const input = h("input", { type: "file", multiple: true, id: "chat-files", onchange: () => this._add([...input.files]) });
      const drop = h("div", { class: "kb-drop", id: "chat-add" },
        h("p", {}, "There are no documents yet. Drop some here, or"),
        h("label", { class: "kb-primary kb-file" }, "Choose files", input),
        h("button", { type: "button", class: "kb-small", onclick: () => this.router.go("documents", "") }, "Add a web page or a folder"),
        h("p", { class: "kb-note", id: "chat-adding", role: "status" }));
      for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("kb-over"); });
      drop.addEventListener("dragleave", () => drop.classList.remove("kb-over"));
      drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("kb-over"); this._add([...event.dataTransfer.files]); });
      this.log.replaceChildren(h("div", { class: "kb-empty" }, lead, drop));
      return;
    }
    const list = h("ul", { class: "kb-examples", id: "chat-examples" });
    const words = count === 1 ? "your document" : `your ${count} documents`;
    this.log.replaceChildren(h("div", { class: "kb-empty" }, lead, h("p", { class: "kb-note" }, `Ask something about ${words}.`), list));
    try {
      const { questions } = await getJson("/page/examples" + query({ collection }));
      list.replaceChildren(...questions.map((question) => h("li", {}, h("button", { type: "button", class: "kb-example", onclick: () => this.ask(question) }, question))));
    } catch { /* without examples */ }
  }

  async _add(files) {
    const note = document.getElementById("chat-adding");
    try { await this.router.documents.upload(files, (text) => { note.textContent = text; }); } catch (error) { note.textContent = error.text || String(error); return; }
    this._greet();
  }

  _redrawLast() {
    const turns = this.conversation.turns, index = turns.length - 1;
    const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 120;
    const live = this.log.lastElementChild?.querySelector(".kb-live");
    if (turns[index].running && turns[index].answer && live) live.replaceChildren(...answerBody(turns[index], this.actions));
    else {
      const made = turnElement(turns[index], index, this.actions);
      if (this.log.children.length === turns.length && !this.log.querySelector(".kb-empty")) this.log.lastElementChild.replaceWith(made);
      else this._draw();
    }
    if (atEnd) this.question.scrollIntoView({ block: "nearest" });
  }

  // ---- asking

  submit() {
    const question = this.question.value.trim();
    if (this.running) { this.hint.textContent = "Wait for the answer, or press Stop; what you type stays."; return; }
    if (!question) { this.hint.textContent = "Write a question first."; this.question.focus(); return; }
    this.question.value = "";
    this.store.draft = "";
    this._grow();
    this.ask(question);
  }

  ask(question) {
    if (this.running) return;
    this._run([...this.conversation.turns], question);
  }

  retry(index) {
    if (this.running) { this.hint.textContent = "Wait for the answer, or press Stop."; return; }
    const turn = this.conversation.turns[index];
    this._fork(index);
    this._run(this.conversation.turns.slice(0, index), turn.question, (turn.tries || 0) + 1);
  }

  // Later turns stay in the conversation that they belong to; what is asked again goes on in a copy.
  _fork(index) {
    if (index === this.conversation.turns.length - 1) return;
    const copy = newConversation();
    copy.title = `${this.conversation.title} (again)`;
    copy.turns = structuredClone(this.conversation.turns.slice(0, index + 1));
    this.conversation = copy;
  }

  _edit(index) {
    if (this.running) { this.hint.textContent = "Wait for the answer, or press Stop."; return; }
    const bubble = this.log.children[index].querySelector(".kb-question");
    const field = h("textarea", { rows: "3", "aria-label": "Edit the question" });
    field.value = this.conversation.turns[index].question;
    const ask = () => {
      const question = field.value.trim();
      if (!question) return;
      this._fork(index);
      this._run(this.conversation.turns.slice(0, index), question);
    };
    bubble.replaceChildren(field, h("div", { class: "kb-tools" },
      h("button", { type: "button", class: "kb-primary", onclick: ask }, "Ask"),
      h("button", { type: "button", class: "kb-small", onclick: () => this._draw() }, "Cancel")));
    field.focus();
  }

  async _run(before, question, tries = 0) {
    const conversation = this.conversation;
    const body = this.controls.body();
    if (tries && this.controls.honoured.has("seed")) body.seed = this.state.defaults.seed + tries;
    const turn = { question, answer: "", sources: [], statements: [], notes: [], running: true, done: false, error: "", tries,
      asked: Date.now(), body, collection: body.collection, alone: !this.controls.fromDocuments, asked_model: body.model.replace("+rag", "") };
    conversation.turns = [...before, turn];
    conversation.title ||= question.replace(/\s+/g, " ").slice(0, 70);
    this.running = new AbortController();
    this.store.save(conversation);
    this.router.replace("chat", conversation.id);
    this._draw();
    this._list();
    this.log.lastElementChild.scrollIntoView({ block: "nearest" });
    this.status.textContent = "Waiting for the answer.";
    const messages = this._messages(before, question);
    try {
      const response = await call("/page/chat/completions", { method: "POST", signal: this.running.signal,
        headers: { "content-type": "application/json" }, body: JSON.stringify({ ...body, messages, stream: true }) });
      const dropped = response.headers.get("x-kb-dropped");
      if (dropped) turn.notes_before = [`The ${dropped} oldest messages no longer fit and were left out.`];
      await this._read(response, turn, conversation);
      if (!turn.done) throw new PageError({ message: "The answer broke off", click: "try again" });
    } catch (error) {
      if (error.name !== "AbortError") turn.error = error.text || "The answer broke off. Try again.";
    }
    turn.running = false;
    this.running = null;
    this.store.save(conversation);
    if (conversation !== this.conversation) return;
    this._draw();
    this.status.textContent = turn.error ? `Not answered: ${turn.error}` : turn.done ? "Answered." : "Stopped.";
    if (turn.sources.length) this._openSource(turn, 1, { focus: false });
  }

  _messages(before, question) {
    const messages = before.filter((each) => each.answer && !each.error).flatMap((each) =>
      [{ role: "user", content: each.question }, { role: "assistant", content: each.answer }]);
    return [...messages, { role: "user", content: question }];
  }

  async _why(index, button) {
    const { turns } = this.conversation, turn = turns[index];
    button.disabled = true;
    button.textContent = "Asking again …";
    this.status.textContent = "Asking again without the passages, and with others.";
    try {
      const messages = this._messages(turns.slice(0, index), turn.question);
      const { statements } = await sendJson("POST", "/page/why", { ...(turn.body || this.controls.body()), messages,
        answer: turn.answer, statements: turn.statements, sources: turn.sources });
      turn.statements = statements;
      this.status.textContent = "";
    } catch (error) {
      this.hint.textContent = error.text;
      button.disabled = false;
      button.textContent = "Why?";
      return;
    }
    this.store.save(this.conversation);
    this._redrawTurn(index);
  }

  async _read(response, turn, conversation) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "", drawn = 0, saved = Date.now();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      const events = buffer.split("\n\n");
      buffer = events.pop();
      for (const event of events) {
        const data = event.replace(/^data: /, "");
        if (data === "[DONE]") continue;
        this._take(JSON.parse(data), turn);
      }
      if (Date.now() - drawn > 120 && conversation === this.conversation && !turn.done) { drawn = Date.now(); this._redrawLast(); }
      if (Date.now() - saved > 2000) { saved = Date.now(); this.store.save(conversation, { silent: true }); }
    }
  }

  _take(event, turn) {
    if (event.error) throw new PageError(event.error);
    const choice = event.choices?.[0];
    turn.answer += choice?.delta?.content || "";
    if (!choice?.finish_reason) return;
    Object.assign(turn, {
      answer: event.answer ?? turn.answer, sources: event.sources || [], ground: event.ground || "", statements: event.statements || [],
      short_answer: event.short_answer || "", confidence: event.confidence ?? null, computed_from: event.computed_from || [],
      notes: [...(turn.notes_before || []), ...(event.notes || [])], model: event.answered_by || turn.asked_model, done: true,
    });
    if (choice.finish_reason === "length") turn.notes.push("The answer was cut at its longest; raise it under Model and controls.");
  }

  stop() { this.running?.abort(); }

  _interrupt() { if (this.running) this.store.save(this.conversation, { silent: true }); }

  // ---- sources and ratings

  _openSource(turn, number, { focus = true } = {}) {
    const source = turn.sources[number - 1];
    if (!source) return;
    const index = this.conversation.turns.indexOf(turn);
    // Beside the conversation where there is room, else under the answer that cites it.
    const home = matchMedia("(min-width: 1100px)").matches ? this.aside : this.log.children[index]?.querySelector(".kb-answer");
    home?.append(this.viewer.element);
    for (const button of this.log.querySelectorAll(".kb-source")) button.removeAttribute("aria-current");
    this.log.children[index]?.querySelectorAll(".kb-source")[number - 1]?.setAttribute("aria-current", "true");
    this.viewer.show(source, turn.collection, { number, focus });
  }

  async _rate(turn, rating, correction = "") {
    const withdrawn = turn.rating === rating && !correction;
    const index = this.conversation.turns.indexOf(turn);
    try {
      await sendJson("POST", "/page/feedback", { question: turn.question, answer: turn.answer, rating, correction,
        model: turn.model, citations: turn.sources, collection: turn.collection, withdrawn });
    } catch (error) { this.hint.textContent = error.text; return; }
    turn.rating = withdrawn ? "" : rating;
    this.store.save(this.conversation);
    this._redrawTurn(index);
    this.hint.textContent = withdrawn ? "Taken back." : correction ? "Saved: the correction is preferred over the answer." : "Saved. Ratings can become training data; the last one counts.";
  }

  _redrawTurn(index) {
    const viewer = this.log.children[index].contains(this.viewer.element);
    const made = turnElement(this.conversation.turns[index], index, this.actions);
    this.log.children[index].replaceWith(made);
    if (viewer) made.querySelector(".kb-answer").append(this.viewer.element);
  }

  _correct(index) {
    const turn = this.conversation.turns[index];
    const field = h("textarea", { rows: "3", "aria-label": "A better answer" });
    const box = h("div", { class: "kb-correct" }, field, h("div", { class: "kb-tools" },
      h("button", { type: "button", class: "kb-primary", onclick: () => {
        if (field.value.trim()) this._rate(turn, "down", field.value.trim());
      } }, "Save the correction"),
      h("button", { type: "button", class: "kb-small", onclick: () => box.remove() }, "Cancel")));
    this.log.children[index].append(box);
    field.focus();
  }
}
