// The messages of one chat or topic: the newest ones as bubbles, kept at the bottom while the reader is there.

import { authorOf, Bubble, serviceText, summary } from "./bubble.js";
import { byId, el, icon } from "./dom.js";
import { renderText } from "./entities.js";
import { dayKey, dayName, t } from "./words.js";

const PAGE = 60;
const MOST_BUBBLES = 400;
const NEAR_BOTTOM = 48;
const RUN_SECONDS = 300;
const ANNOUNCE_AFTER = 1500;

export class Conversation {
  constructor({ onRead }) {
    this.onRead = onRead;
    this.scroller = byId("scroller");
    this.list = byId("messages");
    this.earlier = byId("earlier");
    this.toBottom = byId("to-bottom");
    this.bubbles = new Map();
    this.atBottom = true;
    this.missed = 0;
    this.announcements = new Map();
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.earlier.addEventListener("click", () => this.showEarlier());
    this.toBottom.addEventListener("click", () => this.goDown(true));
    this.list.addEventListener("keydown", (event) => this.moveFocus(event));
    const observer = new ResizeObserver(() => this.atBottom && this.goDown());
    observer.observe(this.list);
    observer.observe(this.scroller);
    // Before it says that it has scrolled: on the way to another size, browsers scroll by themselves.
    addEventListener("resize", () => this.atBottom && this.goDown());
  }

  /** Shows these messages (all of the place, oldest first) from the newest up. */
  show(messages, drafts, host) {
    this.host = host;
    this.all = messages;
    this.bubbles.clear();
    this.list.replaceChildren();
    this.drafts = new Map();
    this.shown = 0;
    this.missed = 0;
    this.list.setAttribute("aria-label", t("messages"));
    this.earlier.textContent = t("earlier");
    this.toBottom.setAttribute("aria-label", t("toBottom"));
    this.toBottom.title = t("toBottom");
    this.prepend(PAGE);
    this.drawDrafts(drafts);
    this.drawEmpty();
    this.goDown();
  }

  prepend(count) {
    const end = this.all.length - this.shown;
    const start = Math.max(0, end - count);
    const added = this.all.slice(start, end).map((message) => this.makeBubble(message));
    this.list.prepend(...added);
    this.shown += added.length;
    this.earlier.hidden = start === 0;
    this.arrange();
  }

  makeBubble(message) {
    const bubble = new Bubble(message, this.host);
    this.bubbles.set(message.message_id, bubble);
    return bubble.node;
  }

  showEarlier() {
    const { scroller } = this;
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    this.prepend(PAGE);
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  }

  /** A new message, or another state of a known one. */
  put(message) {
    const known = this.bubbles.get(message.message_id);
    const place = this.all.findLastIndex((other) => other.message_id <= message.message_id);
    const found = this.all[place]?.message_id === message.message_id;
    if (found) this.all[place] = message;
    else this.all.splice(place + 1, 0, message);
    if (known) {
      known.update(message);
      if (message.media_group_id) this.gatherAlbums();
    } else if (!found && this.isShown(message)) {
      this.insert(message);
    }
    if (message.from?.id !== this.host.person) this.announce(message);
    if (!found && !this.atBottom && message.from?.id !== this.host.person) this.missed += 1;
    this.drawEmpty();
    this.settle(!found && message.from?.id === this.host.person);
  }

  isShown(message) {
    const first = this.list.querySelector("[data-message-id]");
    return !first || message.message_id > Number(first.dataset.messageId) || this.shown + 1 >= this.all.length;
  }

  insert(message) {
    const node = this.makeBubble(message);
    const later = [...this.list.querySelectorAll("[data-message-id]")].find((other) => Number(other.dataset.messageId) > message.message_id);
    this.list.insertBefore(node, later ?? this.list.querySelector(".draft"));
    this.shown += 1;
    while (this.atBottom && this.shown > MOST_BUBBLES) this.dropOldest();
    this.arrange();
  }

  dropOldest() {
    const node = this.list.querySelector("[data-message-id]");
    this.bubbles.delete(Number(node.dataset.messageId));
    node.remove();
    this.shown -= 1;
    this.earlier.hidden = false;
  }

  remove(ids) {
    const gone = new Set(ids);
    this.all = this.all.filter((message) => !gone.has(message.message_id));
    for (const id of gone) {
      const bubble = this.bubbles.get(id);
      if (!bubble) continue;
      if (bubble.node.contains(document.activeElement)) byId("text")?.focus({ preventScroll: true });
      bubble.node.remove();
      this.bubbles.delete(id);
      this.shown -= 1;
    }
    this.drawEmpty();
    this.arrange();
    this.settle(false);
  }

  /** What the bot is writing as drafts, each with Telegram's own Stop. */
  drawDrafts(drafts) {
    const standing = new Set(drafts.map(({ draft_id }) => draft_id));
    for (const [id, { node }] of this.drafts) {
      if (standing.has(id)) continue;
      node.remove();
      this.drafts.delete(id);
    }
    for (const draft of drafts) this.drawDraft(draft);
    this.drawEmpty();
  }

  drawDraft(draft) {
    const { node, view } = this.drafts.get(draft.draft_id) ?? this.beginDraft(draft);
    const redraw = () => this.drawDraft(draft);
    const text = draft.text ? renderText(draft.text, draft.entities, view, { ...this.host.textActions, redraw }) : t("thinking");
    const state = draft.ghost || draft.stopped ? "" : t("draft");
    const flow = el("div", { class: "flow", dir: "auto" }, el("div", { class: draft.text ? "text" : "text thinking" }, text), el("span", { class: "stamp" }, state));
    node.querySelector(".bubble").replaceChildren(flow);
    node.querySelector(".keyboard").hidden = !draft.can_stop;
    this.settle(false);
  }

  /** Its Stop stays the same element while the text grows: a click goes down and up on it. */
  beginDraft({ draft_id }) {
    const stop = el("button", { type: "button", class: "key stop", on: { click: () => this.host.stopDraft(draft_id) } }, icon("stop"), t("stop"));
    const keyboard = el("div", { class: "keyboard" }, el("div", {}, stop));
    const column = el("div", { class: "column" }, el("div", { class: "bubble" }), keyboard);
    const node = el("li", { class: "draft", "data-draft-id": String(draft_id) }, el("div", { class: "message" }, column));
    const begun = { node, view: { revealed: false, unfolded: new Set() } };
    this.drafts.set(draft_id, begun);
    this.list.append(node);
    return begun;
  }

  drawEmpty() {
    this.list.querySelector(".empty")?.remove();
    const silent = this.all.every((message) => serviceText(message)) && !this.drafts.size;
    if (silent) this.list.append(el("li", { class: "empty" }, this.host.emptyText));
  }

  /** Day lines, and which bubbles belong to one run of the same author. */
  arrange() {
    this.gatherAlbums();
    let before = null;
    for (const node of this.list.children) {
      const bubble = this.bubbles.get(Number(node.dataset.messageId));
      if (!bubble || node.hidden) continue;
      const { message } = bubble;
      const newDay = !before || dayKey(before.message.date) !== dayKey(message.date);
      bubble.day.hidden = !newDay;
      if (newDay) bubble.day.textContent = dayName(message.date);
      const run = !newDay && before.authorId === bubble.authorId && before.isService === bubble.isService && message.date - before.message.date < RUN_SECONDS;
      bubble.row.classList.toggle("goes-on", run);
      bubble.row.tabIndex = -1;
      before = bubble;
    }
    if (before) before.row.tabIndex = 0;
  }

  /** An album stands in the bubble of its first message; those of the others are out of sight. */
  gatherAlbums() {
    let lead = null;
    for (const node of this.list.children) {
      const bubble = this.bubbles.get(Number(node.dataset.messageId));
      if (!bubble) continue;
      const group = bubble.message.media_group_id;
      const joins = Boolean(group && lead && lead.message.media_group_id === group);
      node.hidden = joins;
      if (!joins) {
        lead?.showAlbum(lead.gathered);
        lead = bubble;
        lead.gathered = [];
      }
      lead.gathered.push(bubble.message);
    }
    lead?.showAlbum(lead.gathered);
  }

  /** Arrow keys walk over the messages; Escape goes back to the message box. */
  moveFocus(event) {
    const row = document.activeElement;
    if (!row?.classList.contains("message")) return;
    const rows = [...this.list.querySelectorAll("li:not([hidden]) > .message[tabindex]")];
    const at = rows.indexOf(row);
    const target = { ArrowUp: rows[at - 1], ArrowDown: rows[at + 1] ?? byId("text"), Home: rows[0], End: rows.at(-1), Escape: byId("text") }[event.key];
    if (!target) return;
    event.preventDefault();
    if (rows.includes(target)) {
      row.tabIndex = -1;
      target.tabIndex = 0;
    }
    target.focus();
    target.scrollIntoView({ block: "nearest" });
  }

  jump(id) {
    const place = this.all.findIndex((message) => message.message_id === id);
    if (place < 0) return;
    if (!this.bubbles.has(id)) this.prepend(this.all.length - this.shown - place + 5);
    let { node } = this.bubbles.get(id);
    while (node.hidden) node = node.previousElementSibling;
    const row = node.querySelector(".message");
    this.atBottom = false;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    row.classList.remove("flash");
    requestAnimationFrame(() => row.classList.add("flash"));
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    // Where the size is another one, the browser has scrolled and not the reader.
    if (this.atBottom && !near && this.size !== this.measure()) {
      this.goDown();
      return;
    }
    this.size = this.measure();
    this.atBottom = near;
    if (this.atBottom) this.missed = 0;
    this.drawToBottom();
    if (this.atBottom) this.onRead();
  }

  settle(force) {
    if (force || this.atBottom) this.goDown();
    else this.drawToBottom();
  }

  goDown(focus = false) {
    this.atBottom = true;
    this.missed = 0;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.size = this.measure();
    this.drawToBottom();
    this.onRead();
    if (focus) byId("text")?.focus();
  }

  /** The sizes that tell where the end of the conversation is. */
  measure() {
    return `${this.scroller.scrollHeight}/${this.scroller.clientHeight}`;
  }

  drawToBottom() {
    this.toBottom.hidden = this.atBottom;
    this.toBottom.replaceChildren(icon("down"), ...(this.missed ? [el("span", { class: "badge" }, String(this.missed))] : []));
  }

  /** Says a message to a screen reader once it has stopped growing. */
  announce(message) {
    clearTimeout(this.announcements.get(message.message_id));
    this.announcements.set(message.message_id, setTimeout(() => {
      this.announcements.delete(message.message_id);
      const said = summary(message, this.host.topicName(message));
      byId("announcer").textContent = serviceText(message) ? said : `${authorOf(message).name}: ${said}`;
    }, ANNOUNCE_AFTER));
  }
}
