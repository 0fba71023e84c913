// Model and settings beside the question; what a model does not take is disabled, and said in words.
import { h, getJson, query } from "./dom.js";

const SLIDERS = [
  ["temperature", "Temperature", 0, 2, 0.05, "0 always takes the likeliest word."],
  ["top_p", "Top-p", 0.05, 1, 0.05, "1 keeps all words."],
  ["top_k", "Top-k", 0, 200, 1, "0 keeps all words."],
  ["repetition_penalty", "Repetition penalty", 1, 2, 0.05, "1 is none; more avoids repeating."],
  ["max_tokens", "Longest answer, in tokens", 16, 4096, 16, ""],
];
const KEY = "kb.settings";

export class Controls {
  constructor(state, onChange) {
    this._state = state;
    this._onChange = onChange;
    this._given = {};
    try { this._given = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { /* defaults */ }
    this._ranges = {};
    this._names = new Map();
    this.honoured = new Set();
    this.model = this._select("chat-model", "Model", state.models, this._given.model || "base");
    this.mode = this._select("chat-mode", "Answer", [["documents", "From the documents"], ["alone", "By the model alone"]], this._given.mode || "documents");
    this.collection = this._select("chat-collection", "Collection", state.collections, this._given.collection || state.collection);
    const passages = this._range("passages", "Passages", 1, 20, 1, Math.min(20, state.passages), "How many the model reads.");
    const sliders = SLIDERS.map(([name, label, low, high, step, info]) =>
      this._range(name, label, low, name === "max_tokens" ? Math.max(high, state.defaults.max_tokens) : high, step, state.defaults[name], info));
    this._note = h("p", { class: "kb-note", id: "chat-honoured", role: "status" });
    this.summary = h("span", { class: "kb-model-name" });
    this.element = h("details", { id: "chat-controls", class: "kb-controls" },
      h("summary", {}, "Model and controls: ", this.summary),
      h("div", { class: "kb-fields" }, this.model.element, this.mode.element, this.collection.element, passages, sliders),
      this._note);
    this._fit();
  }

  _select(id, label, choices, value) {
    const select = h("select", { id, onchange: () => this._changed() },
      choices.map((choice) => Array.isArray(choice) ? h("option", { value: choice[0] }, choice[1]) : h("option", { value: choice }, choice)));
    select.value = value;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    return { select, element: h("label", { class: "kb-field" }, h("span", {}, label), select) };
  }

  _range(name, label, min, max, step, value, info) {
    const id = `chat-${name}`;
    const given = this._given[name] ?? value;
    const output = h("output", { for: id }, String(given));
    const input = h("input", { type: "range", id, min, max, step, value: String(given), "aria-describedby": info ? `${id}-info` : null,
      oninput: () => { output.textContent = input.value; }, onchange: () => this._changed() });
    input.value = String(given);
    this._ranges[name] = input;
    return h("div", { class: "kb-field" }, h("label", { for: id }, label, " ", output), input,
      info ? h("small", { id: `${id}-info` }, info) : null);
  }

  update(state) {
    this._state = state;
    let changed = false;
    for (const [part, choices] of [[this.model, state.models], [this.collection, state.collections]]) {
      const value = part.select.value;
      if ([...part.select.options].map((option) => option.value).join("\n") === choices.join("\n")) continue;
      part.select.replaceChildren(...choices.map((choice) => h("option", { value: choice }, choice)));
      part.select.value = choices.includes(value) ? value : choices[0];
      changed = true;
    }
    if (changed) this._fit();
  }

  // Shows the controls, at the choice of the model.
  open() { this.element.open = true; this.model.select.focus(); this.element.scrollIntoView({ block: "nearest" }); }

  // Chooses a model; false where the server does not list it.
  use(model) {
    this.model.select.value = model;
    const listed = this.model.select.value === model;
    if (!listed) this.model.select.selectedIndex = 0;
    this._changed();
    return listed;
  }

  _changed() {
    const values = { model: this.model.select.value, mode: this.mode.select.value, collection: this.collection.select.value };
    for (const [name, input] of Object.entries(this._ranges)) values[name] = Number(input.value);
    try { localStorage.setItem(KEY, JSON.stringify(values)); } catch { /* full */ }
    this._fit();
    this._onChange();
  }

  async _fit() {
    const model = this.model.select.value;
    const summary = (name) => {
      const where = this._state.collections.length > 1 ? `the documents in ${this.collectionName}` : "the documents";
      this.summary.textContent = `${name}, ${this.fromDocuments ? `from ${where}` : "alone"}`;
    };
    summary(this._names.get(model) || model);
    let honoured = [];
    try {
      const { controls, model: spec } = await getJson("/page/controls" + query({ model }));
      honoured = controls;
      this._names.set(model, model === "base" ? `base (${spec === "extractive" ? "the built-in reader" : spec})` : model);
    } catch (error) {
      this._note.textContent = error.text;
      return;
    }
    if (model !== this.model.select.value) return;
    const name = this._names.get(model);
    summary(name);
    this.honoured = new Set(honoured);
    this._ranges.passages.disabled = !this.fromDocuments;
    const without = [];
    for (const [key, label] of SLIDERS) {
      this._ranges[key].disabled = !this.honoured.has(key);
      if (!this.honoured.has(key)) without.push(label.toLowerCase().split(",")[0]);
    }
    this._note.textContent = without.length === SLIDERS.length
      ? `${name} quotes the documents and writes nothing itself, so it takes none of these settings. Choose a model that writes to use them.`
      : without.length ? `${name} does not take: ${without.join(", ")}.` : "";
  }

  get fromDocuments() { return this.mode.select.value === "documents"; }
  get collectionName() { return this.collection.select.value; }

  body() {
    const model = this.model.select.value;
    const body = { model: this.fromDocuments ? `${model}+rag` : model, collection: this.collectionName };
    if (this.fromDocuments) body.passages = Number(this._ranges.passages.value);
    for (const name of this.honoured) if (this._ranges[name]) body[name] = Number(this._ranges[name].value);
    return body;
  }
}
