// The conversation: questions, streamed answers, their pages, and the list of conversations.
import { h, call, getJson, sendJson, query, keepFocus, copyText, PageError } from "./dom.js";
import { Controls } from "./controls.js";
import { Conversations } from "./conversations.js";
import { takesFiles } from "./drop.js";
import { Store, drafts, newConversation } from "./store.js";
import { turnElement, answerBody } from "./turn.js";
import { Viewer } from "./viewer.js";

const WIDE = "(min-width: 1100px)", NEW = "new"; // a conversation without turns has no address yet
const MOST_CHARS = 400000; // of a question
const WARNING = "Answers can be wrong: read the pages that they cite. ";

export class Chat {
  constructor(state, router) {
    this.state = state;
    this.router = router;
    this.store = new Store(state.person);
    this.viewer = new Viewer(() => { this._shown = null; this._placeViewer(); });
    this.conversation = newConversation();
    this.answering = new Map(); // by id of the conversation: what can be stopped
    this.fields = new Map(); // what is being typed about a turn, by the time when it was asked
    this.controls = new Controls(state, () => this._greet());
    this._build();
    this.store.addEventListener("change", () => this._followStore());
    addEventListener("pagehide", () => this._interrupt());
    matchMedia(WIDE).addEventListener("change", () => this._placeViewer());
    this.list.draw();
    this._draw();
    this.connected = this.store.connect();
  }

  _build() {
    this.list = new Conversations(this.store, {
      current: () => this.conversation.id,
      isRunning: (id) => this.answering.has(id),
      removed: (id) => this._removed(id),
      restored: (id, open) => { if (open) this.router.go("chat", id); else this.list.search.focus(); },
      renamed: (id, title) => { if (id === this.conversation.id) { this.conversation.title = title; this._head(); } },
    });
    this.log = h("div", { id: "chat-log", role: "log", "aria-label": "Conversation", "aria-live": "off" });
    this.status = h("p", { id: "chat-status", class: "kb-visually-hidden", role: "status" });
    this.question = h("textarea", { id: "chat-text", rows: "2", placeholder: "What do you want to know?", "aria-label": "Question",
      oninput: () => { this._draft(this.question.value); this._grow(); },
      onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); } } });
    this.question.value = drafts.get(NEW);
    this.submitButton = h("button", { type: "button", id: "chat-submit", class: "kb-primary", onclick: () => this.submit() }, "Submit");
    this.stopButton = h("button", { type: "button", id: "chat-stop", class: "kb-stop", hidden: true,
      onclick: (event) => { if (event.detail < 2) this.stop(); } }, "Stop"); // it stands where a double click on Submit ends
    this.hint = h("p", { class: "kb-note", id: "chat-hint", role: "status" });
    this.adding = h("p", { class: "kb-note", id: "chat-adding", role: "status" });
    const newButton = h("button", { type: "button", class: "kb-small", id: "chat-new", onclick: () => this._new() }, "New conversation");
    this.title = h("h2", { class: "kb-title" });
    this.element = h("div", { class: "kb-chat" },
      h("p", { class: "kb-note kb-warning" }, WARNING, h("a", { href: "/privacy", target: "_blank", rel: "noopener" }, "What is stored, and where"),
        this.state.person ? h("span", { id: "chat-person" }, ` Logged in as ${this.state.person}. `, h("button", { type: "button", class: "kb-link", onclick: () => this._logOut() }, "Log out")) : null),
      h("div", { class: "kb-columns" }, this.list.element,
        h("div", { class: "kb-main" },
          h("div", { class: "kb-bar-row" }, this.title, newButton),
          this.log, this.status, this.adding,
          h("div", { class: "kb-composer", id: "chat-question" },
            h("div", { class: "kb-ask" }, this.question, this.submitButton, this.stopButton), this.hint, this.controls.element)),
        this.aside = h("aside", { class: "kb-aside", "aria-label": "Sources" }, this.viewer.element)));
    takesFiles(this.element, (files) => this.add(files));
  }

  async _logOut() {
    try { await call("/logout", { method: "POST" }); } catch (error) { this.hint.textContent = error.text; return; }
    location.assign("/login");
  }

  _grow() {
    this.question.style.height = "auto";
    this.question.style.height = `${Math.min(220, this.question.scrollHeight + 2)}px`;
  }

  // ---- which conversation

  get running() { return this.answering.get(this.conversation.id); }

  get _draftKey() { return this.conversation.turns.length ? this.conversation.id : NEW; }

  _draft(text) { drafts.set(this._draftKey, text); }

  // What is typed goes along into the new conversation: it is asked there.
  _new() {
    if (this.question.value.trim() && this.conversation.turns.length && !drafts.get(NEW)) {
      drafts.set(NEW, this.question.value);
      this._draft("");
    }
    this.router.go("chat");
  }

  async open(id = "") {
    this._opening = id;
    let kept = id && this.store.get(id);
    if (id && !kept && id !== this.conversation.id) {
      await this.connected; // it may be kept by the server
      if (this._opening !== id) return;
      kept = this.store.get(id);
    }
    if (id && id === this.conversation.id) return;
    if (!id && !this.conversation.turns.length) { this._draw(); return; }
    this._show(this.answering.get(id)?.conversation || (kept ? structuredClone(kept) : newConversation()));
    if (id && !kept) this.hint.textContent = this.state.keyed ? "There is no such conversation any more." : "That conversation is not kept in this browser.";
    if (!id) this.question.focus();
  }

  _show(conversation) {
    this.conversation = conversation;
    this._shown = null;
    this.viewer.clear();
    this.question.value = drafts.get(this._draftKey);
    this._draw();
    this._grow();
    this.list.draw();
  }

  // Another window, or an answer that ended, has changed what is kept.
  _followStore() {
    const kept = this.store.get(this.conversation.id);
    if (!kept || this.running || kept.updated <= this.conversation.updated) return;
    this.conversation = structuredClone(kept);
    this._draw();
  }

  _removed(id) {
    this.answering.get(id)?.abort.abort();
    this.answering.delete(id);
    if (id === this.conversation.id) { this._show(newConversation()); this.router.replace("chat"); }
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
      copy: async (turn, button) => { button.textContent = (await copyText(turn.answer)) ? "Copied" : "Not copied"; },
      rate: (turn, rating) => this._rate(turn, rating),
      why: (index, button) => this._why(index, button),
      correct: (index) => this._correct(index),
      addDocuments: () => this.router.go("documents", ...this.router.documents.address(this.controls.collectionName)),
      goToTraining: () => this.router.go("training"),
      chooseModel: () => this.controls.open(),
      waiting: (turn) => this._waiting(turn),
    };
  }

  _waiting(turn) {
    return turn.alone || !/^(base|extractive)$/.test(turn.asked_model) ? "Waiting for the model; the first answer takes longer while its weights are loaded …" : "Reading the documents …";
  }

  _head() {
    const { title, turns } = this.conversation;
    this.title.textContent = turns.length && turns[0].question.startsWith(title) ? "" : title;
  }

  _draw() {
    const { turns } = this.conversation;
    this._head();
    if (!turns.length) this._greet();
    else this._redraw(() => this.log, () => this.log.replaceChildren(...turns.map((turn, index) => this._turn(turn, index))));
    const focused = document.activeElement;
    this.submitButton.hidden = Boolean(this.running);
    this.stopButton.hidden = !this.running;
    if (focused === this.submitButton && this.running) this.stopButton.focus();
    if (focused === this.stopButton && !this.running) this.submitButton.focus();
    this.hint.textContent = "";
  }

  // Draws with the focus kept, and the open page as it was moved.
  _redraw(home, draw) {
    const crop = this.viewer.element.querySelector(".kb-crop"), { scrollLeft = 0, scrollTop = 0 } = crop || {};
    keepFocus(home, () => { draw(); this._placeViewer(); });
    if (crop) Object.assign(crop, { scrollLeft, scrollTop });
  }

  // A turn with what is being typed about it.
  _turn(turn, index) {
    const made = turnElement(turn, index, { ...this.actions, elsewhere: turn.running && this.running?.turn !== turn && Date.now() - this.conversation.updated < 60000 });
    const fields = this.fields.get(turn.asked) || {};
    if (fields.edit) made.querySelector(".kb-question").replaceChildren(fields.edit);
    if (fields.correct) made.append(fields.correct);
    return made;
  }

  // Keeps a field at its turn until it is closed, whatever is drawn meanwhile.
  _field(turn, kind, element) {
    this.fields.set(turn.asked, { ...this.fields.get(turn.asked), [kind]: element });
    this._redrawTurn(this.conversation.turns.findIndex((each) => each.asked === turn.asked));
    element?.querySelector("textarea").focus();
  }

  async _greet() {
    if (this.conversation.turns.length) return;
    const collection = this.controls.collectionName;
    try {
      this.state = await getJson("/page/state" + query({ collection }));
      this.controls.update(this.state);
    } catch { /* as it was */ }
    if (this.conversation.turns.length) return;
    const count = this.state.documents;
    const lead = h("p", { class: "kb-lead" }, "Ask your own documents: every answer names its page, and every quote was found on it.");
    if (!count) {
      const input = h("input", { type: "file", multiple: true, id: "chat-files", onchange: () => this.add([...input.files]) });
      const where = this.state.collections.length > 1 ? ` in ${collection}` : "";
      const drop = h("div", { class: "kb-drop", id: "chat-add" },
        h("p", {}, `There are no documents${where} yet. Drop some here, or`),
        h("label", { class: "kb-primary kb-file" }, "Choose files", input),
        h("button", { type: "button", class: "kb-small", onclick: () => this.actions.addDocuments() }, "Add a web page or a folder"));
      takesFiles(drop, (files) => this.add(files));
      this.log.replaceChildren(h("div", { class: "kb-empty" }, lead, drop));
      return;
    }
    const list = h("ul", { class: "kb-examples", id: "chat-examples" });
    const words = count === 1 ? "your document" : `your ${count} documents`;
    this.log.replaceChildren(h("div", { class: "kb-empty" }, lead, h("p", { class: "kb-note" }, `Ask something about ${words}, or drop more here.`), list));
    try {
      const { questions } = await getJson("/page/examples" + query({ collection }));
      list.replaceChildren(...questions.map((question) => h("li", {}, h("button", { type: "button", class: "kb-example", onclick: () => this.ask(question) }, question))));
    } catch { /* without examples */ }
  }

  // Adds files to the collection that is asked, and says how far they are read and what was refused.
  async add(files) {
    const say = (text, refused = false) => {
      this.adding.replaceChildren(text, refused ? " " : "", refused ? h("button", { type: "button", class: "kb-small", onclick: () => this.actions.addDocuments() }, "Look at it under Documents") : "");
      this.adding.classList.toggle("kb-alert", refused);
    };
    const { documents } = this.router;
    try {
      const { jobs, refused } = await documents.upload(files, say, this.controls.collectionName);
      const kept = await documents.settled(jobs, say);
      const faults = [...refused, ...kept.filter((file) => file.status === "refused").map((file) => `${file.doc}: ${file.reason}.`)];
      const added = kept.filter((file) => file.status !== "refused").map((file) => file.doc);
      say([added.length ? `Added: ${added.join(", ")}.` : "", faults.length ? `Not added: ${faults.join(" ")}` : ""].filter(Boolean).join(" "), faults.length > 0);
    } catch (error) { say(error.text || error.message, true); }
    this._greet();
  }

  _redrawLast() {
    const turns = this.conversation.turns, index = turns.length - 1;
    const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 120;
    const live = this.log.lastElementChild?.querySelector(".kb-live");
    if (this.log.children.length !== turns.length || this.log.querySelector(".kb-empty")) this._draw();
    else if (turns[index].running && turns[index].answer && live) live.replaceChildren(...answerBody(turns[index], this.actions));
    else this._redrawTurn(index);
    if (atEnd) this.question.scrollIntoView({ block: "nearest" });
  }

  // ---- asking

  submit() {
    const question = this.question.value.trim();
    if (this.running) { this.hint.textContent = "Wait for the answer, or press Stop; what you type stays."; return; }
    if (!question) { this.hint.textContent = "Write a question first."; this.question.focus(); return; }
    this.question.value = "";
    this._draft("");
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
    const turn = this.conversation.turns[index];
    const close = () => this._field(turn, "edit", undefined);
    const ask = () => {
      const question = field.value.trim(), at = this.conversation.turns.findIndex((each) => each.asked === turn.asked);
      if (!question || at < 0) return;
      if (this.running) { this.hint.textContent = "Wait for the answer, or press Stop; what you type stays."; return; }
      this.fields.delete(turn.asked);
      this._fork(at);
      this._run(this.conversation.turns.slice(0, at), question);
    };
    const field = h("textarea", { rows: "3", "aria-label": "Edit the question", onkeydown: (event) => {
      if (event.key === "Escape") close();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); ask(); }
    } });
    field.value = turn.question;
    this._field(turn, "edit", h("div", {}, field, h("div", { class: "kb-tools" },
      h("button", { type: "button", class: "kb-primary", onclick: ask }, "Ask"),
      h("button", { type: "button", class: "kb-small", onclick: close }, "Cancel"))));
  }

  async _run(before, question, tries = 0) {
    const conversation = this.conversation;
    const body = this.controls.body();
    if (tries && this.controls.honoured.has("seed")) body.seed = this.state.defaults.seed + tries;
    const turn = { question, answer: "", sources: [], statements: [], notes: [], running: true, done: false, error: "", tries,
      asked: Date.now(), body, collection: body.collection, alone: !this.controls.fromDocuments, asked_model: body.model.replace("+rag", "") };
    if (!conversation.turns.length && this.question.value.trim()) { drafts.set(conversation.id, this.question.value); drafts.set(NEW, ""); }
    conversation.turns = [...before, turn];
    conversation.title ||= question.replace(/\s+/g, " ").slice(0, 70);
    const abort = new AbortController();
    this.answering.set(conversation.id, { abort, conversation, turn });
    this.store.save(conversation);
    this.router.replace("chat", conversation.id);
    this._draw();
    this.log.lastElementChild.scrollIntoView({ block: "nearest" });
    this.status.textContent = "Waiting for the answer.";
    this.adding.replaceChildren();
    const messages = this._messages(before, question);
    try {
      if (question.length > MOST_CHARS) {
        throw new PageError({ message: `The question has ${question.length.toLocaleString("en")} characters, and ${MOST_CHARS.toLocaleString("en")} can be asked`, click: "shorten the question, or add the text as a document" });
      }
      const response = await call("/page/chat/completions", { method: "POST", signal: abort.signal,
        headers: { "content-type": "application/json" }, body: JSON.stringify({ ...body, messages, stream: true }) });
      const dropped = response.headers.get("x-kb-dropped");
      if (dropped) turn.notes_before = [`The ${dropped} oldest messages no longer fit and were left out.`];
      await this._read(response, turn, conversation);
      if (!turn.done) throw new PageError({ message: "The answer broke off", click: "try again" });
    } catch (error) {
      if (error.name !== "AbortError") Object.assign(turn, { error: error.text || "The answer broke off. Try again.", step: error.step || "" });
    }
    turn.running = false;
    if (this.answering.get(conversation.id)?.turn === turn) this.answering.delete(conversation.id);
    this.store.saveTurn(conversation.id, turn);
    if (conversation.id !== this.conversation.id) { this.list.draw(); return; }
    this._draw();
    const short = turn.short_answer || (turn.answer.length <= 300 ? turn.answer : "");
    this.status.textContent = turn.error ? `Not answered: ${turn.error}` : turn.done ? `Answered${short ? `: ${short}` : "."}` : "Stopped.";
    if (turn.sources.length) this._openSource(turn, 1, { focus: false });
  }

  _messages(before, question) {
    const messages = before.filter((each) => each.answer && !each.error).flatMap((each) =>
      [{ role: "user", content: each.question }, { role: "assistant", content: each.answer }]);
    return [...messages, { role: "user", content: question }];
  }

  async _why(index, button) {
    const { id, turns } = this.conversation, turn = turns[index];
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
    this._keepTurn(id, turn);
  }

  // Stores and draws a turn that changed, wherever the person has gone meanwhile.
  _keepTurn(id, turn) {
    this.store.saveTurn(id, turn);
    if (id !== this.conversation.id) return;
    const at = this.conversation.turns.findIndex((each) => each.asked === turn.asked);
    if (at < 0) return;
    this.conversation.turns[at] = turn;
    this._redrawTurn(at);
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
      if (Date.now() - drawn > 120 && conversation.id === this.conversation.id && !turn.done) { drawn = Date.now(); this._redrawLast(); }
      if (Date.now() - saved > 2000) { saved = Date.now(); this.store.saveTurn(conversation.id, turn, { silent: true }); }
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

  stop() { this.running?.abort.abort(); }

  _interrupt() {
    for (const { conversation, turn } of this.answering.values()) this.store.saveTurn(conversation.id, { ...turn, running: false }, { silent: true });
  }

  // ---- sources and ratings

  _openSource(turn, number, { focus = true } = {}) {
    const source = turn.sources[number - 1];
    if (!source) return;
    this._shown = { asked: turn.asked, number };
    this._placeViewer();
    this.viewer.show(source, turn.collection, { number, focus });
  }

  // The page stands beside the conversation where there is room, else under the answer that cites it.
  _placeViewer() {
    const shown = this._shown, index = shown ? this.conversation.turns.findIndex((each) => each.asked === shown.asked) : -1;
    const home = matchMedia(WIDE).matches ? this.aside : this.log.children[index]?.querySelector(".kb-answer");
    if (home && this.viewer.element.parentElement !== home) home.append(this.viewer.element);
    for (const button of this.log.querySelectorAll(".kb-source")) button.removeAttribute("aria-current");
    this.log.children[index]?.querySelectorAll(".kb-source")[shown.number - 1]?.setAttribute("aria-current", "true");
  }

  async _rate(turn, rating, correction = "") {
    turn = this.conversation.turns.find((each) => each.asked === turn.asked) || turn; // as it is now
    const withdrawn = turn.rating === rating && !correction, { id } = this.conversation;
    try {
      await sendJson("POST", "/page/feedback", { question: turn.question, answer: turn.answer, rating, correction,
        model: turn.model, citations: turn.sources, collection: turn.collection, withdrawn });
    } catch (error) { this.hint.textContent = error.text; return; }
    turn.rating = withdrawn ? "" : rating;
    if (correction) this.fields.delete(turn.asked);
    this._keepTurn(id, turn);
    this.hint.textContent = withdrawn ? "Taken back." : correction ? "Saved: the correction is preferred over the answer." : "Saved. Ratings can become training data; the last one counts.";
  }

  _redrawTurn(index) {
    if (index < 0) return;
    this._redraw(() => this.log.children[index], () => this.log.children[index].replaceWith(this._turn(this.conversation.turns[index], index)));
  }

  _correct(index) {
    const turn = this.conversation.turns[index];
    if (this.fields.get(turn.asked)?.correct) { this.fields.get(turn.asked).correct.querySelector("textarea").focus(); return; }
    const field = h("textarea", { rows: "3", "aria-label": "A better answer", onkeydown: (event) => { if (event.key === "Escape") close(); } });
    const close = () => this._field(turn, "correct", undefined);
    this._field(turn, "correct", h("div", { class: "kb-correct" }, field, h("div", { class: "kb-tools" },
      h("button", { type: "button", class: "kb-primary", onclick: () => { if (field.value.trim()) this._rate(turn, "down", field.value.trim()); else field.focus(); } }, "Save the correction"),
      h("button", { type: "button", class: "kb-small", onclick: close }, "Cancel"))));
  }
}
