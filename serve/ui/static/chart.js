// A line of figures over steps, from the first one on; colours are those of the page.
import { h } from "./dom.js";

const WIDTH = 420, HEIGHT = 190, LEFT = 52, RIGHT = 12, TOP = 12, BOTTOM = 28;

function svg(tag, properties, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const short = (value) => Number(value.toPrecision(3)).toString();

export function chart(title, points) {
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const place = ([x, y]) => [
    LEFT + (x1 > x0 ? (x - x0) / (x1 - x0) : 0) * (WIDTH - LEFT - RIGHT),
    TOP + (y1 > y0 ? 1 - (y - y0) / (y1 - y0) : 0.5) * (HEIGHT - TOP - BOTTOM)];
  const caption = `${title}: ${short(ys.at(-1))} at step ${xs.at(-1)}`;
  const [dotX, dotY] = place(points.at(-1));
  const picture = svg("svg", { class: "kb-curve", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-label": caption },
    svg("line", { class: "kb-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
    svg("polyline", { points: points.map((point) => place(point).map((value) => value.toFixed(1)).join(",")).join(" ") }),
    svg("circle", { cx: dotX.toFixed(1), cy: dotY.toFixed(1), r: 3.5 }));
  const label = (text, x, y, anchor) => picture.append(svg("text", { x, y, "text-anchor": anchor }, text));
  label(short(y1), LEFT - 6, TOP + 8, "end");
  if (y1 > y0) label(short(y0), LEFT - 6, HEIGHT - BOTTOM, "end");
  label(`step ${x0}`, LEFT, HEIGHT - 8, "start");
  if (x1 > x0) label(String(x1), WIDTH - RIGHT, HEIGHT - 8, "end");
  return h("figure", {}, h("figcaption", {}, caption), picture);
}
