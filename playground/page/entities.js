// A message's text and entities (offsets in UTF-16 units, as JavaScript counts too) as elements.
// Every piece of text becomes a text node; links open only when they are http, https, mailto or tel.

import { copy, el, icon } from "./dom.js";
import { t } from "./words.js";

const SIMPLE = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const RANK = ["blockquote", "expandable_blockquote", "pre"];
const FOLDED_LINES = 3;

/**
 * The text as a fragment. `view` remembers what the reader opened ({revealed, unfolded: Set}) over edits;
 * `actions` has command(text), mention(text), follow(url) and redraw().
 */
export function renderText(text, entities, view, actions) {
  const usable = (entities ?? [])
    .map((entity) => ({ ...entity, start: Math.max(0, entity.offset), end: Math.min(text.length, entity.offset + entity.length) }))
    .filter((entity) => entity.start < entity.end)
    .sort((a, b) => a.start - b.start || b.end - a.end || rank(a) - rank(b));
  const context = { text, view, actions, quotes: 0 };
  const fragment = document.createDocumentFragment();
  fragment.append(...renderRange(context, 0, text.length, usable));
  return fragment;
}

const rank = (entity) => (RANK.indexOf(entity.type) + RANK.length + 1) % (RANK.length + 1);

function renderRange(context, from, to, entities) {
  const nodes = [];
  const waiting = [...entities];
  let at = from;
  while (waiting.length) {
    const outer = waiting.shift();
    const start = Math.max(outer.start, at);
    const end = Math.min(outer.end, to);
    if (start >= end) continue;
    const inside = [];
    while (waiting.length && waiting[0].start < end) inside.push(waiting.shift());
    // What reaches over its parent's end goes on after it.
    waiting.unshift(...inside.filter((entity) => entity.end > end).map((entity) => ({ ...entity, start: end })));
    const block = BLOCKS.has(outer.type);
    nodes.push(plain(context.text.slice(at, start), { block: BLOCKS.has(lastType(nodes)), before: block }));
    nodes.push(wrap(context, outer, start, end, inside));
    at = end;
  }
  nodes.push(plain(context.text.slice(at, to), { block: BLOCKS.has(lastType(nodes)), before: false }));
  return nodes.filter((node) => node !== "");
}

const lastType = (nodes) => nodes.at(-1)?.entityType;

// A block stands on its own line already: the line break beside it would show as an empty line.
function plain(text, { block, before }) {
  let shown = block && text.startsWith("\n") ? text.slice(1) : text;
  if (before && shown.endsWith("\n")) shown = shown.slice(0, -1);
  return shown;
}

function wrap(context, entity, start, end, inside) {
  const children = () => renderRange(context, start, end, inside);
  const text = context.text.slice(start, end);
  const node = build(context, entity, text, children);
  node.entityType = entity.type;
  return node;
}

function build(context, entity, text, children) {
  const { actions } = context;
  switch (entity.type) {
    case "pre": return codeBlock(entity.language, text);
    case "blockquote": return el("blockquote", {}, ...children());
    case "expandable_blockquote": return foldedQuote(context, text, children);
    case "spoiler": return spoiler(context, children);
    case "text_link": return link(actions, entity.url, children());
    case "url": return link(actions, /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`, children());
    case "email": return link(actions, `mailto:${text}`, children());
    case "phone_number": return link(actions, `tel:${text}`, children());
    case "bot_command": return inlineButton(text, () => actions.command(text));
    case "mention": return inlineButton(text, () => actions.mention(text));
    case "text_mention": case "hashtag": case "cashtag": return el("span", { class: "mention" }, ...children());
    default: return el(SIMPLE[entity.type] ?? "span", {}, ...children());
  }
}

/** The address when it is safe to open, else null. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function link(actions, address, children) {
  const href = safeUrl(address ?? "");
  if (!href) return el("span", { class: "dead-link", title: address }, ...children);
  const onclick = (event) => actions.follow(href) && event.preventDefault();
  return el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow", on: { click: onclick } }, ...children);
}

function inlineButton(text, onclick) {
  return el("button", { type: "button", class: "inline", on: { click: onclick } }, text);
}

function codeBlock(language, text) {
  const label = t("copyCode");
  const button = el("button", { type: "button", class: "inline", "aria-label": label, title: label, on: { click: () => copy(text, t("copied")) } }, icon("copy"));
  const code = el("code", {}, text);
  return el("div", { class: "code", dir: "ltr" }, el("div", { class: "code-head" }, el("span", {}, language || t("code")), button),
    el("pre", { tabindex: 0, "aria-label": language || t("code") }, code));
}

function spoiler({ view, actions }, children) {
  if (view.revealed) return el("span", { class: "spoiler revealed" }, ...children());
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    view.revealed = true;
    actions.redraw();
  };
  return el("span", { class: "spoiler", role: "button", tabindex: 0, "aria-label": t("spoiler"), on: { click: reveal, keydown: reveal } },
    el("span", { "aria-hidden": "true", inert: true }, ...children()));
}

function foldedQuote(context, text, children) {
  const { view, actions } = context;
  const index = context.quotes++;
  const long = text.split("\n").length > FOLDED_LINES || text.length > 160;
  const open = !long || view.unfolded.has(index);
  const toggle = () => {
    if (!view.unfolded.delete(index)) view.unfolded.add(index);
    actions.redraw();
  };
  const button = long && el("button", { type: "button", class: "fold", "aria-expanded": String(open), "aria-label": t(open ? "foldQuote" : "unfoldQuote"), on: { click: toggle } }, icon("fold"));
  return el("blockquote", { class: open ? "expandable" : "expandable folded" }, el("div", {}, ...children()), button);
}
