// The list of conversations: searched, renamed, exported, deleted and brought back.
import { h, place, keepFocus } from "./dom.js";
import { asMarkdown } from "./store.js";

export class Conversations {
  // `current` tells the id that is shown and `isRunning` whether one waits for its answer; `removed` and `restored`
  // follow what is done here.
  constructor(store, { current, isRunning, removed, restored, renamed }) {
    Object.assign(this, { store, current, isRunning, removed, restored, renamed });
    this.renaming = null;
    this.search = h("input", { type: "search", id: "chat-search", placeholder: "Search conversations", "aria-label": "Search conversations", oninput: () => this.draw() });
    this.listing = h("ul", { id: "chat-list" });
    this.undo = h("div", { id: "chat-undo", class: "kb-note", role: "status" });
    this.note = h("p", { class: "kb-note", role: "status" });
    this.element = h("details", { class: "kb-side", id: "chat-conversations", open: matchMedia("(min-width: 900px)").matches },
      h("summary", {}, "Conversations"),
      h("nav", { "aria-label": "Conversations" }, this.search, this.undo, this.listing, this.note));
    store.addEventListener("change", () => this.draw());
  }

  draw() {
    const kept = this.store.list(this.search.value);
    keepFocus(() => this.listing, () => {
      this._drawing = true; // a name that is being typed moves with its field
      this.listing.replaceChildren(...kept.map((each) => this._item(each)));
      this._drawing = false;
    });
    if (!kept.length) this.listing.append(h("li", { class: "kb-note" }, this.search.value ? "None found." : "None yet."));
    this.note.textContent = this.store.left > 0 ? "This browser holds no more: the oldest conversations are left out. Export what you want to keep." : "";
  }

  _item(each) {
    const current = each.id === this.current();
    if (this.renaming?.id === each.id) return h("li", { class: current ? "kb-current" : null }, this.renaming.field);
    const button = (label, onclick) => h("button", { type: "button", class: "kb-small", "aria-label": `${label} ${each.title}`, "data-key": `${label} ${each.id}`, onclick }, label);
    return h("li", { class: current ? "kb-current" : null },
      h("a", { href: `#chat/${each.id}`, "aria-current": current ? "page" : null, title: `${each.title}\n${new Date(each.updated).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}` }, each.title || "Untitled"),
      this.isRunning(each.id) ? h("span", { class: "kb-note" }, "is being answered …") : null,
      h("div", { class: "kb-tools" }, button("Rename", () => this._rename(each.id)), button("Export", () => this._export(each.id)), button("Delete", () => this._delete(each.id))));
  }

  _rename(id) {
    const end = (keep) => {
      if (this._drawing || this.renaming?.field !== field) return;
      this.renaming = null;
      const title = field.value.trim(), conversation = this.store.get(id);
      if (keep && title && conversation && title !== conversation.title) {
        conversation.title = title;
        this.store.save(conversation);
        this.renamed(id, title);
      }
      this.draw();
    };
    const back = () => [...this.listing.querySelectorAll("[data-key]")].find((each) => each.dataset.key === `Rename ${id}`)?.focus();
    const field = h("input", { type: "text", "aria-label": "New name", value: this.store.get(id).title, maxlength: "120",
      onkeydown: (event) => {
        if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
        event.preventDefault(); // else the same Enter presses the button that gets the focus
        end(event.key === "Enter");
        back();
      }, onblur: () => end(true) });
    this.renaming = { id, field };
    this.draw();
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
    const conversation = structuredClone(this.store.get(id)), current = id === this.current();
    this.removed(id);
    this.store.remove(id);
    const line = h("p", {}, `Deleted “${conversation.title}”. `), undo = h("button", { type: "button", class: "kb-small", onclick: () => {
      for (const turn of conversation.turns) turn.running = false;
      delete conversation.stored;
      this.store.save(conversation);
      line.remove();
      this.restored(id, current);
    } }, "Undo");
    line.append(undo);
    this.undo.prepend(line);
    while (this.undo.childElementCount > 3) this.undo.lastElementChild.remove();
    undo.focus();
  }
}
