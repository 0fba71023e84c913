// The documents: add by drop, choice, folder or address; state of every job; list, page by page; forget with undo.
import { h, call, getJson, sendJson, query } from "./dom.js";

const COLUMNS = [["doc", "Document"], ["pages", "Pages", true], ["size_bytes", "Size", true], ["ingested_at", "Added", true], ["status", "Status"]];
const size = (bytes) => bytes >= 1e5 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
const SHOWN_JOBS = 6;

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
      onchange: () => { this.collection = this.field.value.trim() || this.state.collection; this.current = null; this.chosen.clear(); this.look(); } });
    this.note = h("p", { class: "kb-note", id: "documents-status", role: "status" });
    this.drop = h("div", { class: "kb-drop", id: "documents-add" }, h("p", {}, "Drop files or a folder here, or"),
      h("label", { class: "kb-primary kb-file" }, "Choose files", files), h("label", { class: "kb-small kb-file" }, "Choose a folder", folder));
    for (const kind of ["dragenter", "dragover"]) this.drop.addEventListener(kind, (event) => { event.preventDefault(); this.drop.classList.add("kb-over"); });
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("kb-over"));
    this.drop.addEventListener("drop", async (event) => {
      event.preventDefault();
      this.drop.classList.remove("kb-over");
      this._add(await dropped(event.dataTransfer));
    });
    this.search = h("input", { type: "search", id: "documents-search", placeholder: "Search names and titles", "aria-label": "Search documents", oninput: () => this._list() });
    this.table = h("div", { id: "documents-list" });
    this.forgetButton = h("button", { type: "button", class: "kb-small", id: "documents-forget", hidden: true, onclick: () => this._forget() });
    this.jobs = h("div", { id: "documents-jobs" });
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
    this.look();
  }

  // ---- adding

  _take(input) { const files = [...input.files]; input.value = ""; this._add(files); }

  async _add(files) {
    try { await this.upload(files, (text) => this._say(text)); } catch (error) { this._say(error.text, true); }
    this.look();
  }

  // Sends files as jobs of at most as many as the server takes at once.
  async upload(files, say) {
    const given = files.filter((file) => !file.name.startsWith("."));
    if (!given.length) { say("Nothing to add."); return; }
    const refused = [];
    let count = 0;
    for (let at = 0; at < given.length; at += this.state.upload_files) {
      const part = given.slice(at, at + this.state.upload_files);
      say(`Sending ${Math.min(given.length, at + part.length)} of ${given.length} …`);
      try { count += await this._send(part); } catch (error) {
        if (part.length === 1) { refused.push(error.text); continue; }
        for (const file of part) { // one that is refused keeps no other back
          try { count += await this._send([file]); } catch (fault) { refused.push(fault.text); }
        }
      }
    }
    say(`${count} file${count === 1 ? "" : "s"} accepted${refused.length ? `; refused: ${refused.join(" ")}` : "."}`);
    this.look();
  }

  async _send(files) {
    const form = new FormData();
    form.append("collection", this.collection);
    for (const file of files) form.append("file", file, file.name);
    await call("/page/documents", { method: "POST", body: form });
    return files.length;
  }

  async _addUrl() {
    const address = this.url.value.trim();
    if (!/^https?:\/\/\S+$/.test(address)) { this._say("Type an address that begins with https:// or http://.", true); return; }
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
    try {
      const [listed, jobs, state] = await Promise.all([
        getJson("/page/documents" + query({ collection: this.collection })), getJson("/page/documents/jobs"), getJson("/page/state" + query({ collection: this.collection }))]);
      this.rows = listed.documents;
      const current = this.current && this.rows.find((row) => row.sha256 === this.current.sha256);
      if (current && current.ingested_at !== this.current.ingested_at) { // read again meanwhile
        this.current = current;
        this._show(current, Number(this.view.querySelector("#documents-page")?.value));
      }
      this.names.replaceChildren(...state.collections.map((name) => h("option", { value: name })));
      this._jobs(jobs.data);
      const active = jobs.data.some((job) => ["queued", "running"].includes(job.status));
      if (active) this._timer = setTimeout(() => this.look(), 1500);
      for (const sha of [...this.chosen]) if (!this.rows.some((row) => row.sha256 === sha)) this.chosen.delete(sha);
      this._list();
    } catch (error) { this._say(error.text, true); }
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
      const words = job.status === "done" ? Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ") : state[job.status];
      const bar = job.status === "running" ? h("progress", { max: "100", value: String(Math.round(100 * job.progress.share)), "aria-label": "Progress" }) : null;
      if (bar) bar.value = 100 * job.progress.share;
      const told = job.files.filter((file) => file.reason && file.status !== "refused");
      const shown = bad || refused.length || told.length ? [...refused, ...told] : job.files.slice(0, 3);
      const open = refused.filter((file) => !later.has(file.doc));
      for (const file of job.files) later.add(file.doc);
      const again = open.some((file) => file.locked) ? this._passwordForm(job)
        : job.status === "failed" || open.length ? h("button", { type: "button", class: "kb-small", onclick: () => this._retry(job) }, "Try again") : null;
      const scans = job.files.filter((file) => file.scanned && !read.has(file.sha256) && !read.has(file.doc) && this.rows.some((row) => row.sha256 === file.sha256));
      const ocr = scans.map((file) => this._ocrButton(file, scans.length > 1 ? `Read the scanned pages of ${file.doc}` : "Read the scanned pages"));
      return h("li", { class: bad ? "kb-alert" : null }, h("strong", {}, words), " ", bar, bar ? ` ${job.progress.pages} pages ` : "",
        shown.map((file) => h("div", {}, `${file.doc}${file.reason ? `: ${file.reason}` : ""}`)), job.error ? h("div", {}, job.error) : null,
        again || ocr.length ? h("div", { class: "kb-tools" }, again, ocr) : null);
    });
    const typing = this.jobs.contains(document.activeElement) ? document.activeElement.dataset.job : "";
    this.jobs.replaceChildren(items.length ? h("details", { open: jobs.some((job) => job.status !== "done") || jobs[0]?.files.some((file) => file.status === "refused") || this._jobsOpen || null },
      h("summary", {}, "Latest additions"), h("ul", { class: "kb-jobs" }, items)) : "");
    if (typing) this.jobs.querySelector(`input[data-job="${typing}"]`)?.focus();
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
    field.dataset.job = job.id;
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
      .sort((a, b) => way * (typeof a[key] === "number" ? a[key] - b[key] : String(a[key] ?? "").localeCompare(String(b[key] ?? ""))));
    this.forgetButton.hidden = !this.chosen.size;
    const first = this.rows.find((row) => this.chosen.has(row.sha256));
    this.forgetButton.textContent = this.chosen.size === 1 && first ? `Forget ${first.doc}` : `Forget ${this.chosen.size} documents`;
    if (!this.rows.length) { this.table.replaceChildren(h("p", { class: "kb-note" }, "No documents in this collection yet.")); return; }
    const head = COLUMNS.map(([name, label, number]) => h("th", { scope: "col", class: number ? "number" : null, "aria-sort": key === name ? (way > 0 ? "ascending" : "descending") : null },
      h("button", { type: "button", class: "kb-sort", onclick: () => { this.sort = [name, key === name ? -way : 1]; this._list(); } }, label, key === name ? (way > 0 ? " ▲" : " ▼") : "")));
    const body = rows.map((row) => {
      const box = h("input", { type: "checkbox", "aria-label": `Choose ${row.doc}`, checked: this.chosen.has(row.sha256), onchange: () => {
        if (box.checked) this.chosen.add(row.sha256); else this.chosen.delete(row.sha256);
        this._list();
      } });
      return h("tr", { class: this.current?.sha256 === row.sha256 ? "kb-current" : null }, h("td", {}, box),
        h("td", {}, h("a", { href: `#documents/${row.sha256}`, title: row.title || null }, row.doc)), h("td", { class: "number" }, String(row.pages)),
        h("td", { class: "number" }, size(row.size_bytes || 0)), h("td", { class: "number" }, String(row.ingested_at || "").slice(0, 10)), h("td", {}, row.status));
    });
    this.table.replaceChildren(h("div", { class: "kb-scroll", tabindex: "0", role: "region", "aria-label": "Documents" },
      h("table", { class: "kb-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "kb-visually-hidden" }, "Choose")), head)), h("tbody", {}, body))));
  }

  // ---- one document

  async open(sha256, page = 1) {
    if (!sha256) { this.current = null; this.view.replaceChildren(); this._list(); return; }
    let row = this.rows.find((each) => each.sha256 === sha256);
    try { row ||= await getJson(`/page/documents/${encodeURIComponent(sha256)}` + query({ collection: this.collection })); } catch (error) {
      this.view.replaceChildren(h("p", { class: "kb-note kb-alert" }, error.text));
      return;
    }
    this.current = row;
    this._list();
    this._show(row, page);
  }

  async _show(row, page) {
    const at = Math.min(Math.max(1, page || 1), Math.max(1, row.pages));
    const field = h("input", { type: "number", min: "1", max: String(row.pages), value: String(at), "aria-label": "Page", id: "documents-page", onchange: () => this._show(row, Number(field.value)) });
    const frame = h("div", { class: "kb-crop kb-crop-page", tabindex: "0", role: "region", "aria-label": "Page" }, h("p", { class: "kb-note" }, "Drawing the page …"));
    const head = h("h3", {}, row.doc);
    const bar = h("div", { class: "kb-tools" },
      h("button", { type: "button", class: "kb-small", disabled: at <= 1, onclick: () => this._show(row, at - 1) }, "Previous page"), field,
      h("button", { type: "button", class: "kb-small", disabled: at >= row.pages, onclick: () => this._show(row, at + 1) }, "Next page"),
      h("button", { type: "button", class: "kb-small", id: "documents-forget-this", onclick: () => { this.chosen = new Set([row.sha256]); this._forget(); } }, `Forget ${row.doc}`));
    const hidden = h("details", { ontoggle: () => this._hidden(row, hidden) }, h("summary", {}, "Hidden text that was removed"), h("div", {}));
    this.view.replaceChildren(head, bar, frame, hidden);
    try {
      const view = await getJson(`/page/view/${encodeURIComponent(row.sha256)}/${at - 1}` + query({ collection: this.collection }));
      if (this.current !== row) return;
      head.textContent = view.name;
      const text = h("div", { class: "kb-view" });
      text.innerHTML = view.html; // made and escaped by the server
      frame.replaceChildren(view.image ? h("img", { src: view.image, alt: view.alt }) : text);
      if (view.scanned) frame.before(h("p", { class: "kb-note", id: "documents-scanned" }, "This page is a picture: it has no text that could be found or quoted. ", this._ocrButton(row)));
      if (view.image) frame.after(h("details", {}, h("summary", {}, "Text of the page"), text));
    } catch (error) { frame.replaceChildren(h("p", { class: "kb-note kb-alert" }, error.text)); }
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
    let learned = [];
    try { learned = (await getJson("/page/learned?" + rows.map((row) => `doc=${row.sha256}`).join("&"))).learned; } catch { /* unknown */ }
    const names = rows.map((row) => row.doc).join(", ");
    const answer = await new Promise((resolve) => {
      dialog.append(h("h3", { id: "documents-forget-title" }, `Forget ${names}?`),
        h("p", {}, "The pages, their text and their vectors are removed, and no answer will use them. You can undo it for a minute."),
        learned.length ? h("p", {}, `Still know it, and stay: ${learned.join(", ")}.`) : "",
        h("div", { class: "kb-tools" }, h("button", { type: "button", class: "kb-stop", id: "documents-sure", onclick: () => resolve(true) }, `Forget ${rows.length === 1 ? names : `${rows.length} documents`}`),
          h("button", { type: "button", class: "kb-small", onclick: () => resolve(false) }, "Keep")));
      dialog.addEventListener("cancel", () => resolve(false));
      this.element.append(dialog);
      dialog.showModal();
    });
    dialog.close();
    dialog.remove();
    if (!answer) return;
    const removed = [];
    for (const row of rows) {
      try { removed.push(await sendJson("POST", `/page/forget/${encodeURIComponent(row.sha256)}` + query({ collection: this.collection }), {})); } catch (error) { this._say(error.text, true); }
    }
    this.chosen.clear();
    if (removed.some((each) => each.sha256 === this.current?.sha256)) this.router.go("documents", "");
    if (removed.length) this._offerUndo(removed);
    this.look();
  }

  _offerUndo(removed) {
    const names = removed.map((each) => each.doc).join(", ");
    const note = h("p", { class: "kb-note" }, `Removed ${names}. `);
    const button = h("button", { type: "button", class: "kb-small", onclick: async () => {
      button.disabled = true;
      for (const each of removed) {
        if (!each.undo) continue;
        try { await sendJson("POST", `/page/undo/${each.undo}`, {}); } catch (error) { this._say(error.text, true); }
      }
      note.textContent = `${names}: being added again.`;
      this.look();
    } }, "Undo");
    note.append(button);
    this.undo.replaceChildren(note);
    setTimeout(() => { if (note.contains(button)) button.remove(); }, 1000 * (removed[0].undo_s || 60));
  }
}

// The files of a drop, those inside of folders too.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else {
      const reader = entry.createReader();
      for (;;) {
        const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!part.length) return;
        for (const each of part) await walk(each);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return files;
}
