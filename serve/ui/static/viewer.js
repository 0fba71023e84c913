// A page of a document around a marked quote: its picture, scrolled and enlarged to the mark, or its text.
import { h, getJson, query } from "./dom.js";

const ZOOMS = [1, 1.5, 2, 3, 4];

export class Viewer {
  // `closed` is called when a person closes the page.
  constructor(closed = () => {}) {
    this.element = h("section", { id: "chat-page", class: "kb-viewer", "aria-label": "Cited page", hidden: true,
      onkeydown: (event) => { if (event.key === "Escape") this._close(); } });
    this._closed = closed;
    this._asked = 0;
  }

  clear() { this._asked += 1; this._opener = null; this.element.replaceChildren(); this.element.hidden = true; }

  // The focus goes back to what opened the page.
  _close() {
    const opener = this._opener;
    this.clear();
    this._closed();
    const again = opener?.isConnected ? opener : [...document.querySelectorAll(".kb-cite, .kb-source")].find((each) => opener && each.offsetParent && each.textContent === opener.textContent);
    again?.focus();
  }

  async show(source, collection, { number = 0, focus = false } = {}) {
    if (focus && !this.element.contains(document.activeElement)) this._opener = document.activeElement;
    const asked = ++this._asked;
    this.element.hidden = false;
    this.element.setAttribute("aria-busy", "true");
    this.element.replaceChildren(h("p", { class: "kb-note", role: "status" }, "Drawing the page …"));
    let view;
    try {
      view = await getJson(`/page/view/${encodeURIComponent(source.sha256)}/${source.page}` +
        query({ start: source.start, end: source.end, collection }));
    } catch (error) {
      if (asked === this._asked) this.element.replaceChildren(h("p", { class: "kb-note kb-alert", role: "alert" }, error.text));
      return;
    } finally {
      if (asked === this._asked) this.element.setAttribute("aria-busy", "false");
    }
    if (asked !== this._asked) return;
    const head = h("header", { class: "kb-viewer-head" },
      h("h3", { tabindex: "-1" }, number ? `[${number}] ${view.name}` : view.name),
      h("button", { type: "button", class: "kb-small", "aria-label": "Close the page", onclick: () => this._close() }, "Close"));
    this.element.replaceChildren(head);
    if (source.quote) this.element.append(h("blockquote", {}, source.quote));
    const text = h("div", { class: "kb-view" });
    text.innerHTML = view.html; // made and escaped by the server
    if (view.image) {
      this.element.append(picture(view), h("details", {}, h("summary", {}, "Text of the page"), text));
    } else {
      const frame = h("div", { class: "kb-crop kb-crop-text", tabindex: "0", role: "region", "aria-label": "Text of the page" }, text);
      this.element.append(frame);
      const mark = text.querySelector("mark");
      if (mark) frame.scrollTop = mark.getBoundingClientRect().top - frame.getBoundingClientRect().top - frame.clientHeight / 3;
    }
    if (focus) { head.firstChild.focus({ preventScroll: true }); this.element.scrollIntoView({ block: "nearest" }); }
  }
}

// The picture of a page in a frame, enlarged to its mark.
export function picture(view) {
  const image = h("img", { alt: view.alt, src: view.image });
  const frame = h("div", { class: "kb-crop", tabindex: "0", role: "region", "aria-label": "Page; arrow keys move it" }, image);
  let box = null, zoom = 1, near = 1; // near: enlarged to the mark
  const settle = () => {
    image.style.width = `${100 * zoom}%`;
    if (!box) return;
    frame.scrollLeft = ((box.left + box.right) / 2) * image.clientWidth - frame.clientWidth / 2;
    frame.scrollTop = ((box.top + box.bottom) / 2) * image.clientHeight - frame.clientHeight / 2;
  };
  const step = (by) => () => {
    const nearest = ZOOMS.reduce((best, each, at) => Math.abs(each - zoom) < Math.abs(ZOOMS[best] - zoom) ? at : best, 0);
    zoom = ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, nearest + by))];
    show(false);
  };
  image.addEventListener("load", () => {
    box = marked(image);
    if (box) zoom = near = Math.min(2.5, Math.max(1, 0.92 / Math.max(0.3, box.right - box.left)));
    settle();
    requestAnimationFrame(settle); // once more when the layout around it has come to rest
    setTimeout(settle, 300);
  });
  const show = (isWhole) => {
    frame.classList.toggle("kb-crop-whole", isWhole);
    whole.setAttribute("aria-pressed", String(isWhole));
    settle();
  };
  const button = (label, onclick) => h("button", { type: "button", class: "kb-small", onclick }, label);
  const whole = button("Whole page", () => {
    const isWhole = !frame.classList.contains("kb-crop-whole");
    zoom = isWhole ? 1 : near;
    show(isWhole);
  });
  return h("figure", {}, h("div", { class: "kb-tools" }, button("Zoom in", step(1)), button("Zoom out", step(-1)), whole,
    h("a", { class: "kb-small", href: view.image, target: "_blank", rel: "noopener" }, "Open the picture")), frame);
}

// The mark turns paper yellow: blue falls to a third where red stays. Returns its sides as shares of the picture.
function marked(image) {
  const scale = Math.min(1, 700 / image.naturalWidth);
  const canvas = h("canvas", { width: Math.round(image.naturalWidth * scale), height: Math.round(image.naturalHeight * scale) });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  let left = width, right = -1, top = height, bottom = -1;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] < 240 || data[at + 1] < 215 || data[at + 1] > 245 || data[at + 2] < 70 || data[at + 2] > 110) continue;
    const x = (at / 4) % width, y = Math.floor(at / 4 / width);
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return right < 0 ? null : { left: left / width, right: right / width, top: top / height, bottom: bottom / height };
}
