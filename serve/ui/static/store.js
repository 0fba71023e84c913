// Conversations of this browser; a server with keys keeps them too, each person's apart.
import { getJson, sendJson, call } from "./dom.js";

const KEY = "kb.conversations", DRAFT = "kb.draft", MOST = 200;

export class Store extends EventTarget {
  constructor() {
    super();
    this.kept = new Map();
    this.remote = false;
    this._read();
    addEventListener("storage", (event) => { if (event.key === KEY) { this._read(); this._changed(); } });
  }

  _read() {
    try { this.kept = new Map(Object.entries(JSON.parse(localStorage.getItem(KEY) || "{}"))); } catch { this.kept = new Map(); }
  }

  _write() {
    const list = this.list().slice(0, MOST);
    for (let count = list.length; count >= 0; count = count > 1 ? Math.floor(count * 0.8) : count - 1) {
      try {
        localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(list.slice(0, count).map((each) => [each.id, each]))));
        return;
      } catch { /* full: the oldest go first */ }
    }
  }

  _changed() { this.dispatchEvent(new Event("change")); }

  async connect(remote) {
    this.remote = remote;
    if (!remote) return;
    try {
      for (const conversation of (await getJson("/page/conversations")).conversations) {
        const own = this.kept.get(conversation.id);
        if (!own || own.updated < conversation.updated) this.kept.set(conversation.id, conversation);
      }
      this._write();
      this._changed();
    } catch { /* those of the browser stay */ }
  }

  list(words = "") {
    const terms = words.toLowerCase().split(/\s+/).filter(Boolean);
    const holds = (each) => {
      const text = [each.title, ...each.turns.flatMap((turn) => [turn.question, turn.answer])].join("\n").toLowerCase();
      return terms.every((term) => text.includes(term));
    };
    return [...this.kept.values()].filter(holds).sort((a, b) => b.updated - a.updated);
  }

  get(id) { return this.kept.get(id); }

  save(conversation, { silent = false } = {}) {
    conversation.updated = Date.now();
    this.kept.set(conversation.id, conversation);
    this._write();
    if (!silent) {
      this._changed();
      if (this.remote) sendJson("PUT", `/page/conversations/${conversation.id}`, conversation).catch(() => {});
    }
  }

  remove(id) {
    this.kept.delete(id);
    this._write();
    this._changed();
    if (this.remote) call(`/page/conversations/${id}`, { method: "DELETE" }).catch(() => {});
  }

  get draft() { return localStorage.getItem(DRAFT) || ""; }
  set draft(text) { try { localStorage.setItem(DRAFT, text); } catch { /* full */ } }
}

export function newConversation() {
  const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, title: "", created: Date.now(), updated: Date.now(), turns: [] };
}

export function asMarkdown(conversation, place) {
  const parts = [`# ${conversation.title || "Conversation"}`, ""];
  for (const turn of conversation.turns) {
    parts.push(`## ${turn.question}`, "", turn.answer || turn.error || "(not answered)", "");
    (turn.sources || []).forEach((source, at) => parts.push(`${at + 1}. ${place(source)}: “${source.quote.replace(/\s+/g, " ")}”`));
    if (turn.sources?.length) parts.push("");
    if (turn.model) parts.push(`*${turn.model}, ${new Date(turn.asked).toISOString().slice(0, 10)}*`, "");
  }
  return parts.join("\n");
}
