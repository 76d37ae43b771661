// One message: its bubble, its keyboard, its menu. It is updated in place, so that nothing jumps.

import { colourOf, copy, el, icon, iconButton, paintAvatar, popupMenu } from "./dom.js";
import { renderText, safeUrl } from "./entities.js";
import { mediaOf } from "./media.js";
import { clock, t } from "./words.js";

const MEDIA = ["photo", "sticker", "voice", "audio", "video", "animation", "video_note", "location", "venue", "contact", "poll", "dice"];

/** Who a message is from, as a person sees it. */
export function authorOf(message) {
  const sender = message.sender_chat;
  if (sender) return { id: sender.id, name: sender.title ?? sender.username ?? "" };
  const user = message.from ?? {};
  return { id: user.id ?? 0, name: [user.first_name, user.last_name].filter(Boolean).join(" ") };
}

/** Who a forwarded message was first from; empty for any other. */
function firstAuthor({ forward_origin: origin }) {
  if (!origin) return "";
  const chat = origin.chat ?? origin.sender_chat;
  return origin.sender_user_name ?? origin.sender_user?.first_name ?? chat?.title ?? "";
}

export const textOf = (message) => message.text ?? message.caption ?? "";

/** A short line about a message, for previews and quotes; `topic` is the name of the topic that it stands in. */
export function summary(message, topic = "") {
  const kind = MEDIA.find((name) => message[name]);
  const parts = [message.document && !message.animation && (message.document.file_name ?? t("dropFile")), kind && t("kinds")[kind], textOf(message)];
  return parts.filter(Boolean).join(", ").replace(/\s+/g, " ").slice(0, 200) || serviceText(message, topic) || "";
}

const shortened = (text) => (text.length > 60 ? `${text.slice(0, 60).trimEnd()}…` : text);

/** What a service message says, unknown ones included; null for a message that somebody wrote. */
export function serviceText(message, topic = "") {
  const names = (users) => users.map((user) => user.first_name).join(", ");
  if (message.new_chat_members) return t("joined", names(message.new_chat_members));
  if (message.left_chat_member) return t("left", names([message.left_chat_member]));
  if (message.migrate_from_chat_id || message.migrate_to_chat_id) return t("migrated", authorOf(message).name);
  const name = message.new_chat_title ?? message.forum_topic_edited?.name;
  if (name) return t("renamed", name);
  if (message.pinned_message) return t("pinned", shortened(summary(message.pinned_message)));
  if (message.group_chat_created || message.supergroup_chat_created) return t("groupCreated");
  const change = ["created", "edited", "closed", "reopened"].find((what) => message[`forum_topic_${what}`]);
  if (change) return t("topicChanges")[change](message.forum_topic_created?.name ?? topic);
  const isWritten = textOf(message) || message.document || MEDIA.some((kind) => message[kind]);
  return isWritten ? null : t("service");
}

export class Bubble {
  /** `host` has person, isPrivate, mayDelete, topicName and the actions reply, forward, edit, remove, press, jump, openUrl, textActions. */
  constructor(message, host) {
    this.host = host;
    this.view = { revealed: false, unfolded: new Set() };
    this.pressing = new Set();
    this.album = null;
    this.day = el("div", { class: "day", hidden: true });
    this.avatar = el("span", { class: "avatar small", "aria-hidden": "true" });
    this.body = el("div", { class: "bubble" });
    this.keyboard = el("div", { class: "keyboard", hidden: true });
    this.more = iconButton("more", t("actions"), () => this.openMenu(), { class: "icon more", tabindex: -1, "aria-haspopup": "menu" });
    this.row = el("div", { class: "message", tabindex: -1, role: "group" }, this.avatar, el("div", { class: "column" }, this.body, this.keyboard), this.more);
    this.node = el("li", {}, this.day, this.row);
    this.row.addEventListener("contextmenu", (event) => {
      if (event.target.closest("a") || String(getSelection())) return;
      event.preventDefault();
      this.openMenu({ x: event.clientX, y: event.clientY });
    });
    this.row.addEventListener("keydown", (event) => {
      if (event.target === this.row && (event.key === "Enter" || event.key === "ContextMenu")) {
        event.preventDefault();
        this.openMenu();
      }
    });
    this.update(message);
  }

  update(message) {
    const sameKeyboard = JSON.stringify(message.reply_markup) === JSON.stringify(this.message?.reply_markup);
    this.message = message;
    const author = authorOf(message);
    this.mine = message.from?.id === this.host.person && !message.sender_chat;
    this.authorId = author.id;
    paintAvatar(this.avatar, author.id, author.name);
    this.node.dataset.messageId = message.message_id;
    this.row.setAttribute("aria-label", `${author.name}, ${clock(message.date)}`);
    this.drawBody();
    if (!sameKeyboard) this.drawKeyboard();
  }

  /** The first message of an album shows all of it. */
  showAlbum(messages) {
    const shape = JSON.stringify(messages.map(({ message_id: id, edit_date: edited }) => [id, edited]));
    if (shape === this.shape) return;
    this.shape = shape;
    this.album = messages.length > 1 ? messages : null;
    this.drawBody();
  }

  /** All messages that this bubble stands for. */
  get messages() {
    return this.album ?? [this.message];
  }

  /** The message whose words are shown: an album has one caption. */
  get written() {
    return this.messages.find(textOf) ?? this.message;
  }

  drawBody() {
    const { message } = this;
    const service = serviceText(message, this.host.topicName(message));
    this.isService = Boolean(service);
    this.row.classList.toggle("service", this.isService);
    this.row.classList.toggle("mine", this.mine && !this.isService);
    this.more.hidden = this.isService;
    if (service) {
      this.body.replaceChildren(service);
      return;
    }
    const author = authorOf(message);
    const via = message.via_bot?.username;
    this.body.replaceChildren(...[
      !this.host.isPrivate && !this.mine && el("p", { class: "author", dir: "auto", data: { colour: colourOf(author.id) } }, author.name),
      via && el("p", { class: "via" }, t("via", via)),
      message.forward_origin && el("p", { class: "via forwarded", dir: "auto" }, t("forwardedFrom", firstAuthor(message))),
      this.quoteBar(),
      ...mediaOf(this.messages),
      el("div", { class: "flow", dir: "auto" }, this.textBlock(), this.stamp()),
    ].filter(Boolean));
  }

  textBlock() {
    const { written } = this;
    const text = textOf(written);
    if (!text) return null;
    const entities = written.text === undefined ? written.caption_entities : written.entities;
    return el("div", { class: "text" }, renderText(text, entities, this.view, { ...this.host.textActions, redraw: () => this.drawBody() }));
  }

  stamp() {
    const { date, edit_date: edited } = this.message;
    return el("span", { class: "stamp" }, edited ? `${t("edited")} ` : "", el("time", { datetime: new Date(date * 1000).toISOString() }, clock(date)));
  }

  quoteBar() {
    const { reply_to_message: original, quote, is_topic_message: inTopic, message_thread_id: thread } = this.message;
    // What stands in a topic says so by replying to its beginning; elsewhere a thread begins with what was replied to.
    if (!original || (inTopic && original.message_id === thread)) return null;
    const author = authorOf(original);
    return el("button", { type: "button", class: "quote-bar", data: { colour: colourOf(author.id) }, on: { click: () => this.host.jump(original.message_id) } },
      el("b", { dir: "auto" }, author.name || t("deletedMessage")), el("span", { dir: "auto" }, quote?.text ?? summary(original)));
  }

  drawKeyboard() {
    const rows = this.message.reply_markup?.inline_keyboard ?? [];
    const buttons = [...this.keyboard.querySelectorAll("button")];
    const focused = buttons.indexOf(document.activeElement);
    this.keyboard.hidden = rows.length === 0;
    this.keyboard.replaceChildren(...rows.map((row) => el("div", {}, ...row.map((button) => this.keyboardButton(button)))));
    const now = [...this.keyboard.querySelectorAll("button")];
    if (focused >= 0) (now[Math.min(focused, now.length - 1)] ?? this.row).focus({ preventScroll: true });
  }

  keyboardButton(button) {
    const busy = this.pressing.has(button.callback_data);
    const kind = button.url ? "out" : button.copy_text ? "copy" : null;
    return el("button", { type: "button", class: `key ${button.style ?? ""}`, "aria-busy": busy ? "true" : null, on: { click: () => this.pressKey(button) } },
      el("span", { dir: "auto" }, button.text), kind && icon(kind));
  }

  async pressKey(button) {
    if (button.copy_text) return copy(button.copy_text.text, t("copied"));
    if (button.url) return this.host.openUrl(safeUrl(button.url));
    const data = button.callback_data;
    if (data === undefined || this.pressing.has(data)) return undefined;
    this.pressing.add(data);
    this.drawKeyboard();
    try {
      await this.host.press(this.message, data);
    } finally {
      this.pressing.delete(data);
      this.drawKeyboard();
    }
    return undefined;
  }

  openMenu(point = null) {
    const { host, message, messages, written } = this;
    if (this.isService) return;
    const anchor = document.activeElement === this.row ? this.row : this.more;
    const quote = this.selectedText();
    const items = [["reply", t("reply"), () => host.reply(message, quote)]];
    if (textOf(written)) items.push(["copy", t("copy"), () => copy(quote || textOf(written), t("copied"))]);
    if (!message.has_protected_content) items.push(["forward", t("forward"), () => host.forward(messages)]);
    if (this.mine && textOf(written) && !message.forward_origin) items.push(["edit", t("edit"), () => host.edit(written)]);
    if (this.mine || host.mayDelete) items.push(["bin", t("remove"), () => host.remove(messages), "danger"]);
    popupMenu(anchor, items, point);
  }

  /** The selected part of this message, to reply to just that. */
  selectedText() {
    const selection = getSelection();
    const text = String(selection).trim();
    return text && this.body.contains(selection.anchorNode) && textOf(this.written).includes(text) ? text : null;
  }
}
