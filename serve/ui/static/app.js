// Puts the conversation and the documents into their tabs, and gives every tab, conversation and document an address.
import { getJson, h } from "./dom.js";
import { Chat } from "./chat.js";
import { Documents } from "./documents.js";
import { Training } from "./training.js";

const TABS = ["chat", "documents", "compare", "data", "training", "report"];

class Router {
  constructor() {
    addEventListener("hashchange", () => this.apply());
    // Which tab is open follows clicks on Gradio's own tabs.
    document.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab], .overflow-dropdown button");
      const name = tab?.textContent.trim().toLowerCase();
      if (!TABS.includes(name) || name === this.parts[0] || this._applying) return;
      this._chosen = name; // Gradio shows it by itself
      this.go(name, this._current(name));
    });
  }

  // A tab that is left and chosen again shows what it showed.
  _current(name) {
    if (name === "chat" && this.chat?.conversation.turns.length) return this.chat.conversation.id;
    return name === "documents" ? this.documents?.current?.sha256 || "" : "";
  }

  get parts() {
    const [name, id = ""] = location.hash.slice(1).split("/");
    return [TABS.includes(name) ? name : "chat", decodeURIComponent(id)];
  }

  go(name, id) {
    const hash = `#${name}${id ? `/${id}` : ""}`;
    if (location.hash === hash) this.apply();
    else location.hash = hash;
  }

  replace(name, id) { history.replaceState(null, "", `#${name}${id ? `/${id}` : ""}`); }

  apply() {
    const [name, id] = this.parts;
    const tabs = () => [...document.querySelectorAll("[role=tab], .overflow-dropdown button")].filter((each) => each.offsetParent);
    const find = () => tabs().find((each) => each.textContent.trim().toLowerCase() === name);
    const select = (tab) => {
      this._applying = true;
      tab.click();
      this._applying = false;
    };
    const tab = find(), chosen = this._chosen === name;
    this._chosen = "";
    if (chosen) { /* it is shown */ } else if (!tab) { // folded away on a small screen
      const menu = document.querySelector(".overflow-menu > button");
      menu?.click();
      setTimeout(() => { const folded = find(); if (folded) select(folded); }, 50);
    } else if (tab.getAttribute("aria-selected") !== "true") select(tab);
    if (name === "chat") this.chat?.open(id);
    if (name === "training") setTimeout(() => this.training?.look(), 60); // once its tab is shown
    if (name === "documents") { this.documents?.look(); if (id !== (this.documents?.current?.sha256 || "")) this.documents?.open(id); }
  }
}

function mount(id, element) {
  const place = () => {
    const home = document.getElementById(id);
    if (home && element.parentElement !== home) home.replaceChildren(element);
  };
  place();
  new MutationObserver(place).observe(document.body, { childList: true, subtree: true });
}

async function start() {
  if (window.kbStarted) return; // the head stands in the page twice
  window.kbStarted = true;
  const router = new Router();
  let state;
  try { state = await getJson("/page/state"); } catch (error) {
    mount("kb-chat", h("p", { class: "kb-note kb-alert", role: "alert" }, error.text || String(error)));
    return;
  }
  router.documents = new Documents(state, router);
  router.chat = new Chat(state, router);
  router.training = new Training(state, router);
  mount("kb-chat", router.chat.element);
  mount("kb-documents", router.documents.element);
  mount("kb-training", router.training.element);
  const ready = () => document.querySelector("[role=tab]") ? router.apply() : setTimeout(ready, 50);
  ready();
}

start();
