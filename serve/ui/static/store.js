// Conversations of this browser; a server with keys keeps them too, each person's apart.
import { getJson, sendJson, call } from "./dom.js";

const KEY = "kb.conversations", DRAFTS = "kb.drafts", MOST = 200;

const isConversation = (each) => each && typeof each.id === "string" && Array.isArray(each.turns);

export class Store extends EventTarget {
  // `person` is the name behind a key; people who share a browser see their own conversations only.
  constructor(person = "") {
    super();
    this.key = person ? `${KEY}:${person}` : KEY;
    this.remote = Boolean(person);
    this.kept = new Map();
    this._read();
    addEventListener("storage", (event) => { if (event.key === this.key) { this._read(); this._changed(); } });
    if (this.remote) document.addEventListener("visibilitychange", () => { if (!document.hidden) this.connect(); });
  }

  _read() {
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(this.key) || "{}"); } catch { /* none that can be read */ }
    this.kept = new Map(Object.values(kept || {}).filter(isConversation).map((each) => [each.id, each]));
  }

  _write() {
    const list = this.list().slice(0, MOST);
    for (let count = list.length; count >= 0; count = count > 1 ? Math.floor(count * 0.8) : count - 1) {
      try {
        localStorage.setItem(this.key, JSON.stringify(Object.fromEntries(list.slice(0, count).map((each) => [each.id, each]))));
        this.left = this.kept.size - count;
        return;
      } catch { /* full: the oldest go first */ }
    }
  }

  _changed() { this.dispatchEvent(new Event("change")); }

  // Takes up what the server keeps; what was removed from it on another machine is removed here.
  async connect() {
    if (!this.remote) return;
    try {
      const { conversations } = await getJson("/page/conversations");
      const there = new Set(conversations.map((each) => each.id));
      for (const each of this.kept.values()) {
        if (there.has(each.id)) continue;
        if (each.stored) this.kept.delete(each.id);
        else this._send(each);
      }
      for (const conversation of conversations.filter(isConversation)) {
        const own = this.kept.get(conversation.id);
        if (!own || own.updated < conversation.updated) this.kept.set(conversation.id, { ...conversation, stored: true });
      }
      this._write();
      this._changed();
    } catch { /* those of the browser stay */ }
  }

  list(words = "") {
    const terms = plain(words).split(/\s+/).filter(Boolean);
    const holds = (each) => {
      const text = plain([each.title, ...each.turns.flatMap((turn) => [turn.question, turn.answer, ...(turn.sources || []).map((source) => source.doc)])].join("\n"));
      return terms.every((term) => text.includes(term));
    };
    return [...this.kept.values()].filter(holds).sort((a, b) => b.updated - a.updated);
  }

  get(id) { return this.kept.get(id); }

  save(conversation, { silent = false } = {}) {
    conversation.updated = Date.now();
    this._read(); // another window may have written meanwhile
    this.kept.set(conversation.id, structuredClone(conversation));
    this._write();
    if (silent) return;
    this._changed();
    if (this.remote) this._send(conversation);
  }

  // Stores one turn of a conversation as it is now, and leaves its other turns to whoever changed them; false where
  // the conversation or the turn is gone.
  saveTurn(id, turn, options = {}) {
    this._read();
    const conversation = this.kept.get(id), at = conversation ? conversation.turns.findIndex((each) => each.asked === turn.asked) : -1;
    if (at < 0) return false;
    conversation.turns[at] = turn;
    this.save(conversation, options);
    return true;
  }

  async _send(conversation) {
    try {
      await sendJson("PUT", `/page/conversations/${conversation.id}`, conversation);
      const kept = this.kept.get(conversation.id);
      if (kept) { kept.stored = true; this._write(); }
    } catch { /* sent with the next change */ }
  }

  remove(id) {
    this._read();
    this.kept.delete(id);
    this._write();
    this._changed();
    if (this.remote) call(`/page/conversations/${id}`, { method: "DELETE" }).catch(() => {});
  }
}

// What is typed and not asked yet, by conversation, in this window.
export const drafts = {
  get(id) { return read()[id] || ""; },
  set(id, text) {
    const all = read();
    if (text) all[id] = text;
    else delete all[id];
    try { sessionStorage.setItem(DRAFTS, JSON.stringify(all)); } catch { /* full */ }
  },
};

function read() {
  try { return JSON.parse(sessionStorage.getItem(DRAFTS) || "{}") || {}; } catch { return {}; }
}

// Small letters without accents, so that "muller" finds "Müller".
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export function newConversation() {
  const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, title: "", created: Date.now(), updated: Date.now(), turns: [] };
}

export function asMarkdown(conversation, place) {
  const flat = (text) => text.replace(/\s+/g, " ").trim();
  const parts = [`# ${flat(conversation.title) || "Conversation"}`, ""];
  for (const turn of conversation.turns) {
    const lines = turn.question.trim().split("\n");
    parts.push(`## ${flat(lines[0])}`, "");
    if (lines.length > 1) parts.push(...lines.map((line) => `> ${line}`), "");
    parts.push(turn.answer || "(not answered)", "");
    if (turn.error) parts.push(`*Not answered: ${flat(turn.error)}*`, "");
    else if (!turn.done) parts.push("*Stopped; the text so far was not checked.*", "");
    (turn.sources || []).forEach((source, at) => parts.push(`${at + 1}. ${place(source)}: “${flat(source.quote || "")}”`));
    if (turn.sources?.length) parts.push("");
    if (turn.model) parts.push(`*${turn.model}, ${new Date(turn.asked).toISOString().slice(0, 10)}*`, "");
  }
  return parts.join("\n");
}
