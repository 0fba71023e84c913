// Faults of a layout by boxes of what people read and press; run in the page by `layout.py`.
() => {
  const SLACK = 2, SHARE = 0.15;
  const width = document.documentElement.clientWidth;
  const faults = [];
  const name = (element) => {
    const text = (element.getAttribute("aria-label") || element.innerText || element.value || element.alt || "").trim();
    return `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""} "${text.replace(/\s+/g, " ").slice(0, 40)}"`;
  };
  const styleOf = new Map();
  const style = (element) => styleOf.get(element) || styleOf.set(element, getComputedStyle(element)).get(element);
  const chain = (element) => { const list = []; for (let at = element; at; at = at.parentElement) list.push(at); return list; };
  // The part of a box that is seen: ancestors that scroll or clip cut it.
  const seen = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null;
    const own = element.getBoundingClientRect();
    let box = { left: own.left, right: own.right, top: own.top, bottom: own.bottom };
    for (const parent of chain(element.parentElement)) {
      const { overflowX, overflowY, clipPath } = style(parent);
      if (clipPath !== "none") return null;
      const rect = parent.getBoundingClientRect();
      if (parent === document.body || parent === document.documentElement) continue;
      if (overflowX !== "visible") box = { ...box, left: Math.max(box.left, rect.left), right: Math.min(box.right, rect.right) };
      if (overflowY !== "visible") box = { ...box, top: Math.max(box.top, rect.top), bottom: Math.min(box.bottom, rect.bottom) };
    }
    if (style(element).clipPath !== "none" || box.right - box.left < 2 || box.bottom - box.top < 2) return null;
    return box;
  };
  // What stays in place while the page scrolls lies over other parts by design.
  const floats = (element) => chain(element).some((at) => ["fixed", "sticky"].includes(style(at).position));
  if (document.documentElement.scrollWidth > width + 1) faults.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${width}`);
  const modal = document.querySelector("dialog:modal"); // lies over all else by design
  const parts = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, img, h1, h2, h3, h4, p, th, td, label, legend, figcaption, progress, svg[role=img]")]
    .filter((element) => !modal || modal.contains(element))
    .filter((element) => !element.closest("dialog:not([open]), footer, .kb-visually-hidden") && !(element.type === "file"))
    .map((element) => ({ element, box: seen(element), floats: floats(element) })).filter(({ box }) => box);
  for (const { element, box } of parts) {
    if (box.left < -SLACK || box.right > width + SLACK) faults.push(`${name(element)} stands outside of the window: ${Math.round(box.left)} to ${Math.round(box.right)} of ${width}`);
    const { overflowX, whiteSpace, textOverflow } = style(element);
    const cut = element.scrollWidth > element.clientWidth + SLACK && overflowX !== "visible" && !["auto", "scroll"].includes(overflowX);
    if (element.matches("button, h1, h2, h3, th, label") && cut && textOverflow !== "ellipsis") faults.push(`${name(element)} is cut: ${element.scrollWidth} in ${element.clientWidth}`);
    if (element.matches(".kb-app button, .kb-app a.kb-small") && element.scrollWidth > element.clientWidth + SLACK && element.clientWidth) faults.push(`${name(element)} is wider than its box: ${element.scrollWidth} in ${element.clientWidth}`);
  }
  for (let first = 0; first < parts.length; first += 1) {
    for (let second = first + 1; second < parts.length; second += 1) {
      const [a, b] = [parts[first], parts[second]];
      if (a.floats !== b.floats || a.element.contains(b.element) || b.element.contains(a.element)) continue;
      const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (wide <= SLACK || high <= SLACK) continue;
      const area = (part) => (part.box.right - part.box.left) * (part.box.bottom - part.box.top);
      if ((wide * high) / Math.min(area(a), area(b)) < SHARE) continue;
      faults.push(`${name(a.element)} and ${name(b.element)} overlap by ${Math.round(wide)} x ${Math.round(high)}`);
    }
  }
  return [...new Set(faults)];
}
