"""Theme, styles and keyboard shortcuts of the page: system fonts, contrast in light and dark, small screens.

Nothing is fetched from other servers.
"""

from __future__ import annotations

import gradio as gr

_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "monospace"]

CSS = """
.gradio-container { max-width: 80rem !important; width: 100% !important; margin: 0 auto !important; }
.kb-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .8rem; }
.kb-head h1 { font-size: 1.4rem; font-weight: 700; margin: 0; }
.kb-head p { margin: 0; color: var(--body-text-color-subdued); }
.kb-note { font-size: .95rem; line-height: 1.45; margin: 0; color: var(--body-text-color); }
.gradio-container a { color: var(--link-text-color); text-decoration: underline; }
.html-container { padding: 0 !important; }
/* An empty component takes no room. */
.block:has(> .html-container > div:empty) { display: none; }
.kb-view { line-height: 1.45; }
.kb-view img { max-width: 100%; height: auto; border: 1px solid var(--border-color-primary); background: #fff; }
.kb-view figure { margin: .6rem 0 0; } .kb-view figcaption { margin: .3rem 0; font-weight: 600; }
/* The page is as wide as its column; focus (a click) enlarges it inside its frame. */
.kb-zoom { overflow: auto; cursor: zoom-in; }
.kb-zoom:focus { cursor: zoom-out; max-height: 85vh; } .kb-zoom:focus img { max-width: none; width: 60rem; }
.kb-short { font-size: 1.5rem; font-weight: 700; line-height: 1.25; margin: .2rem 0; overflow-wrap: anywhere; }
.kb-likelihood { font-size: .95rem; font-weight: 400; color: var(--body-text-color-subdued); }
.kb-alert { color: var(--kb-alert, #b42318); font-weight: 600; } .dark .kb-alert { --kb-alert: #ffa198; }
.kb-files { margin: 0; padding: 0; list-style: none; overflow-wrap: anywhere; }
.kb-grid { border-collapse: collapse; font-size: .9rem; margin: .4rem 0; }
.kb-grid th, .kb-grid td { border: 1px solid var(--border-color-primary); padding: .15rem .4rem; text-align: left;
  vertical-align: top; }
.kb-grid .kb-marked { outline: 3px solid #b8860b; outline-offset: -3px; }
.kb-view pre, .kb-text { white-space: pre-wrap; overflow-wrap: anywhere; font-family: inherit; margin: .4rem 0; }
.kb-view mark { background: #ffe08a; color: #1a1a1a; padding: 0 .1em; }
.kb-view blockquote { margin: 0 0 .4rem; padding-left: .8rem; border-left: 4px solid var(--color-accent); }
.kb-view summary { cursor: pointer; }
.kb-log { max-height: 14rem; overflow: auto; font-size: .85rem; }
.kb-tail { display: flex; flex-direction: column-reverse; }
.kb-scroll { overflow-x: auto; } .kb-scroll:focus-visible { outline: 3px solid var(--color-accent); }
.kb-table { border-collapse: collapse; width: 100%; font-size: .95rem; }
.kb-table th, .kb-table td { text-align: left; vertical-align: top; overflow-wrap: break-word;
  padding: .35rem .6rem; border-bottom: 1px solid var(--border-color-primary); }
.kb-table th { color: var(--body-text-color-subdued); font-weight: 600; }
.kb-table td.number, .kb-table th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.kb-table progress { width: 8rem; max-width: 100%; }
.kb-bar { width: 100%; }
.kb-frame { width: 100%; height: 75vh; border: 1px solid var(--border-color-primary); background: #fff; }
.kb-table .wide { min-width: 11rem; }
.kb-curve { width: 100%; height: auto; } .kb-curve text { fill: var(--body-text-color); font-size: 12px; }
.kb-curve polyline { fill: none; stroke: var(--primary-600); stroke-width: 2; }
.kb-curve circle { fill: var(--primary-600); }
.dark .kb-curve polyline { stroke: var(--primary-300); } .dark .kb-curve circle { fill: var(--primary-300); }
.kb-curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; }
.kb-buttons { display: grid !important; grid-template-columns: repeat(auto-fit, minmax(4.6rem, 1fr)); gap: .5rem; }
.kb-buttons button { min-width: 0 !important; padding-inline: .3rem; white-space: nowrap; }
.kb-end { align-items: end; }
/* The accent is too dark for text on a dark page. */
.dark button[role=tab].selected { color: var(--primary-300); }
:is(button, a, input, textarea, summary, [role=tab], [tabindex="0"]):focus-visible {
  outline: 3px solid var(--color-accent) !important; outline-offset: 2px; }
footer { display: none !important; }
/* Rooms without data; a component that Gradio does not draw would miss what changes in it. */
.kb-nothing { display: none !important; }
@media (max-width: 640px) {
  .kb-row { flex-direction: column !important; }
  .kb-row > * { min-width: 0 !important; width: 100% !important; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
"""

# For elements around the page's content, which the rules above do not reach.
_AROUND = "<style>@media (max-width: 640px) { .gradio-container .main { padding: .75rem !important; } }</style>"
# Single keys act on the row under review while no text field has the focus; a checkbox beside it turns them off.
# In a text field, Escape leaves it and Ctrl+Enter (Cmd+Enter) saves.
_KEYS = """
<script>
document.documentElement.lang = "en";
// The page contains its head twice; the first script listens.
window.kbKeys = window.kbKeys || document.addEventListener("keydown", (event) => {
  const on = document.querySelector("#data-keys input");
  if (event.repeat || event.isComposing || !on || !on.offsetParent) return;
  const fields = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
  const typing = event.target.closest(fields);
  if (typing && event.key === "Escape") { event.target.blur(); return; }
  if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.target.dispatchEvent(new Event("input", {bubbles: true}));
    document.getElementById("data-save").click();
    return;
  }
  if (!on.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (window.kbTyped !== undefined) { // E waits for its row: what follows is the answer's text, and decides nothing
    if (event.key.length !== 1) return;
    event.preventDefault();
    window.kbTyped += event.key;
    return;
  }
  const buttonId = {a: "data-accept", e: "data-save", r: "data-reject", s: "data-skip", u: "data-undo"}[
    event.key.toLowerCase()];
  const button = buttonId && document.getElementById(buttonId);
  if (!button) return;
  event.preventDefault();
  const edits = buttonId === "data-save";
  if (edits) window.kbTyped = "";
  window.kbQueue = window.kbQueue || Promise.resolve();
  // One after the other: a key that is pressed while a decision is stored acts on the row that follows.
  window.kbQueue = window.kbQueue.then(() => new Promise((done) => {
    if (edits) {
      const field = document.querySelector("#data-answer textarea");
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
      if (window.kbTyped) {
        field.setRangeText(window.kbTyped, field.value.length, field.value.length, "end");
        field.dispatchEvent(new Event("input", {bubbles: true}));
      }
      delete window.kbTyped;
      done();
      return;
    }
    // Every answer of the server has a mark of its own in the line above the row; that line may be drawn in steps.
    const mark = () => document.querySelector("#data-status [data-drawn]")?.dataset.drawn;
    const before = mark();
    const end = () => { clearTimeout(late); clearInterval(look); setTimeout(done, 30); };
    const look = setInterval(() => { if (mark() && mark() !== before) end(); }, 20);
    const late = setTimeout(end, 60000); // a slow machine is no reason to act on the row before
    button.click();
  }));
}) || true;
</script>
"""
_SCRIPTS = (
    '<link rel="stylesheet" href="/page/static/page.css"><script type="module" src="/page/static/app.js"></script>'
)
HEAD = _AROUND + _SCRIPTS + _KEYS


def theme() -> gr.themes.Base:
    """Return Gradio's default theme with system fonts and stronger contrast."""
    made = gr.themes.Default(
        primary_hue="blue", secondary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=_MONO, text_size="md"
    )
    return made.set(
        body_text_color_subdued="*neutral_700",
        body_text_color_subdued_dark="*neutral_300",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_100",
        block_label_text_color="*neutral_800",
        block_label_text_color_dark="*neutral_100",
        block_info_text_color="*neutral_700",
        block_info_text_color_dark="*neutral_300",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        link_text_color_visited="*primary_800",
        link_text_color_visited_dark="*primary_300",
        color_accent="*primary_600",
        button_large_text_size="*text_md",
        button_large_text_weight="500",
        button_large_padding="*spacing_md *spacing_lg",
        button_cancel_background_fill="*red_700",
        button_cancel_background_fill_hover="*red_800",
        button_cancel_background_fill_dark="*red_700",
        button_cancel_background_fill_hover_dark="*red_800",
        button_cancel_text_color="white",
        button_cancel_text_color_dark="white",
    )
