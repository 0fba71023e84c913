// Elements made from data: every text is a text node, so nothing that a document or a model writes is markup.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export class PageError extends Error {
  constructor(fault) {
    super(sentence(fault.message || "The server failed"));
    this.click = sentence(fault.click || (fault.message ? "" : "try again"));
    this.code = fault.code || "";
  }
  // What the next step needs: `documents`, `training`, another `question` or `model`; empty where the same may work again.
  get step() {
    for (const [step, words] of [["documents", /\bDocuments\b/], ["training", /\bTraining\b/], ["question", /\bquestion\b/], ["model", /\bmodel\b/i]]) if (words.test(this.click)) return step;
    return ["invalid_request", "too_large", "context_length_exceeded"].includes(this.code) ? "question" : "";
  }
  get text() { return this.click ? `${this.message} ${this.click}` : this.message; }
}

function sentence(text) {
  if (!text) return "";
  const started = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(started) ? started : started + ".";
}

export async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new PageError({ message: "The server cannot be reached", click: "wait a moment, then try again" });
  }
  if (response.status === 401) { location.assign(`/login${location.hash}`); throw new PageError({ message: "A key is required" }); }
  if (!response.ok) {
    let fault = {};
    try { fault = (await response.json()).error || {}; } catch { /* not ours */ }
    throw new PageError(fault);
  }
  return response;
}

export const getJson = async (path) => (await call(path)).json();

export const sendJson = async (method, path, body) =>
  (await call(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json();

export function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  return given.length ? "?" + new URLSearchParams(given).toString() : "";
}

export function place(source) {
  const number = String(source.page + 1);
  const printed = source.page_label && source.page_label !== number ? ` (printed: ${source.page_label})` : "";
  return `${source.doc}, p. ${number}${printed}`;
}

// What a key press chose stays chosen when its surroundings are drawn anew: the element of the same name gets the focus.
export function keepFocus(home, draw) {
  const active = document.activeElement, name = active !== document.body && home()?.contains(active) ? nameOf(active) : "";
  draw();
  if (!name || (active.isConnected && document.activeElement === active)) return;
  const again = active.isConnected ? active : [...(home()?.querySelectorAll(FOCUSABLE) || [])].find((each) => nameOf(each) === name);
  again?.focus({ preventScroll: true });
}

const FOCUSABLE = "a, button, input, select, textarea, summary, [tabindex]";
const nameOf = (element) =>
  [element.tagName, element.id || element.dataset.key || element.getAttribute("aria-label") || element.getAttribute("href") || element.textContent.replace(/[▲▼]/g, "").trim()].join(" ");

// Copies a text; browsers give pages that come without TLS from another machine no clipboard of their own.
export async function copyText(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* the older way */ }
  const field = h("textarea", { class: "kb-visually-hidden", "aria-hidden": "true" }), active = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  active?.focus({ preventScroll: true });
  return copied;
}
