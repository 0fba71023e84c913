// The documents: add by drop, choice, folder or address; state of every job; list, page by page; forget with undo.
import { h, call, getJson, sendJson, query, keepFocus } from "./dom.js";
import { takesFiles } from "./drop.js";
import { picture } from "./viewer.js";

const COLUMNS = [["doc", "Document"], ["pages", "Pages", true], ["size_bytes", "Size", true], ["ingested_at", "Added", true], ["status", "Status"]];
const size = (bytes) => bytes >= 1e5 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
const COLLECTION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, NAMING = "The name of a collection has letters, digits, ‘.’, ‘-’ and ‘_’, and no spaces.";
const SHA256 = /^[0-9a-f]{64}$/;
const SHOWN_JOBS = 6, ASKED_AT_ONCE = 90, UNDO = "kb.undo";
// How a file ended, and how a document is, in words.
const OUTCOMES = { indexed: "added", unchanged: "already there", "no text": "added without text" };
const STATES = { indexed: "ready" };

export class Documents {
  constructor(state, router) {
    this.router = router;
    this.state = state;
    this.collection = state.collection;
    this.rows = [];
    this.chosen = new Set();
    this.sort = ["ingested_at", -1];
    this.current = null;
    this.typed = {}; // passwords that are being typed, by job
    this._build();
  }

  _build() {
    const files = h("input", { type: "file", multiple: true, id: "documents-files", onchange: () => this._take(files) });
    const folder = h("input", { type: "file", multiple: true, webkitdirectory: true, id: "documents-folder", onchange: () => this._take(folder) });
    this.url = h("input", { type: "url", id: "documents-url", placeholder: "https://…", onkeydown: (event) => { if (event.key === "Enter") this._addUrl(); } });
    this.names = h("datalist", { id: "documents-collections" });
    this.field = h("input", { type: "text", id: "documents-collection", list: "documents-collections", value: this.collection, maxlength: "64",
      onchange: () => this._goTo(this.field.value.trim()) });
    this.note = h("p", { class: "kb-note", id: "documents-status", role: "status" });
    this.drop = h("div", { class: "kb-drop", id: "documents-add" }, h("p", {}, "Drop files or a folder here, or"),
      h("label", { class: "kb-primary kb-file" }, "Choose files", files), h("label", { class: "kb-small kb-file" }, "Choose a folder", folder));
    takesFiles(this.drop, (files) => this.add(files));
    this.search = h("input", { type: "search", id: "documents-search", placeholder: "Search names and titles", "aria-label": "Search documents", oninput: () => this._list() });
    this.table = h("div", { id: "documents-list" });
    this.forgetButton = h("button", { type: "button", class: "kb-small", id: "documents-forget", hidden: true, onclick: () => this._forget() });
    this.jobList = h("ul", { class: "kb-jobs" });
    this.jobs = h("div", { id: "documents-jobs" }, this.jobBox = h("details", { hidden: true }, h("summary", {}, "Latest additions"), this.jobList));
    this.view = h("section", { id: "documents-view", "aria-label": "Document" });
    this.undo = h("div", { id: "documents-undo", role: "status" });
    this.element = h("div", { class: "kb-documents" },
      h("div", { class: "kb-columns" },
        h("div", { class: "kb-main" },
          h("div", { class: "kb-fields" },
            h("label", { class: "kb-field" }, h("span", {}, "Collection"), this.field, h("small", {}, "Choose one, or type the name of a new one.")), this.names,
            h("div", { class: "kb-field" }, h("label", { for: "documents-url" }, "Web page"),
              h("div", { class: "kb-ask" }, this.url, h("button", { type: "button", class: "kb-small", id: "documents-fetch", onclick: () => this._addUrl() }, "Add")))),
          this.drop, this.note, this.undo, this.jobs,
          h("div", { class: "kb-bar-row" }, this.search, this.forgetButton), this.table),
        h("aside", { class: "kb-aside kb-aside-wide" }, this.view)));
    this._undoAgain();
    this.look();
  }

  // ---- which collection, which document

  // The parts of the address of what is shown; the server's usual collection is not named.
  address(collection = this.collection, sha256 = collection === this.collection ? this.current?.sha256 : "", page = this.page) {
    return [collection === this.state.collection ? "" : collection, sha256, sha256 && page > 1 ? String(page) : ""].filter(Boolean);
  }

  _goTo(collection, ...rest) {
    const name = collection || this.state.collection;
    if (!COLLECTION.test(name)) { this._say(NAMING, true); return; }
    this.router.go("documents", name === this.state.collection ? "" : name, ...rest);
  }

  follow(parts) {
    const named = parts.filter((part) => !SHA256.test(part) && !/^\d{1,6}$/.test(part));
    const [sha256] = parts.filter((part) => SHA256.test(part)), page = Number(parts.at(-1)) || 1;
    // A collection may be called by a number: then it comes first and alone, or before a document.
    const collection = named[0] || (parts.length && /^\d{1,6}$/.test(parts[0]) ? parts[0] : this.state.collection);
    if (!COLLECTION.test(collection)) { this._say(NAMING, true); return; }
    if (collection !== this.collection) {
      this.collection = collection;
      this.current = null;
      this.rows = [];
      this.chosen.clear();
      this.view.replaceChildren();
    }
    this.field.value = collection;
    this.look();
    if ((sha256 || "") !== (this.current?.sha256 || "") || (sha256 && page !== this.page)) this.open(sha256, page);
  }

  // ---- adding

  _take(input) { const files = [...input.files]; input.value = ""; this.add(files); }

  async add(files) {
    try {
      const { count, refused } = await this.upload(files, (text) => this._say(text));
      this._say(`${count} file${count === 1 ? "" : "s"} accepted${refused.length ? `; refused: ${refused.join(" ")}` : "."}`, refused.length > 0);
    } catch (error) { this._say(error.text || error.message, true); }
    this.look();
  }

  // Sends files as jobs of at most as many as the server takes at once; returns how many were taken, the jobs, and
  // what was refused in words.
  async upload(files, say, collection = this.collection) {
    const given = files.filter((file) => !file.name.startsWith("."));
    if (!given.length) throw new Error("There is no file to add.");
    const refused = [], jobs = [];
    let count = 0;
    const send = async (part) => {
      const form = new FormData();
      form.append("collection", collection);
      for (const file of part) form.append("file", file, file.name);
      jobs.push((await (await call("/page/documents", { method: "POST", body: form })).json()).id);
      count += part.length;
    };
    for (let at = 0; at < given.length; at += this.state.upload_files) {
      const part = given.slice(at, at + this.state.upload_files);
      say(`Sending ${Math.min(given.length, at + part.length)} of ${given.length} …`);
      try { await send(part); } catch (error) {
        if (part.length === 1) { refused.push(naming(part[0], error)); continue; }
        for (const file of part) { // one that is refused keeps no other back
          try { await send([file]); } catch (fault) { refused.push(naming(file, fault)); }
        }
      }
    }
    this.look();
    return { count, jobs, refused: shortened(refused) };
  }

  // Waits until jobs have ended, says how far they are, and returns their files.
  async settled(ids, say) {
    for (;;) {
      const jobs = await Promise.all(ids.map(async (id) => getJson(`/page/documents/jobs/${id}`)));
      const open = jobs.filter((job) => !["done", "failed"].includes(job.status));
      if (!open.length) {
        return jobs.flatMap((job) => job.files.map((file) => job.status === "failed" ? { ...file, status: "refused", reason: job.error || "it could not be read" } : file));
      }
      const names = open.flatMap((job) => job.files.map((file) => file.doc)), pages = open.reduce((sum, job) => sum + job.progress.pages, 0);
      say(`Reading ${names.length > 3 ? `${names.length} files` : names.join(", ")} …${pages ? ` ${pages} pages so far.` : ""}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  async _addUrl() {
    const typed = this.url.value.trim(), address = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`;
    if (!/^https?:\/\/[^\s/]+\S*$/i.test(address)) { this._say("Type the address of a web page, as https://example.org/page.", true); return; }
    const form = new FormData();
    form.append("collection", this.collection);
    form.append("url", address);
    try { await call("/page/documents", { method: "POST", body: form }); this.url.value = ""; this._say(`Fetching ${address}.`); } catch (error) { this._say(error.text, true); }
    this.look();
  }

  _say(text, alert = false) { this.note.textContent = text; this.note.classList.toggle("kb-alert", alert); }

  // ---- jobs and list

  async look() {
    clearTimeout(this._timer);
    const { collection } = this;
    try {
      const [listed, jobs, state] = await Promise.all([
        getJson("/page/documents" + query({ collection: this.collection })), getJson("/page/documents/jobs"), getJson("/page/state" + query({ collection: this.collection }))]);
      if (collection !== this.collection) return; // another one was chosen meanwhile
      this.rows = listed.documents;
      const current = this.current && this.rows.find((row) => row.sha256 === this.current.sha256);
      if (current && current.ingested_at !== this.current.ingested_at) { // read again meanwhile
        this._show(current, this.page);
      }
      this.names.replaceChildren(...state.collections.map((name) => h("option", { value: name })));
      this._jobs(jobs.data);
      const active = jobs.data.some((job) => ["queued", "running"].includes(job.status));
      if (active) this._timer = setTimeout(() => this.look(), 1500);
      for (const sha of [...this.chosen]) if (!this.rows.some((row) => row.sha256 === sha)) this.chosen.delete(sha);
      this._list();
    } catch (error) { if (collection === this.collection) { this._say(error.text, true); this._list(); } }
  }

  _jobs(jobs) {
    const read = new Set(jobs.filter((job) => job.ocr && job.status !== "failed").flatMap((job) => job.files.map((file) => file.sha256 || file.doc)));
    const later = new Set(); // what newer jobs are about: it was tried again already
    const items = jobs.slice(0, SHOWN_JOBS).map((job) => {
      const refused = job.files.filter((file) => file.status === "refused");
      const counts = {};
      for (const file of job.files) counts[file.status] = (counts[file.status] || 0) + 1;
      const bad = job.status === "failed" || refused.length === job.files.length;
      const state = { queued: "waiting", running: job.ocr ? "reading scanned pages" : "reading", failed: "failed" };
      const words = job.status === "done" ? Object.entries(counts).map(([name, count]) => `${count} ${OUTCOMES[name] || name}`).join(", ") : state[job.status];
      const bar = job.status === "running" ? h("progress", { max: "100", value: String(Math.round(100 * job.progress.share)), "aria-label": "Progress" }) : null;
      if (bar) bar.value = 100 * job.progress.share;
      const told = job.files.filter((file) => file.reason && file.status !== "refused");
      const shown = bad || refused.length || told.length ? [...refused, ...told] : job.files.slice(0, 3);
      const open = refused.filter((file) => !later.has(file.doc));
      for (const file of job.files) later.add(file.doc);
      const again = open.some((file) => file.locked) ? this._passwordForm(job)
        : job.status === "failed" || open.length ? h("button", { type: "button", class: "kb-small", "data-key": `again ${job.id}`, onclick: () => this._retry(job) }, "Try again") : null;
      const scans = job.files.filter((file) => file.scanned && !read.has(file.sha256) && !read.has(file.doc) && this.rows.some((row) => row.sha256 === file.sha256));
      const ocr = scans.map((file) => this._ocrButton(file, scans.length > 1 ? `Read the scanned pages of ${file.doc}` : "Read the scanned pages"));
      return h("li", { class: bad ? "kb-alert" : null }, h("strong", {}, words), job.collection === this.collection ? " " : ` in ${job.collection} `, bar, bar && job.progress.pages ? ` ${job.progress.pages} page${job.progress.pages === 1 ? "" : "s"} ` : "",
        shown.map((file) => h("div", {}, `${file.doc}${file.reason ? `: ${file.reason}` : ""}`)), job.error ? h("div", {}, job.error) : null,
        again || ocr.length ? h("div", { class: "kb-tools" }, again, ocr) : null);
    });
    this.jobBox.hidden = !items.length;
    keepFocus(() => this.jobList, () => this.jobList.replaceChildren(...items));
    // It opens by itself for what is new and needs a look; then it is as a person leaves it.
    const calls = jobs.slice(0, SHOWN_JOBS).filter((job) => job.status !== "done" || job.files.some((file) => file.status === "refused")).map((job) => job.id + (job.status === "running" ? "queued" : job.status)).join();
    if (calls !== this._calls) this.jobBox.open = Boolean(calls);
    this._calls = calls;
  }

  // Pages that are pictures have no text to search; OCR reads it, in a job of its own.
  _ocrButton(file, label = "Read the scanned pages") {
    const button = h("button", { type: "button", class: "kb-small kb-ocr", title: "The text is recognised in the picture (OCR); digits can be wrong.", onclick: async () => {
      button.disabled = true;
      try { await sendJson("POST", `/page/ocr/${encodeURIComponent(file.sha256)}` + query({ collection: this.collection }), {}); this._say(`${file.doc}: its scanned pages are read. This takes some seconds a page.`); } catch (error) { this._say(error.text, true); button.disabled = false; }
      this.look();
    } }, label);
    return button;
  }

  // The list is drawn anew while jobs run: what is typed is kept for the next drawing.
  _passwordForm(job) {
    const field = h("input", { type: "password", autocomplete: "off", "aria-label": "Password of the document", placeholder: "Password", value: this.typed[job.id] || "", oninput: () => { this.typed[job.id] = field.value; } });
    field.dataset.key = job.id;
    return h("form", { class: "kb-ask kb-password", onsubmit: (event) => { event.preventDefault(); if (field.value) { delete this.typed[job.id]; this._retry(job, field.value); } } },
      field, h("button", { type: "submit", class: "kb-small" }, "Open"));
  }

  async _retry(job, password = "") {
    try { await sendJson("POST", `/page/documents/jobs/${job.id}/retry`, { password }); this._say(password ? "Opening with the password." : "Trying again."); } catch (error) { this._say(error.text, true); }
    this.look();
  }

  _list() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [key, way] = this.sort;
    const rows = this.rows.filter((row) => words.every((word) => `${row.doc} ${row.title || ""}`.toLowerCase().includes(word)))
      .sort((a, b) => way * (typeof a[key] === "number" ? a[key] - b[key] : String(a[key] ?? "").localeCompare(String(b[key] ?? ""), undefined, { numeric: true })));
    this.forgetButton.hidden = !this.chosen.size;
    const first = this.rows.find((row) => this.chosen.has(row.sha256));
    this.forgetButton.textContent = this.chosen.size === 1 && first ? `Forget ${first.doc}` : `Forget ${this.chosen.size} documents`;
    keepFocus(() => this.table, () => this.table.replaceChildren(this._table(rows, words.length > 0)));
  }

  _table(rows, searched) {
    const [key, way] = this.sort;
    if (!this.rows.length) return h("p", { class: "kb-note" }, "No documents in this collection yet.");
    if (!rows.length && searched) return h("p", { class: "kb-note", role: "status" }, "No document has such a name or title. To search in their text, ask in the chat.");
    const chosen = rows.filter((row) => this.chosen.has(row.sha256)).length;
    const all = h("input", { type: "checkbox", "aria-label": "Choose all that are shown", checked: chosen === rows.length, onchange: () => {
      for (const row of rows) if (all.checked) this.chosen.add(row.sha256); else this.chosen.delete(row.sha256);
      this._list();
    } });
    all.indeterminate = chosen > 0 && chosen < rows.length;
    const head = COLUMNS.map(([name, label, number]) => h("th", { scope: "col", class: number ? "number" : null, "aria-sort": key === name ? (way > 0 ? "ascending" : "descending") : null },
      h("button", { type: "button", class: "kb-sort", onclick: () => { this.sort = [name, key === name ? -way : 1]; this._list(); } }, label, key === name ? (way > 0 ? " ▲" : " ▼") : "")));
    const body = rows.map((row) => {
      const box = h("input", { type: "checkbox", "aria-label": `Choose ${row.doc}`, checked: this.chosen.has(row.sha256), onchange: () => {
        if (box.checked) this.chosen.add(row.sha256); else this.chosen.delete(row.sha256);
        this._list();
      } });
      const href = this.router.hash("documents", ...this.address(this.collection, row.sha256, 1));
      return h("tr", { class: this.current?.sha256 === row.sha256 ? "kb-current" : null }, h("td", {}, box),
        h("td", {}, h("a", { href, title: row.title || null }, row.doc)), h("td", { class: "number" }, String(row.pages)),
        h("td", { class: "number" }, size(row.size_bytes || 0)), h("td", { class: "number" }, String(row.ingested_at || "").slice(0, 10)), h("td", {}, STATES[row.status] || row.status));
    });
    return h("div", { class: "kb-scroll", tabindex: "0", role: "region", "aria-label": "Documents" },
      h("table", { class: "kb-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, all), head)), h("tbody", {}, body)));
  }

  // ---- one document

  async open(sha256, page = 1) {
    this._opening = sha256;
    if (!sha256) { this.current = null; this.page = 1; this.view.replaceChildren(); this._list(); return; }
    let row = this.rows.find((each) => each.sha256 === sha256);
    try { row ||= await getJson(`/page/documents/${encodeURIComponent(sha256)}` + query({ collection: this.collection })); } catch (error) {
      this.view.replaceChildren(h("p", { class: "kb-note kb-alert", role: "alert" }, error.text));
      return;
    }
    if (this._opening !== sha256) return;
    const drawn = this._show(row, page);
    this._list();
    await drawn;
    if (this.current === row && matchMedia("(max-width: 899px)").matches) this.view.scrollIntoView({ block: "start" }); // it stands below the list
  }

  // Draws a document around its pages; turning them leaves the buttons, and so the focus, where they are.
  _show(row, page) {
    this.current = row;
    const turn = (by) => h("button", { type: "button", class: "kb-small", onclick: () => this._turn(row, this.page + by) }, by < 0 ? "Previous page" : "Next page");
    const field = h("input", { type: "number", min: "1", max: String(row.pages), "aria-label": "Page", id: "documents-page", onchange: () => this._turn(row, Number(field.value)) });
    const parts = this.parts = { row, head: h("h3", {}, row.doc), back: turn(-1), field, next: turn(1), body: h("div", { class: "kb-view", id: "documents-page-view" }) };
    const bar = h("div", { class: "kb-tools" }, parts.back, field, parts.next,
      h("button", { type: "button", class: "kb-small", id: "documents-forget-this", onclick: () => { this.chosen = new Set([row.sha256]); this._forget(); } }, `Forget ${row.doc}`));
    const hidden = h("details", { ontoggle: () => this._hidden(row, hidden) }, h("summary", {}, "Hidden text that was removed"), h("div", {}));
    keepFocus(() => this.view, () => this.view.replaceChildren(parts.head, bar, parts.body, hidden));
    return this._turn(row, page);
  }

  async _turn(row, page) {
    const { parts } = this, at = Math.min(Math.max(1, Math.trunc(page) || 1), Math.max(1, row.pages));
    this.page = at;
    parts.field.value = String(at);
    const focused = document.activeElement;
    parts.back.disabled = at <= 1;
    parts.next.disabled = at >= row.pages;
    if ([parts.back, parts.next].includes(focused) && focused.disabled) parts.field.focus();
    if (this.router.parts[0] === "documents") this.router.replace("documents", ...this.address());
    parts.body.setAttribute("aria-busy", "true");
    const waiting = h("p", { class: "kb-note", role: "status" }, "Drawing the page …");
    parts.body.replaceChildren(waiting);
    const current = () => this.parts === parts && this.page === at;
    try {
      const view = await getJson(`/page/view/${encodeURIComponent(row.sha256)}/${at - 1}` + query({ collection: this.collection }));
      if (!current()) return;
      parts.head.textContent = view.name;
      const text = h("div", { class: "kb-view" });
      text.innerHTML = view.html; // made and escaped by the server
      const scanned = view.scanned ? h("p", { class: "kb-note", id: "documents-scanned" }, "This page is a picture: it has no text that could be found or quoted. ", this._ocrButton(row)) : "";
      const frame = h("div", { class: "kb-crop kb-crop-page", tabindex: "0", role: "region", "aria-label": "Page" }, text);
      parts.body.replaceChildren(scanned, ...(view.image ? [picture(view), h("details", {}, h("summary", {}, "Text of the page"), text)] : [frame]));
    } catch (error) { if (current()) parts.body.replaceChildren(h("p", { class: "kb-note kb-alert", role: "alert" }, error.text)); }
    if (current()) parts.body.setAttribute("aria-busy", "false");
  }

  async _hidden(row, details) {
    if (!details.open || details.lastChild.childElementCount) return;
    try {
      const { pages } = await getJson(`/page/hidden/${encodeURIComponent(row.sha256)}` + query({ collection: this.collection }));
      details.lastChild.replaceChildren(...(pages.length ? pages.map((page) => h("div", {}, h("p", {}, `Page ${page.page + 1}: ${page.counts}`), h("pre", { class: "kb-log", tabindex: "0" }, page.text)))
        : [h("p", { class: "kb-note" }, "No hidden text was found.")]));
    } catch (error) { details.lastChild.textContent = error.text; }
  }

  // ---- forgetting

  async _forget() {
    const rows = this.rows.filter((row) => this.chosen.has(row.sha256));
    if (!rows.length) return;
    const dialog = h("dialog", { class: "kb-dialog", "aria-labelledby": "documents-forget-title" });
    const opener = document.activeElement, learned = new Set();
    let known = "";
    try {
      for (let at = 0; at < rows.length; at += ASKED_AT_ONCE) {
        const part = await getJson("/page/learned?" + rows.slice(at, at + ASKED_AT_ONCE).map((row) => `doc=${row.sha256}`).join("&"));
        for (const name of part.learned) learned.add(name);
      }
      known = learned.size ? `Still know it, and stay: ${[...learned].join(", ")}.` : "No dataset and no run was made from it.";
    } catch { known = "Which datasets and runs know it could not be found out."; }
    const names = listed(rows.map((row) => row.doc));
    const answer = await new Promise((resolve) => {
      dialog.append(h("h3", { id: "documents-forget-title" }, `Forget ${names}?`),
        h("p", {}, "The pages, their text and their vectors are removed, and no answer will use them. You can undo it for a minute."),
        h("p", {}, known),
        h("div", { class: "kb-tools" }, h("button", { type: "button", class: "kb-stop", id: "documents-sure", onclick: () => resolve(true) }, `Forget ${rows.length === 1 ? names : `${rows.length} documents`}`),
          h("button", { type: "button", class: "kb-small", onclick: () => resolve(false) }, "Keep")));
      dialog.addEventListener("cancel", () => resolve(false));
      this.element.append(dialog);
      dialog.showModal();
    });
    dialog.close();
    dialog.remove();
    if (!answer) { opener?.focus?.(); return; }
    const removed = [];
    for (const row of rows) {
      try { removed.push(await sendJson("POST", `/page/forget/${encodeURIComponent(row.sha256)}` + query({ collection: this.collection }), {})); } catch (error) { this._say(error.text, true); }
    }
    this.chosen.clear();
    if (removed.some((each) => each.sha256 === this.current?.sha256)) this._goTo(this.collection);
    if (removed.length) this._offerUndo({ names: listed(removed.map((each) => each.doc)), keys: removed.map((each) => each.undo).filter(Boolean), until: Date.now() + 1000 * (removed[0].undo_s || 60) });
    this.look();
  }

  // A line for each removal, until its time is over; a reload keeps it.
  _offerUndo({ names, keys, until }, fresh = true) {
    const note = h("p", { class: "kb-note" }, `Removed ${names}. `), offers = (change) => {
      try { sessionStorage.setItem(UNDO, JSON.stringify(change(JSON.parse(sessionStorage.getItem(UNDO) || "[]")))); } catch { /* this window only */ }
    };
    const end = () => { button.remove(); offers((all) => all.filter((each) => each.until !== until)); };
    const button = h("button", { type: "button", class: "kb-small", "aria-label": `Undo: ${names}`, onclick: async () => {
      end();
      note.textContent = `${names}: being added again.`;
      for (const key of keys) {
        try { await sendJson("POST", `/page/undo/${key}`, {}); } catch (error) { this._say(error.text, true); note.remove(); }
      }
      this.look();
    } }, "Undo");
    if (keys.length) note.append(button);
    else note.append("Its file is not kept here, so this cannot be undone.");
    this.undo.prepend(note);
    while (this.undo.childElementCount > 5) this.undo.lastElementChild.remove();
    if (fresh && keys.length) { offers((all) => [...all, { names, keys, until }]); button.focus(); }
    setTimeout(end, until - Date.now());
  }

  _undoAgain() {
    try { for (const offer of JSON.parse(sessionStorage.getItem(UNDO) || "[]")) if (offer.until > Date.now()) this._offerUndo(offer, false); } catch { /* none */ }
  }
}

const LISTED = 6;
const listed = (names) => names.length > LISTED ? `${names.slice(0, LISTED).join(", ")} and ${names.length - LISTED} more` : names.join(", ");
const naming = (file, error) => (error.text || error.message).includes(file.name) ? error.text : `${file.name}: ${error.text || error}`;
const shortened = (texts) => texts.length > LISTED ? [...texts.slice(0, LISTED), `And ${texts.length - LISTED} more files.`] : texts;
