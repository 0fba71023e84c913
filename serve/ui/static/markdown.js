// Markdown of a model as elements: headings, lists, tables, quotes, code, emphasis. HTML stays text, pictures show their
// description and links their address, so that an answer can neither run nor fetch anything.
import { h } from "./dom.js";

// A citation [n] travels through the text as these two characters around its number.
const OPEN = "\uE000", CLOSE = "\uE001";
export const marker = (number) => `${OPEN}${number}${CLOSE}`;

const INLINE = /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|__(?=\S)([\s\S]*?\S)__|\*(?=[^\s*])([\s\S]*?[^\s*])\*(?!\*)|(?<![\w_])_(?=[^\s_])([\s\S]*?[^\s_])_(?![\w_])|!\[([^\]]*)\]\([^)\s]*[^)]*\)|\[([^\]]+)\]\(([^)\s]+)[^)]*\)|\uE000(\d+)\uE001/;

function inline(text, onCitation) {
  const nodes = [];
  let rest = text;
  while (rest) {
    const match = INLINE.exec(rest);
    if (!match) { nodes.push(rest); break; }
    if (match.index) nodes.push(rest.slice(0, match.index));
    const [whole, , code, strong, strong2, em, em2, alt, label, address, number] = match;
    if (code !== undefined) nodes.push(h("code", {}, code.trim()));
    else if (strong ?? strong2) nodes.push(h("strong", {}, inline(strong ?? strong2, onCitation)));
    else if (em ?? em2) nodes.push(h("em", {}, inline(em ?? em2, onCitation)));
    else if (alt !== undefined) nodes.push(alt);
    else if (label !== undefined) nodes.push(...inline(label, onCitation), ` (${address})`);
    else if (number !== undefined) nodes.push(onCitation(Number(number)));
    rest = rest.slice(match.index + whole.length);
  }
  return nodes;
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
const isRule = (line) => line !== undefined && /^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$/.test(line) && line.includes("-");
const ITEM = /^(\s*)([-*+•]|\d{1,3}[.)])\s+(.*)$/;

export function markdown(source, onCitation = (number) => `[${number}]`) {
  const lines = source.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  let index = 0;
  const text = (value) => inline(value, onCitation);
  while (index < lines.length) {
    const line = lines[index];
    const fence = /^\s*(```+|~~~+)/.exec(line);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (!line.trim()) index += 1;
    else if (fence) {
      const code = [];
      for (index += 1; index < lines.length && !lines[index].trim().startsWith(fence[1]); index += 1) code.push(lines[index]);
      index += 1;
      blocks.push(h("pre", { tabindex: "0" }, h("code", {}, code.join("\n"))));
    } else if (heading) {
      blocks.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, text(heading[2])));
      index += 1;
    } else if (line.includes("|") && isRule(lines[index + 1]) && lines[index + 1].includes("|")) {
      const head = cells(line), rows = [];
      for (index += 2; index < lines.length && lines[index].includes("|"); index += 1) rows.push(cells(lines[index]));
      blocks.push(h("div", { class: "kb-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
        h("table", { class: "kb-grid" },
          h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, text(cell))))),
          h("tbody", {}, rows.map((row) => h("tr", {}, head.map((_, at) => h("td", {}, text(row[at] ?? "")))))))));
    } else if (ITEM.test(line)) {
      const items = [];
      while (index < lines.length && (ITEM.test(lines[index]) || (/^\s{2,}\S/.test(lines[index]) && items.length))) {
        const item = ITEM.exec(lines[index]);
        if (item) items.push({ depth: item[1].replace(/\t/g, "    ").length, ordered: /\d/.test(item[2]), start: parseInt(item[2], 10), text: item[3] });
        else items[items.length - 1].text += " " + lines[index].trim();
        index += 1;
      }
      blocks.push(...lists(items, text));
    } else if (/^\s*>/.test(line)) {
      const quoted = [];
      for (; index < lines.length && /^\s*>/.test(lines[index]); index += 1) quoted.push(lines[index].replace(/^\s*>\s?/, ""));
      blocks.push(h("blockquote", {}, ...markdown(quoted.join("\n"), onCitation)));
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push(h("hr"));
      index += 1;
    } else {
      const paragraph = [];
      for (; index < lines.length && lines[index].trim() && !ITEM.test(lines[index]) && !/^(#{1,6}\s|\s*```|\s*>)/.test(lines[index]) &&
        !(paragraph.length && lines[index].includes("|") && isRule(lines[index + 1])); index += 1) {
        if (paragraph.length) paragraph.push(h("br"));
        paragraph.push(...text(lines[index].trim()));
      }
      if (!paragraph.length) { paragraph.push(line); index += 1; }
      blocks.push(h("p", {}, paragraph));
    }
  }
  return blocks;
}

function lists(items, text) {
  const made = [];
  let at = 0;
  while (at < items.length) {
    const { depth, ordered, start } = items[at];
    const list = h(ordered ? "ol" : "ul", ordered && start > 1 ? { start } : {});
    while (at < items.length && items[at].depth >= depth && (items[at].depth > depth || items[at].ordered === ordered)) {
      if (items[at].depth > depth + 1) {
        const inner = [];
        while (at < items.length && items[at].depth > depth + 1) inner.push(items[at++]);
        (list.lastElementChild || list).append(...lists(inner, text));
      } else list.append(h("li", {}, text(items[at++].text)));
    }
    made.push(list);
  }
  return made;
}
