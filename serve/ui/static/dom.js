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
    super(sentence(fault.message || "The server cannot be reached."));
    this.click = fault.click ? sentence(fault.click) : "";
    this.code = fault.code || "";
  }
  get text() { return this.click ? `${this.message} ${this.click}` : this.message; }
}

function sentence(text) {
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
  if (response.status === 401) { location.assign("/login"); throw new PageError({ message: "A key is required" }); }
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
