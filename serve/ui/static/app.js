// Puts the conversation and the documents into their tabs, and gives every tab, conversation and document an address.
import { getJson, h } from "./dom.js";
import { Chat } from "./chat.js";
import { takesFiles } from "./drop.js";
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
      this.go(name, ...this._current(name));
    });
  }

  // A tab that is left and chosen again shows what it showed.
  _current(name) {
    if (name === "chat") return this.chat?.conversation.turns.length ? [this.chat.conversation.id] : [];
    return name === "documents" ? this.documents?.address() || [] : [];
  }

  // The tab and what it shows; what is no address of this page leads to the chat.
  get parts() {
    const [name, ...rest] = location.hash.slice(1).split("/").map((part) => { try { return decodeURIComponent(part); } catch { return ""; } });
    return TABS.includes(name) ? [name, ...rest.filter(Boolean)] : ["chat"];
  }

  hash(name, ...rest) { return `#${[name, ...rest.filter(Boolean).map(encodeURIComponent)].join("/")}`; }

  go(name, ...rest) {
    const hash = this.hash(name, ...rest);
    if (location.hash === hash) this.apply();
    else location.hash = hash;
  }

  replace(name, ...rest) { history.replaceState(null, "", this.hash(name, ...rest)); }

  apply() {
    const [name, ...rest] = this.parts;
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
    if (name === "chat") this.chat?.open(rest[0]);
    if (name === "training") setTimeout(() => this.training?.look(), 60); // once its tab is shown
    if (name === "documents") this.documents?.follow(rest);
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
    mount("kb-chat", h("div", { class: "kb-error", role: "alert" }, h("p", {}, error.text || error.message),
      h("button", { type: "button", class: "kb-primary", onclick: () => location.reload() }, "Try again")));
    return;
  }
  router.documents = new Documents(state, router);
  router.chat = new Chat(state, router);
  router.training = new Training(state, router);
  mount("kb-chat", router.chat.element);
  mount("kb-documents", router.documents.element);
  mount("kb-training", router.training.element);
  // Files that miss every area are added all the same, and never opened in place of the page.
  takesFiles(document.documentElement, (files) => { router.go("documents", ...router.documents.address()); router.documents.add(files); });
  const ready = () => document.querySelector("[role=tab]") ? router.apply() : setTimeout(ready, 50);
  ready();
}

start();
