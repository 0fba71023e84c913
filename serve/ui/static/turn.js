// One question and its answer, drawn: the short answer large, how likely it is, the text with numbered citations.
import { h, place } from "./dom.js";
import { markdown, marker } from "./markdown.js";

const GROUNDS = {
  cited: "The quotes were found on the pages named after them; look there whether they answer the question.",
  ungrounded: "Nothing in the documents was found to support this.",
  abstained: "No passage was found that answers this.",
  "": "Written by a model without the documents.",
};
const NOTICE = "(Quoted from the documents; no language model wrote this.)";

export function likelihood(confidence) {
  if (confidence === null || confidence === undefined) return "";
  if (confidence >= 0.85) return "very likely right";
  return confidence >= 0.6 ? "likely right" : "possibly right: look at the page";
}

// The text with a marker behind every statement that rests on a source, and without what is shown elsewhere.
function numbered(turn) {
  let text = turn.answer.replace(NOTICE, "").trim();
  if (turn.short_answer && text.startsWith(turn.short_answer + "\n")) text = text.slice(turn.short_answer.length + 1).trim();
  let from = 0;
  const marked = new Set();
  for (const statement of turn.statements || []) {
    if (statement.text === turn.short_answer) continue;
    const at = statement.citations.length ? text.indexOf(statement.text, from) : -1;
    if (at < 0) continue;
    const end = at + statement.text.length;
    const marks = statement.citations.map((index) => marker(index + 1)).join("");
    text = `${text.slice(0, end)} ${marks}${text.slice(end)}`;
    from = end + marks.length + 1;
    for (const index of statement.citations) marked.add(index);
  }
  // Sources that no statement of the text names stand at their place, or at the end.
  (turn.sources || []).forEach((source, index) => {
    if (marked.has(index)) return;
    const where = `(${source.doc}, p. ${source.page + 1})`;
    const at = text.indexOf(where);
    const end = at < 0 ? text.length : at + where.length;
    text = `${text.slice(0, end)} ${marker(index + 1)}${text.slice(end)}`;
  });
  return text;
}

function citation(turn, number, actions) {
  const source = turn.sources[number - 1];
  if (!source) return `[${number}]`;
  return h("button", {
    type: "button", class: "kb-cite", "aria-label": `Source ${number}: ${place(source)}`, title: place(source),
    onclick: () => actions.open(turn, number),
  }, String(number));
}

export function answerBody(turn, actions) {
  const nodes = [];
  if (turn.short_answer) {
    const words = likelihood(turn.confidence);
    nodes.push(h("p", { class: "kb-short" }, turn.short_answer, " ",
      words ? h("span", { class: "kb-likelihood" }, words) : null));
  }
  const text = turn.done ? numbered(turn) : turn.answer;
  nodes.push(h("div", { class: "kb-prose" }, markdown(text, (number) => citation(turn, number, actions), turn.answer.includes(NOTICE))));
  if (turn.computed_from?.length) {
    const cells = turn.computed_from.map((cell) => `${cell.quote} (${place(cell)})`).join("; ");
    nodes.push(h("p", { class: "kb-note" }, `Computed from ${cells}.`));
  }
  return nodes;
}

const ORIGINS = { read: "Read in the passages", remembered: "Remembered by the model", both: "Partly read, partly remembered" };

const LONG_CHARS = 220;

// Where each statement came from, then, once each, the answers that tell: those to the same question asked again.
function origins(turn) {
  const labelled = (turn.statements || []).filter((statement) => statement.why);
  if (!labelled.length) return null;
  const replies = new Map();
  for (const { why } of labelled) {
    const changed = why.changes.map((change) => `${change.new} in place of ${change.old}`).join(", ");
    if (why.without) replies.set(`Asked without the passage: “${why.without}”`, true);
    if (why.contradicted) replies.set(`Asked with ${changed || "another text"}: “${why.contradicted}”`, true);
  }
  return h("section", { class: "kb-why", "aria-label": "Why" },
    h("ul", {}, labelled.map(({ text, why }) =>
      h("li", {}, h("strong", {}, ORIGINS[why.label]), `: “${text}”`, h("small", {}, why.reason)))),
    [...replies.keys()].map((text) => text.length <= LONG_CHARS ? h("p", {}, text)
      : h("details", {}, h("summary", {}, `${text.slice(0, LONG_CHARS).replace(/\s+\S*$/, "")} …`), h("p", {}, text))));
}

function sources(turn, actions) {
  if (!turn.sources?.length) return null;
  return h("ol", { class: "kb-sources", "aria-label": "Sources" }, turn.sources.map((source, at) =>
    h("li", {}, h("button", { type: "button", class: "kb-source", onclick: () => actions.open(turn, at + 1) },
      h("span", { class: "kb-source-number" }, String(at + 1)), ` ${place(source)}`))));
}

export function status(turn) {
  if (turn.error) return "";
  if (!turn.done) return turn.running ? "" : turn.answer ? "Stopped. The text so far was not checked." : "Stopped before the first word.";
  const quoted = turn.answer.includes(NOTICE) ? ["Quoted from the documents; no language model wrote this."] : [];
  return [GROUNDS[turn.ground || ""], ...quoted, ...(turn.notes || []), `Model: ${turn.model}.`].join(" ");
}

export function turnElement(turn, index, actions) {
  const element = h("article", { class: "kb-turn", "aria-label": `Question ${index + 1}` });
  element.append(h("div", { class: "kb-question" }, h("p", {}, turn.question)));
  const answer = h("div", { class: "kb-answer" });
  const running = turn.running && !actions.elsewhere;
  const live = h("div", { class: "kb-live" }, turn.answer ? answerBody(turn, actions) : []);
  answer.append(live);
  if (running && !turn.answer) live.append(h("p", { class: "kb-note kb-waiting" }, actions.waiting(turn)));
  if (turn.error) answer.append(h("div", { class: "kb-error", role: "alert" }, h("p", {}, `Not answered: ${turn.error}`), helps(turn, index, actions)));
  answer.append(sources(turn, actions) || "");
  answer.append(origins(turn) || "");
  const text = actions.elsewhere ? "It is being answered in another window." : status(turn);
  if (text) answer.append(h("p", { class: "kb-note kb-status" }, text));
  element.append(answer);
  if (!running) element.append(tools(turn, index, actions));
  return element;
}

// The buttons that help after an error: what it asks for first, then the same question again.
function helps(turn, index, actions) {
  const steps = { documents: ["Add documents", actions.addDocuments], model: ["Choose another model", actions.chooseModel], training: ["Go to Training", actions.goToTraining], question: ["Change the question", () => actions.edit(index)] };
  const [label, onclick] = steps[turn.step] || [];
  const again = (primary) => h("button", { type: "button", class: primary ? "kb-primary" : "kb-small", onclick: () => actions.retry(index) }, "Try again");
  return label ? [h("button", { type: "button", class: "kb-primary", id: turn.step === "documents" ? "chat-add" : null, onclick }, label), again(false)] : [again(true)];
}

function tools(turn, index, actions) {
  const button = (label, onclick, extra = {}) => h("button", { type: "button", class: "kb-small", onclick, ...extra }, label);
  const row = h("div", { class: "kb-tools" },
    button("Retry", () => actions.retry(index)),
    button("Edit", () => actions.edit(index)),
    turn.answer ? button("Copy", (event) => actions.copy(turn, event.target)) : null);
  if (turn.done && turn.statements?.length && turn.ground !== "abstained") {
    row.append(button("Why?", (event) => actions.why(index, event.target), { title: "Ask again without and against the passages: what was read, what remembered?" }));
  }
  if (turn.done) {
    row.append(
      button("Good", () => actions.rate(turn, "up"), { "aria-pressed": String(turn.rating === "up"), title: "Good answer; press again to take it back" }),
      button("Bad", () => actions.rate(turn, "down"), { "aria-pressed": String(turn.rating === "down"), title: "Bad answer; press again to take it back" }),
      button("Correct", () => actions.correct(index)));
  }
  return row;
}
