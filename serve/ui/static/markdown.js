// Markdown of a model as elements: headings, lists, tables, quotes, code, emphasis. HTML stays text, pictures show their
// description and links their address, so that an answer can neither run nor fetch anything.
import { h } from "./dom.js";

// A citation [n] travels through the text as these two characters around its number.
const OPEN = "\uE000", CLOSE = "\uE001";
export const marker = (number) => `${OPEN}${number}${CLOSE}`;

// Spans are short: a mark that is never closed costs no search through the whole answer.
const INLINE = new RegExp([
  /(?<code>`+)(?<coded>[^`]|[^`][\s\S]{0,1500}?[^`])\k<code>(?!`)/,
  /\\(?<escaped>[!-\/:-@[-`{-~])/,
  /(?<![\w*])\*\*\*(?=[^\s*])(?<both>[\s\S]{0,1500}?[^\s*])\*\*\*(?!\*)/,
  /(?<![\w*])\*\*(?=[^\s*])(?<strong>[\s\S]{0,1500}?[^\s*])\*\*(?!\*)/,
  /(?<![\w_])__(?=\S)(?<strong2>[\s\S]{0,1500}?\S)__(?![\w_])/,
  /(?<![\w*])\*(?=[^\s*])(?<em>[\s\S]{0,1500}?[^\s*])\*(?![\w*])/,
  /(?<![\w_])_(?=[^\s_])(?<em2>[\s\S]{0,1500}?[^\s_])_(?![\w_])/,
  /~~(?=\S)(?<gone>[\s\S]{0,1500}?\S)~~/,
  /!\[(?<picture>[^\]]{0,500})\]\([^)\s]{0,2000}[^)]{0,500}\)/,
  /\[(?<label>[^\]]{1,500})\]\((?<address>(?:[^()\s]|\([^()\s]{0,200}\)){1,2000})[^)]{0,500}\)/,
  /(?<line><br\s{0,3}\/?>)/,
  /\uE000(?<number>\d+)\uE001/,
].map((part) => part.source).join("|"), "i");

const lines = (text) => text.split("\n").flatMap((line, at) => (at ? [h("br"), line] : [line])).filter((each) => each !== "");

function inline(text, onCitation) {
  const nodes = [], inner = (part) => inline(part, onCitation);
  let rest = text;
  while (rest) {
    // What stood before the rest decides whether a mark can open: a letter or digit does not let it.
    const match = INLINE.exec(rest);
    if (!match) { nodes.push(...lines(rest)); break; }
    if (match.index) nodes.push(...lines(rest.slice(0, match.index)));
    const { coded, escaped, both, strong, strong2, em, em2, gone, picture, label, address, line, number } = match.groups;
    if (coded !== undefined) nodes.push(h("code", {}, coded.trim()));
    else if (escaped !== undefined) nodes.push(escaped);
    else if (both !== undefined) nodes.push(h("strong", {}, h("em", {}, inner(both))));
    else if (strong ?? strong2) nodes.push(h("strong", {}, inner(strong ?? strong2)));
    else if (em ?? em2) nodes.push(h("em", {}, inner(em ?? em2)));
    else if (gone !== undefined) nodes.push(h("del", {}, inner(gone)));
    else if (picture !== undefined) nodes.push(picture);
    else if (label !== undefined) nodes.push(...inner(label), ` (${address})`);
    else if (line !== undefined) nodes.push(h("br"));
    else nodes.push(onCitation(Number(number)));
    rest = rest.slice(match.index + match[0].length);
  }
  return nodes;
}

// Words of a document as they stand: only citations are drawn.
const literally = (text, onCitation) => text.split(/\uE000(\d+)\uE001/).flatMap((part, at) => (at % 2 ? [onCitation(Number(part))] : lines(part)));

// The cells of a line of a table; a bar inside of code, or behind a backslash, is text.
function cells(line) {
  const row = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return [...`${row}|`.matchAll(/((?:`[^`|]*(?:\|[^`|]*)*`|\\.|[^|\\`]|[\\`])*)\|/g)].map((match) => match[1].trim().replace(/\\\|/g, "|"));
}

const isRule = (line) => line !== undefined && /^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$/.test(line) && line.includes("-");
const isLine = (line) => /^\s*([-*_])(\s*\1){2,}\s*$/.test(line);
const isTable = (at, all) => all[at].includes("|") && isRule(all[at + 1]) && all[at + 1].includes("|");
const ITEM = /^(\s*)([-*+•–]|\d{1,3}[.)])\s+(.*)$/;
const indent = (line) => /^\s*/.exec(line.replace(/\t/g, "    "))[0].length;

// `literal` leaves the marks inside of lines as they are, for what is quoted and not written by a model.
export function markdown(source, onCitation = (number) => `[${number}]`, literal = false) {
  const all = source.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  let index = 0;
  const text = (value) => (literal ? literally : inline)(value, onCitation);
  while (index < all.length) {
    const line = all[index];
    const fence = /^\s*(```+|~~~+)/.exec(line);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (!line.trim()) index += 1;
    else if (fence) {
      const code = [], depth = indent(line);
      for (index += 1; index < all.length && !all[index].trim().startsWith(fence[1]); index += 1) code.push(all[index].slice(Math.min(depth, indent(all[index]))));
      index += 1;
      blocks.push(h("pre", { tabindex: "0" }, h("code", {}, code.join("\n"))));
    } else if (heading) {
      blocks.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, text(heading[2])));
      index += 1;
    } else if (isTable(index, all)) {
      const head = cells(line), sides = cells(all[index + 1]).map((rule) => rule.endsWith(":") && !rule.startsWith(":") ? "number" : null), rows = [];
      for (index += 2; index < all.length && all[index].includes("|"); index += 1) rows.push(cells(all[index]));
      blocks.push(h("div", { class: "kb-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
        h("table", { class: "kb-grid" },
          h("thead", {}, h("tr", {}, head.map((cell, at) => h("th", { scope: "col", class: sides[at] }, text(cell))))),
          h("tbody", {}, rows.map((row) => h("tr", {}, head.map((_, at) => h("td", { class: sides[at] }, text(row[at] ?? "")))))))));
    } else if (isLine(line)) {
      blocks.push(h("hr"));
      index += 1;
    } else if (ITEM.test(line)) {
      const [list, next] = listAt(index, all, onCitation, literal);
      blocks.push(list);
      index = next;
    } else if (/^\s*>/.test(line)) {
      const quoted = [];
      for (; index < all.length && /^\s*>/.test(all[index]); index += 1) quoted.push(all[index].replace(/^\s*>\s?/, ""));
      blocks.push(h("blockquote", {}, ...markdown(quoted.join("\n"), onCitation, literal)));
    } else {
      const paragraph = [line.trim()];
      for (index += 1; index < all.length && all[index].trim() && !ITEM.test(all[index]) && !isLine(all[index]) && !/^(#{1,6}\s|\s*(```|~~~)|\s*>|=+\s*$)/.test(all[index]) &&
        !isTable(index, all); index += 1) paragraph.push(all[index].trim());
      const underlined = index < all.length && /^=+\s*$/.test(all[index]);
      if (underlined) index += 1;
      blocks.push(h(underlined ? "h3" : "p", {}, text(paragraph.join("\n"))));
    }
  }
  return blocks;
}

// The list that begins at a line, and the line behind it. What is indented below an item belongs to it: lists, code,
// tables, paragraphs; empty lines between items end no list.
function listAt(from, all, onCitation, literal) {
  const [, , mark] = ITEM.exec(all[from]), depth = indent(all[from]), ordered = /\d/.test(mark);
  const list = h(ordered ? "ol" : "ul", ordered && parseInt(mark, 10) > 1 ? { start: parseInt(mark, 10) } : {});
  const sibling = (line) => {
    const item = ITEM.exec(line);
    return item && !isLine(line) && indent(line) <= depth + 1 && /\d/.test(item[2]) === ordered ? item : null;
  };
  let index = from;
  for (let item = sibling(all[index]); item; item = index < all.length ? sibling(all[index]) : null) {
    const body = [item[3]];
    for (index += 1; index < all.length; index += 1) {
      const line = all[index], next = all.slice(index).find((each) => each.trim());
      if (line.trim() ? indent(line) < depth + 2 : next === undefined || indent(next) < depth + 2) break;
      body.push(line.slice(Math.min(indent(line), depth + item[2].length + 1)));
    }
    while (index < all.length && !all[index].trim() && sibling(all.slice(index).find((each) => each.trim()) ?? "")) index += 1;
    const [first, ...others] = markdown(body.join("\n"), onCitation, literal);
    list.append(h("li", {}, first?.tagName === "P" ? [...first.childNodes] : first, others));
  }
  return [list, index];
}
