// Training: recipes with the minutes that they take here, the run that is trained, and what can be done with the others.
import { h, getJson, sendJson, query, keepFocus } from "./dom.js";
import { chart } from "./chart.js";
import { KnowledgeMap } from "./knowledge.js";

const LONG_MINUTES = 60, POLL_MS = 2000;
const CURVES = { loss: "loss", eval_loss: "loss on held-out rows", eval_recall: "held-out questions answered", "rewards/margins": "margin of preferences" };
const STAGES = { sft: "Answers", dpo: "Preferences" };
const KINDS = { synthesize: "Training data", train: "Training", export: "Export", compare: "Comparison", know: "What it knows" };

export function minutes(value) {
  const whole = Math.max(1, Math.round(value));
  if (whole >= 90) return `${(value / 60).toFixed(1)} hours`;
  return `${whole} minute${whole === 1 ? "" : "s"}`;
}

const gib = (bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

export class Training {
  constructor(state, router) {
    this.router = router;
    this.state = null;
    this.known = { recipes: {}, default: "", pending: true };
    this.recipe = "";
    this.selected = "";
    this.askAfter = "";
    this._build();
    this.look();
  }

  _build() {
    const small = (id, label, onclick) => h("button", { type: "button", class: "kb-small", id, onclick }, label);
    this.note = h("p", { class: "kb-note", id: "training-message", role: "status" });
    this.task = h("section", { id: "training-task", class: "kb-task", "aria-label": "Task", hidden: true });
    this.dataset = h("select", { id: "training-set", onchange: () => this._chosen(true) });
    this.cards = h("div", { id: "training-recipes", class: "kb-cards", role: "radiogroup", "aria-label": "Recipe" });
    this.others = h("details", { id: "training-others", hidden: true }, h("summary", {}), h("div", { class: "kb-cards" }));
    this.method = h("select", { id: "training-method", onchange: () => { this.recipe = this.method.value || this.recipe; this._chosen(); } });
    this.base = h("input", { type: "text", id: "training-base", placeholder: "the recipe's", maxlength: "200", onchange: () => this._chosen() });
    this.epochs = h("input", { type: "number", id: "training-epochs", min: "0", max: "1000", step: "any", placeholder: "the recipe's", onchange: () => this._chosen() });
    this.name = h("input", { type: "text", id: "training-name", maxlength: "64", oninput: () => { this._named = Boolean(this.name.value.trim()); } });
    const field = (label, part, info) => h("label", { class: "kb-field" }, h("span", {}, label), part, info ? h("small", {}, info) : null);
    this.start = h("button", { type: "button", class: "kb-primary", id: "training-start", onclick: () => this._start() }, "Start");
    this.needs = h("p", { class: "kb-note", id: "training-needs", role: "status" });
    this.noData = h("div", { class: "kb-drop", id: "training-no-data", hidden: true },
      h("p", {}, "There is no training data yet. It is made from your documents."),
      h("button", { type: "button", class: "kb-primary", id: "training-make", onclick: () => this.router.go("data", "") }, "Make training data"));
    this.form = h("div", { id: "training-form", class: "kb-form" },
      h("div", { class: "kb-fields" }, field("Training data", this.dataset), field("Name of the run", this.name, "Small letters, digits, ‘-’, ‘_’ and ‘.’.")),
      h("h3", { id: "training-recipe-head", tabindex: "-1" }, "Recipe"), this.cards, this.others,
      h("details", { class: "kb-controls" }, h("summary", {}, "More choices"),
        h("div", { class: "kb-fields" }, field("Method", this.method, "In place of a recipe."), field("Base model", this.base, "smollm2, hf:ORG/NAME or a folder of the server."),
          field("Passes over the data", this.epochs))),
      h("div", { class: "kb-tools" }, this.start, small("training-again", "Work it out again", () => this._estimate(true))), this.needs);
    this.again = this.form.querySelector("#training-again");
    this.again.hidden = true;
    this.runs = h("div", { id: "training-runs" });
    this.map = new KnowledgeMap((name) => this.teachWeak(name));
    this.curves = h("div", { id: "training-curves", class: "kb-curves" });
    this.element = h("div", { class: "kb-training" },
      h("p", { class: "kb-lead" }, "Train a small model on your documents, then ask it in the chat."),
      this.task, this.note,
      h("div", { class: "kb-columns" },
        h("div", { class: "kb-main" }, h("h2", {}, "New run"), this.noData, this.form),
        h("div", { class: "kb-main" }, h("h2", {}, "Runs"), this.runs, this.curves)),
      this.map.element);
  }

  get _busy() { return ["running", "stopping"].includes(this.state.task?.state); }

  get shown() { return Boolean(this.element.offsetParent); }

  // ---- looking

  async look() {
    clearTimeout(this._timer);
    try { this.state = await getJson("/page/training" + query({ run: this.selected })); } catch (error) { this._say(error.text, true); this._soon(5000); return; }
    this._datasets();
    this._task();
    this._runs();
    this._follow();
    if (this._busy) this._soon(POLL_MS);
    else if (this.shown) this._estimate();
  }

  _soon(ms) { clearTimeout(this._timer); this._timer = setTimeout(() => this.shown || this.askAfter || this.mapAfter ? this.look() : this._soon(ms), ms); }

  _say(text, alert = false) { this.note.textContent = text; this.note.classList.toggle("kb-alert", alert); }

  // ---- the form

  _datasets() {
    const { datasets } = this.state, before = this.dataset.value;
    this.noData.hidden = datasets.length > 0;
    this.form.hidden = !datasets.length;
    const words = datasets.map(({ name, rows }) => `${name} (${rows.toLocaleString("en")} rows)`);
    if (words.join() !== this._datasetWords) {
      this._datasetWords = words.join();
      this.dataset.replaceChildren(...datasets.map(({ name }, at) => h("option", { value: name }, words[at])));
      if (datasets.some(({ name }) => name === before)) this.dataset.value = before;
    }
    if (this.method.childElementCount < 2) {
      this.method.replaceChildren(h("option", { value: "" }, "The recipe's"), ...this.state.methods.map((name) => h("option", { value: name }, name)));
    }
    if (!this._named) this.name.value = this.state.free_names[this.dataset.value] || "";
    if (datasets.length) this._cards();
  }

  _chosen(otherData = false) {
    if (otherData && !this._named) this.name.value = this.state.free_names[this.dataset.value] || "";
    this._cards();
    this._estimate();
  }

  get _body() { return { dataset: this.dataset.value, recipe: this.recipe, base: this.base.value.trim(), epochs: Number(this.epochs.value) || 0 }; }

  // Asks what the recipes take, and again while more will follow; an answer about other choices is left out.
  async _estimate(again = false) {
    clearTimeout(this._estimating);
    if (!this.dataset.value || !this.shown) return;
    const asked = JSON.stringify(this._body);
    let known;
    try { known = await sendJson("POST", `/page/training/estimates${again ? "?again=true" : ""}`, this._body); } catch (error) { this._say(error.text, true); return; }
    if (asked !== JSON.stringify(this._body)) return;
    this.known = known;
    this._cards();
    if (known.pending) this._estimating = setTimeout(() => this._estimate(), 1500);
  }

  _cards() {
    const { recipes, methods } = this.state, known = this.known.recipes;
    if (!this.recipe) this.recipe = this.known.default || "";
    const rank = ({ name }) => (name === this.known.default ? -1 : known[name]?.minutes ?? 1e9);
    const sorted = [...recipes].sort((a, b) => rank(a) - rank(b));
    const unfit = sorted.filter(({ name }) => known[name]?.error);
    const fit = sorted.filter(({ name }) => !known[name]?.error);
    const other = methods.includes(this.recipe) ? [{ name: this.recipe, about: "The method alone, with the settings of its own recipe." }] : [];
    const drawn = JSON.stringify([fit, unfit, other, known, this.known.pending, this.recipe, this._busy]);
    if (drawn !== this._drawn) {
      this._drawn = drawn;
      const focus = this.cards.contains(document.activeElement);
      this.cards.replaceChildren(...[...other, ...fit].map((recipe) => this._card(recipe)));
      if (focus) this.cards.querySelector("input:checked")?.focus();
      this.others.hidden = !unfit.length;
      this.others.firstChild.textContent = `Not on this machine (${unfit.length})`;
      this.others.lastChild.replaceChildren(...unfit.map((recipe) => this._card(recipe)));
    }
    this._needs();
  }

  _card({ name, about }) {
    const forecast = this.known.recipes[name];
    const time = forecast?.minutes ? `about ${minutes(forecast.minutes)}` : forecast?.error ? "cannot be used here" : this.known.pending ? "working out the time …" : this._busy ? "" : "time not known";
    const long = forecast?.minutes > LONG_MINUTES;
    const input = h("input", { type: "radio", name: "training-recipe", value: name, checked: name === this.recipe, disabled: Boolean(forecast?.error),
      onchange: () => { this.recipe = name; this.method.value = ""; this._cards(); } });
    return h("label", { class: `kb-card${name === this.recipe ? " kb-card-chosen" : ""}` }, input,
      h("span", { class: "kb-card-body" },
        h("strong", {}, name, name === this.known.default ? h("span", { class: "kb-tag" }, "suits this machine") : null),
        time ? h("span", { class: `kb-card-time${long ? " kb-alert" : ""}` }, time) : null,
        h("span", {}, about),
        forecast?.error ? h("span", { class: "kb-note" }, forecast.error) : null));
  }

  _needs() {
    const forecast = this.known.recipes[this.recipe], busy = this._busy;
    const failed = Object.values(this.known.recipes).some((each) => each.error);
    this.again.hidden = this.known.pending || busy || !failed;
    this.start.disabled = busy || !this.recipe;
    this.start.textContent = forecast?.minutes ? `Start: about ${minutes(forecast.minutes)}` : "Start";
    if (busy) { this.needs.textContent = "One task runs at a time; times are worked out when it has ended."; return; }
    if (!forecast) { this.needs.textContent = this.known.pending ? "Working out what each recipe takes on this machine …" : ""; return; }
    this.needs.classList.toggle("kb-alert", Boolean(forecast.error) || forecast.fits === false);
    if (forecast.error) { this.needs.textContent = `${this.recipe}: ${forecast.error}`; return; }
    const slower = forecast.busy >= 0.1 ? " if nothing else runs; other programs take " + Math.round(100 * forecast.busy) + " % of this machine now" : forecast.measured ? "" : ", not measured";
    const memory = `${gib(forecast.memory_bytes.total)} of ${gib(forecast.free_bytes)} free memory${forecast.fits ? "" : ": too much"}`;
    const trained = `${forecast.trainable.toLocaleString("en")} of ${forecast.parameters.toLocaleString("en")} parameters are trained`;
    this.needs.textContent = [`${forecast.base}, ${forecast.method}: about ${minutes(forecast.minutes)}${slower}; ${memory}; ${trained}.`, ...forecast.notes.map((note) => `${note[0].toUpperCase()}${note.slice(1)}.`)].join(" ");
  }

  async _start() {
    const body = { ...this._body, name: this.name.value.trim() };
    const forecast = this.known.recipes[this.recipe];
    if (!body.name) { this._say("Give the run a name.", true); this.name.focus(); return; }
    if (forecast?.minutes > LONG_MINUTES && !(await this._sure(forecast.minutes))) return;
    this._named = false;
    await this._do(() => sendJson("POST", "/page/training/start", body), `Started ${body.name}.${forecast?.minutes ? ` It takes about ${minutes(forecast.minutes)} on this machine.` : ""}`, body.name);
  }

  // Above an hour a person says so twice; where a recipe takes less, it is a click away.
  _sure(length) {
    const known = this.known.recipes;
    const [shortest] = Object.keys(known).filter((name) => known[name].minutes && name !== this.recipe).sort((a, b) => known[a].minutes - known[b].minutes);
    const less = shortest && known[shortest].minutes < length / 2 ? shortest : "";
    return new Promise((resolve) => {
      const close = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
      const dialog = h("dialog", { class: "kb-dialog", id: "training-sure", "aria-labelledby": "training-sure-head", oncancel: () => close(false) },
        h("h3", { id: "training-sure-head" }, `This takes about ${minutes(length)}`),
        h("p", {}, "It runs in the background and can be stopped and resumed. Other work on this machine will be slower meanwhile."),
        h("div", { class: "kb-tools" },
          less ? h("button", { type: "button", class: "kb-primary", onclick: () => { this.recipe = less; this._cards(); close(false); } }, `Choose ${less}: about ${minutes(known[less].minutes)}`) : null,
          h("button", { type: "button", class: "kb-small", id: "training-sure-start", onclick: () => close(true) }, "Start anyway"),
          h("button", { type: "button", class: "kb-small", onclick: () => close(false) }, "Cancel")));
      this.element.append(dialog);
      dialog.showModal();
    });
  }

  async _do(request, done, select = "") {
    try { await request(); this._say(done); if (select) this.selected = select; } catch (error) { this._say(error.text, true); return false; }
    await this.look();
    return true;
  }

  resume(name) { return this._do(() => sendJson("POST", `/page/training/resume/${encodeURIComponent(name)}`, {}), `Resumed ${name}.`, name); }
  stop() { return this._do(() => sendJson("POST", "/page/training/stop", {}), ""); }
  export(name, to) { return this._do(() => sendJson("POST", `/page/training/export/${encodeURIComponent(name)}`, { to }), `Exporting ${name}.`, name); }

  compare(name) { return this._do(() => sendJson("POST", `/page/training/compare/${encodeURIComponent(name)}`, {}), `Comparing ${name} with its base.`, name); }

  teachWeak(name) { return this._do(() => sendJson("POST", `/page/training/weak/${encodeURIComponent(name)}`, {}), ""); }

  know(name) { this.mapAfter = name; return this._do(() => sendJson("POST", `/page/training/know/${encodeURIComponent(name)}`, {}), "", name); }

  // Chooses a run as the model of the chat; one that was not exported is exported first.
  async ask(run) {
    if (run.state !== "ready to be asked") {
      this.askAfter = run.name;
      if (!(await this.export(run.name, "gguf"))) this.askAfter = "";
      else this._say(`${run.name} is made ready; then the chat opens.`);
      return;
    }
    await this.router.chat.use(`run:${run.name}`);
    this.router.go("chat", "");
  }

  // ---- the task

  _follow() {
    const { task, runs } = this.state;
    if (this.mapAfter && task?.kind === "know" && !this._busy) {
      if (task.state === "done") this.map.show(this.mapAfter, true);
      this.mapAfter = "";
    }
    if (!this.askAfter || task?.kind !== "export" || this._busy) return;
    const run = runs.find(({ name }) => name === this.askAfter);
    this.askAfter = "";
    this._say("");
    if (task.state === "done" && run?.state === "ready to be asked" && this.shown) this.ask(run);
  }

  _task() {
    const task = this.state.task;
    this.task.hidden = !task;
    if (!task) { this.task.replaceChildren(); return; }
    const run = this.state.runs.find(({ name }) => name === task.name);
    const running = task.state === "running";
    const open = this.task.querySelector("details")?.open;
    const log = this.task.querySelector(".kb-log"), read = log ? log.scrollTop : 0;
    const button = (id, label, onclick, primary = false) => h("button", { type: "button", class: primary ? "kb-primary" : "kb-small", id, onclick }, label);
    const parts = [h("h3", {}, `${KINDS[task.kind]}: ${task.name}`)];
    if (!running || task.kind !== "train") parts.push(h("p", { class: `kb-note${task.state === "failed" ? " kb-alert" : ""}`, id: "training-status", role: task.state === "failed" ? "alert" : "status" }, task.text));
    if (task.kind === "train" && ["stopped", "failed"].includes(task.state) && run?.actions.includes("resume") && !run.saved_step) {
      parts.push(h("p", { class: "kb-note" }, "No checkpoint was saved yet, so it begins at the first step."));
    }
    if (task.stages.length > 1 || (running && task.stages.length)) parts.push(stages(task.stages));
    if (running) parts.push(...this._progress(task));
    const tools = h("div", { class: "kb-tools" });
    if (running) tools.append(button("training-stop", "Stop", () => this.stop()));
    if (task.kind === "train" && ["stopped", "failed"].includes(task.state)) {
      if (run?.actions.includes("resume")) tools.append(button("training-go-on", task.state === "failed" && !run.saved_step ? "Try again" : resumed(run), () => this.resume(task.name), true));
      if (task.state === "failed") tools.append(button("training-other", "Choose another recipe", () => { this.form.querySelector("#training-recipe-head").focus(); this.cards.scrollIntoView({ block: "center" }); }));
    }
    if (task.kind === "compare" && ["stopped", "failed"].includes(task.state) && run) tools.append(button("training-go-on", "Compare again", () => this.compare(task.name), true));
    if (task.kind === "export" && ["stopped", "failed"].includes(task.state) && run) tools.append(button("training-go-on", "Export again", () => this.export(task.name, "gguf"), true));
    if (task.kind === "know" && task.state === "done" && run?.has_map) tools.append(button("training-map", "Show the map", () => this.map.show(run.name, true), true));
    else if (task.state === "done" && run) {
      if (run.actions.includes("ask")) tools.append(button("training-ask", "Ask it", () => this.ask(run), true));
      if (task.kind === "compare" && run.has_report) tools.append(report(run, "kb-primary"));
      else if (run.actions.includes("compare")) tools.append(button("training-compare", "Compare it with its base", () => this.compare(run.name)));
    }
    if (tools.childElementCount) parts.push(tools);
    if (task.lines.length) parts.push(h("details", { open: open || null }, h("summary", {}, "What happened so far"), h("ul", { class: "kb-log", tabindex: "0" }, task.lines.map((line) => h("li", {}, line)))));
    keepFocus(() => this.task, () => this.task.replaceChildren(...parts));
    const again = this.task.querySelector(".kb-log");
    if (again) again.scrollTop = read; // where it was read
  }

  _progress(task) {
    const parts = [];
    if (task.share !== null) {
      const bar = h("progress", { max: "100", class: "kb-bar", "aria-label": "Progress" });
      bar.value = 100 * task.share;
      parts.push(bar);
    }
    const words = task.step !== null ? [`Step ${task.step} of ${task.steps}`] : task.doing ? [task.doing] : [{ 0: "Starting …", 1: "Reading and checking the rows …" }[task.stages.length] || "Loading the model and the rows …"];
    if (task.step !== null && task.eta_s !== null && task.step < task.steps) words.push(`about ${task.eta_s < 90 ? `${Math.max(1, Math.round(task.eta_s))} seconds` : minutes(task.eta_s / 60)} left in this stage`);
    if (task.loss !== null) words.push(`loss ${task.loss.toFixed(3)}`);
    parts.push(h("p", { class: "kb-note", id: "training-progress", role: "status" }, words.join(", ") + (words.join("").endsWith("…") ? "" : ".")));
    return parts;
  }

  // ---- the runs

  _runs() {
    const { runs, shown, targets, curves } = this.state;
    const busy = this._busy, drawn = JSON.stringify([runs, shown, busy]);
    if (drawn !== this._runsDrawn) {
      this._runsDrawn = drawn;
      keepFocus(() => this.runs, () => this.runs.replaceChildren(runs.length ? h("ul", { class: "kb-runs" }, runs.map((run) => this._run(run, run.name === shown, targets, busy)))
        : h("p", { class: "kb-note" }, "None yet.")));
    }
    const figures = Object.entries(curves).filter(([, points]) => points.length).map(([name, points]) => {
      const [stage, ...rest] = name.split(" ");
      return chart(`${STAGES[stage] || stage}, ${CURVES[rest.join(" ")] || rest.join(" ")}`, points);
    });
    this.curves.replaceChildren(...figures);
  }

  _run(run, shown, targets, busy) {
    const button = (label, onclick, properties = {}) => h("button", { type: "button", class: "kb-small", "aria-label": `${label}: ${run.name}`, onclick, disabled: busy, ...properties }, label);
    const scores = Object.entries(run.scores).map(([name, value]) => `${name} ${value.toFixed(2)}`).join(", ");
    const tools = h("div", { class: "kb-tools" });
    if (run.actions.includes("resume")) tools.append(button(resumed(run), () => this.resume(run.name)));
    if (run.actions.includes("ask")) tools.append(button("Ask it", () => this.ask(run)));
    if (run.actions.includes("compare")) tools.append(button(run.has_report ? "Compare again" : "Compare with its base", () => this.compare(run.name)));
    if (run.has_report) tools.append(report(run));
    if (run.has_map) tools.append(button("What it knows", () => this.map.show(run.name, true), { disabled: false }));
    if (run.actions.includes("know")) tools.append(button(run.has_map ? "Ask its facts again" : "What does it know?", () => this.know(run.name)));
    if (run.actions.includes("export")) {
      const to = h("select", { "aria-label": `Export ${run.name} to` }, targets.map(({ name, title }) => h("option", { value: name }, title)));
      tools.append(h("span", { class: "kb-pair" }, to, button("Export", () => this.export(run.name, to.value))));
    }
    if (run.file_bytes) tools.append(h("a", { class: "kb-small", href: `/page/training/runs/${encodeURIComponent(run.name)}/file`, download: "" }, `Download (${(run.file_bytes / 1e6).toFixed(0)} MB)`));
    const pick = h("button", { type: "button", class: "kb-link", "aria-pressed": String(shown), onclick: () => { this.selected = run.name; this.look(); } }, run.name);
    return h("li", { class: shown ? "kb-current" : null }, h("p", {}, pick, " ", h("span", { class: "kb-tag" }, run.state)),
      h("p", { class: "kb-note" }, [run.base, run.method, scores].filter(Boolean).join("; ")),
      run.reason ? h("p", { class: "kb-note kb-alert" }, run.reason) : null, tools.childElementCount ? tools : null);
  }
}

const report = (run, kind = "kb-small") => h("a", { class: kind, href: `/report/${encodeURIComponent(`run ${run.name}`)}`, target: "_blank", rel: "noopener", "aria-label": `Open the report: ${run.name}` }, "Open the report");

function resumed(run) { return run.saved_step ? `Resume from step ${run.saved_step}` : "Resume"; }

function stages(list) {
  const marks = { done: "✓", running: "●", waiting: "○" }, words = { done: "done", running: "now", waiting: "later" };
  return h("ol", { class: "kb-stages", "aria-label": "Stages" }, list.map(({ title, state }) =>
    h("li", { class: `kb-stage-${state}`, "aria-current": state === "running" ? "step" : null },
      h("span", { "aria-hidden": "true" }, marks[state] || marks.waiting), ` ${title}`, h("span", { class: "kb-visually-hidden" }, `, ${words[state] || ""}`))));
}
