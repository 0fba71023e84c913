// What a run knows: a square for every fact, by document and section; a square that is chosen shows question and answer.
import { h, getJson } from "./dom.js";
import { Viewer } from "./viewer.js";

const LEVELS = { known: "known", unsure: "unsure", unknown: "not known" };
const MARKS = { known: "●", unsure: "◐", unknown: "○" };
const STATES = { changed: "changed since", forgotten: "forgotten since" };

export class KnowledgeMap {
  // Makes rows of what a run does not know.
  constructor(teachWeak) {
    this.teachWeak = teachWeak;
    this.element = h("section", { id: "knowledge-map", class: "kb-knowledge", "aria-labelledby": "knowledge-head", hidden: true });
    this.viewer = new Viewer();
    this._asked = 0;
  }

  close() { this._asked += 1; this.viewer.clear(); this.element.hidden = true; this.element.replaceChildren(); }

  async show(run, focus = false) {
    const asked = ++this._asked;
    this.viewer.clear();
    this.element.hidden = false;
    this.element.replaceChildren(h("p", { class: "kb-note", role: "status" }, "Reading the map …"));
    let map;
    try { map = await getJson(`/page/training/runs/${encodeURIComponent(run)}/knowledge`); } catch (error) {
      if (asked === this._asked) this.element.replaceChildren(h("p", { class: "kb-note kb-alert", role: "alert" }, error.text));
      return;
    }
    if (asked !== this._asked) return;
    const head = h("h2", { id: "knowledge-head", tabindex: "-1" }, `What ${run} knows`);
    this.collection = map.collection || "";
    this.detail = h("div", { class: "kb-fact", id: "knowledge-fact", role: "status" });
    this.element.replaceChildren(
      h("header", { class: "kb-viewer-head" }, head, h("button", { type: "button", class: "kb-small", "aria-label": "Close the map", onclick: () => this.close() }, "Close")),
      h("p", { class: "kb-note" }, `Every fact was asked without documents. ${words(map.total)}`),
      h("p", { class: "kb-note kb-legend" }, Object.entries(LEVELS).map(([level, title]) =>
        h("span", {}, h("span", { class: `kb-square kb-square-${level}`, "aria-hidden": "true" }, MARKS[level]), ` ${title}: ${map.total[level]}`))),
      map.total.n > map.total.known ? h("p", { class: "kb-tools" }, h("button", { type: "button", class: "kb-small", id: "knowledge-weak", title: "Train the run on them, or a new one, under Training.",
        onclick: () => this.teachWeak(run) }, "Make rows for what it does not know")) : "",
      ...map.documents.map((document) => this._document(document)), this.detail, this.viewer.element);
    if (focus) { head.focus({ preventScroll: true }); this.element.scrollIntoView({ block: "start" }); }
  }

  _document(document) {
    const stale = STATES[document.state];
    return h("section", { class: "kb-map-document" },
      h("h3", {}, document.doc || "No document named", stale ? h("span", { class: "kb-tag kb-alert" }, stale) : null),
      h("p", { class: "kb-note" }, words(document)),
      h("dl", { class: "kb-sections" }, document.sections.flatMap((part) => [
        h("dt", {}, part.section || "No heading"),
        h("dd", {}, h("span", { class: "kb-squares" }, part.facts.map((fact) => this._square(fact, document))))])));
  }

  _square(fact, document) {
    return h("button", { type: "button", class: `kb-square kb-square-${fact.level}`, title: fact.question, "aria-pressed": "false",
      "aria-label": `${LEVELS[fact.level]}: ${fact.question}`, onclick: (event) => this._fact(fact, document, event.currentTarget) }, MARKS[fact.level]);
  }

  _fact(fact, document, square) {
    for (const each of this.element.querySelectorAll("[aria-pressed=true]")) each.setAttribute("aria-pressed", "false");
    square.setAttribute("aria-pressed", "true");
    this.viewer.clear();
    const source = fact.page === undefined ? null : { sha256: document.sha256, page: fact.page, start: fact.start, end: fact.end ?? fact.start, quote: "" };
    this.detail.replaceChildren(
      h("p", {}, h("strong", {}, fact.question)),
      h("dl", { class: "kb-answers" },
        h("dt", {}, "It answers"), h("dd", {}, fact.answer || "nothing"),
        h("dt", {}, "The document says"), h("dd", {}, fact.gold),
        h("dt", {}, "That is"), h("dd", {}, `${LEVELS[fact.level]}; ${percent(fact.agreement)} of its other answers are the same${fact.taught ? "" : "; it was not trained on this fact"}`)),
      ...(source && document.state !== "forgotten" ? [h("button", { type: "button", class: "kb-small", onclick: () => this.viewer.show(source, this.collection, { focus: true }) }, `Show page ${fact.page + 1}`)] : []));
  }
}

const percent = (share) => `${Math.round(100 * share)} %`;

function words(part) {
  const facts = part.n === 1 ? "1 fact" : `${part.n.toLocaleString("en")} facts`;
  return `${percent(part.recall)} of ${facts} answered rightly (95% interval ${percent(part.low)} to ${percent(part.high)}).`;
}
