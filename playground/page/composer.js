// The message box: text, command menu, mentions, replies, editing, forwards, files, recordings.

import { byId, el, icon, iconButton, popupMenu, toast } from "./dom.js";
import { authorOf, summary, textOf } from "./bubble.js";
import { ChosenFiles, takeDrops } from "./chosen_files.js";
import { canRecord, Recorder } from "./recorder.js";
import { t } from "./words.js";

const TALLEST = 220;

export class Composer {
  /** `act` has send(parts), saveEdit(message, text), start(), unblock(), editLast(). */
  constructor(act) {
    this.act = act;
    this.root = byId("composer");
    this.saved = new Map();
    this.place = null;
    this.text = null;
    this.choices = [];
    this.chosen = 0;
    this.files = new ChosenFiles(() => this.filesChanged());
    takeDrops(byId("conversation"), (files) => this.takeFiles(files), () => Boolean(this.text));
  }

  /** Another place: {key, chat, bot, commands, people, state}; what was typed there before comes back. */
  open(place) {
    const shape = JSON.stringify([place.key, place.state, place.commands, place.people, t("write")]);
    if (shape === this.shape) {
      this.place = place;
      return;
    }
    this.keep();
    this.shape = shape;
    this.place = place;
    this.build();
    const saved = this.saved.get(place.key) ?? {};
    Object.assign(this, { reply: saved.reply ?? null, quote: saved.quote ?? null, editing: saved.editing ?? null, forward: saved.forward ?? null, unsent: saved.unsent ?? "" });
    if (!this.text) return;
    this.files.replace(saved.files ?? [], saved.asFiles);
    this.set(saved.text ?? "");
    this.closeChoices();
    this.drawBars();
  }

  keep() {
    if (!this.text) return;
    this.recorder?.end(false);
    const { reply, quote, editing, forward, unsent } = this;
    this.saved.set(this.place.key, { text: this.text.value, reply, quote, editing, forward, unsent, files: this.files.list, asFiles: this.files.asFiles });
  }

  build() {
    const { state } = this.place;
    if (state === "start" || state === "blocked") {
      this.text = null;
      const action = state === "start" ? this.act.start : this.act.unblock;
      this.root.replaceChildren(el("button", { type: "button", class: "primary wide", id: "start", on: { click: () => action() } }, t(state === "start" ? "start" : "unblock")));
      return;
    }
    const focused = document.activeElement?.id === "text";
    this.text = el("textarea", {
      id: "text", rows: 1, dir: "auto", placeholder: t("write"), "aria-label": t("write"), "aria-autocomplete": "list", "aria-controls": "choices",
      autocomplete: "off", enterkeyhint: "send",
      on: { input: () => this.changed(), keydown: (event) => this.key(event), paste: (event) => this.pasted(event), blur: () => setTimeout(() => document.activeElement !== this.text && this.closeChoices(), 150) },
    });
    this.bars = el("div", { class: "bars" });
    this.list = el("div", { id: "choices", role: "listbox", hidden: true });
    this.fileInput = el("input", { type: "file", multiple: true, class: "unseen", tabindex: -1, "aria-hidden": "true", on: { change: () => this.filesChosen() } });
    this.menuButton = el("button", { type: "button", class: "menu-button", title: t("commands"), on: { click: () => this.toggleMenu() } }, icon("menu"), el("span", {}, t("menu")));
    this.menuButton.hidden = this.place.commands.length === 0;
    this.sendButton = iconButton("send", t("send"), () => this.submit(), { class: "icon send", id: "send" });
    this.recordButton = iconButton("mic", t("record"), () => this.record(), { class: "icon", id: "record" });
    const attach = iconButton("clip", t("attach"), () => this.openAttach(attach), { id: "attach", "aria-haspopup": "menu" });
    this.root.replaceChildren(this.list, this.bars, this.line = el("div", { class: "line" }, this.menuButton, attach, this.text, this.fileInput, this.recordButton, this.sendButton));
    if (focused) this.text.focus({ preventScroll: true });
  }

  focus() {
    (this.text ?? byId("start"))?.focus({ preventScroll: true });
  }

  // ---- typing

  changed() {
    this.fit();
    const nothing = this.sendButton.disabled = !this.text.value.trim() && !this.files.any && !this.forward;
    this.sendButton.hidden = nothing && !this.editing && canRecord();
    this.recordButton.hidden = !this.sendButton.hidden;
    this.offer();
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, TALLEST)}px`;
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden;
    if (open && this.keyInChoices(event)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && (this.reply || this.editing || this.forward || this.files.any)) {
      this.cancelBars();
    } else if (event.key === "ArrowUp" && !this.text.value && !this.editing) {
      event.preventDefault();
      this.act.editLast();
    }
  }

  submit() {
    const text = this.text.value;
    if (this.editing) {
      if (text.trim()) this.saveEdit(text);
      return;
    }
    if (text.trim() || this.files.any || this.forward) this.send(text);
  }

  /** Clears the box at once; what could not be sent comes back into it. */
  async send(text) {
    const { reply, quote, forward, place } = this;
    const { list: files, asFiles } = this.files;
    this.clear();
    const sent = await this.act.send({ text: text.trim(), reply, quote, forward, files, asFiles });
    if (sent || this.place.key !== place.key || !this.text || this.text.value) return;
    Object.assign(this, { reply, quote, forward });
    this.files.replace(files, asFiles);
    this.set(text);
    this.drawBars();
  }

  /** What could not be saved comes back too. */
  async saveEdit(text) {
    const { editing, place } = this;
    this.cancelBars();
    const saved = await this.act.saveEdit(editing, text.trim());
    if (saved || this.place.key !== place.key || !this.text || this.text.value) return;
    this.startEdit(editing);
    this.set(text);
  }

  clear() {
    Object.assign(this, { reply: null, quote: null, editing: null, forward: null });
    this.files.clear();
    this.set("");
    this.drawBars();
  }

  set(text) {
    this.text.value = text;
    this.text.setSelectionRange(text.length, text.length);
    this.changed();
  }

  insert(text) {
    if (!this.text) return;
    this.text.focus();
    this.text.setRangeText(text, this.text.selectionStart, this.text.selectionEnd, "end");
    this.changed();
  }

  // ---- commands and mentions

  offer() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    const { commands, people } = this.place;
    const command = /^\/([\w@]*)$/.exec(this.text.value);
    const mention = /(?:^|\s)@(\w*)$/.exec(before);
    if (command) {
      const wanted = command[1].toLowerCase().split("@")[0];
      this.openChoices(commands.filter((entry) => entry.command.startsWith(wanted)).map((entry) => ({ name: `/${entry.command}`, about: entry.description, command: true })), t("commands"));
    } else if (mention && people.length) {
      const wanted = mention[1].toLowerCase();
      const found = people.filter(({ username, first_name: name }) => username && `${username} ${name}`.toLowerCase().includes(wanted) && username.toLowerCase() !== wanted);
      this.openChoices(found.map((person) => ({ name: `@${person.username}`, about: person.first_name, typed: mention[1].length + 1 })), t("mentions"));
    } else {
      this.closeChoices();
    }
  }

  openChoices(choices, label) {
    this.choices = choices;
    this.chosen = 0;
    this.list.hidden = choices.length === 0;
    this.list.setAttribute("aria-label", label);
    this.list.replaceChildren(...choices.map((choice, index) =>
      el("div", { role: "option", id: `choice-${index}`, class: "choice", on: { pointerdown: (event) => event.preventDefault(), click: () => this.choose(index, true) } },
        el("b", {}, choice.name), el("span", { dir: "auto" }, choice.about))));
    this.markChoice();
  }

  closeChoices() {
    if (!this.list) return;
    this.list.hidden = true;
    this.text?.removeAttribute("aria-activedescendant");
  }

  markChoice() {
    [...this.list.children].forEach((node, index) => node.setAttribute("aria-selected", String(index === this.chosen)));
    if (this.list.hidden) return;
    this.text.setAttribute("aria-activedescendant", `choice-${this.chosen}`);
    this.list.children[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  keyInChoices(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.choices.length) % this.choices.length;
      this.markChoice();
    } else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) {
      this.choose(this.chosen, event.key === "Enter");
    } else if (event.key === "Escape") {
      this.closeChoices();
    } else {
      return false;
    }
    return true;
  }

  /** Enter and a click send a command at once, as in Telegram; Tab only completes it. */
  choose(index, now) {
    const choice = this.choices[index];
    this.closeChoices();
    if (choice.command && now && !this.editing) {
      this.sendCommand(choice.name);
    } else if (choice.command) {
      this.set(`${this.commandText(choice.name)} `);
    } else {
      const end = this.text.selectionStart;
      this.text.setRangeText(`${choice.name} `, end - choice.typed, end, "end");
      this.changed();
    }
    this.text.focus();
  }

  /** In groups a command is addressed to the bot. */
  commandText(command) {
    return this.place.chat.type === "private" || command.includes("@") ? command : `${command}@${this.place.bot.username}`;
  }

  /** What stands in the box stays there, unless it is the beginning of a command. */
  sendCommand(command) {
    const text = this.commandText(command);
    if (this.text.value.startsWith("/") || !(this.text.value || this.files.any || this.forward)) this.send(text);
    else this.act.send({ text });
  }

  toggleMenu() {
    if (!this.list.hidden) {
      this.closeChoices();
      return;
    }
    this.text.focus();
    this.openChoices(this.place.commands.map((entry) => ({ name: `/${entry.command}`, about: entry.description, command: true })), t("commands"));
  }

  // ---- replies, edits, files

  replyTo(message, quote) {
    this.stopEditing();
    Object.assign(this, { reply: message, quote, forward: null });
    this.drawBars();
    this.focus();
  }

  /** Messages that are forwarded to a place with the next thing that is sent there: a comment, or nothing. */
  startForward(key, forward) {
    if (this.place?.key !== key || !this.text) {
      this.saved.set(key, { ...this.saved.get(key), forward });
      return;
    }
    this.stopEditing();
    Object.assign(this, { forward, reply: null, quote: null });
    this.changed();
    this.drawBars();
    this.focus();
  }

  /** What was being typed before somebody edits a message comes back after it. */
  startEdit(message) {
    if (!this.editing) this.unsent = this.text.value;
    Object.assign(this, { editing: message, reply: null, forward: null });
    this.files.clear();
    this.set(textOf(message));
    this.drawBars();
    this.focus();
  }

  stopEditing() {
    if (this.editing) this.set(this.unsent);
    this.editing = null;
  }

  cancelBars() {
    this.stopEditing();
    Object.assign(this, { reply: null, quote: null, forward: null });
    this.files.clear();
    this.focus();
  }

  drawBars() {
    const bar = (name, title, text) => el("div", { class: "bar" }, icon(name), el("span", {}, el("b", { dir: "auto" }, title), el("span", { dir: "auto" }, text)),
      iconButton("close", t("cancel"), () => this.cancelBars()));
    const bars = [
      this.editing && bar("edit", t("editing"), summary(this.editing)),
      this.reply && bar("reply", t("replyTo", authorOf(this.reply).name), this.quote ?? summary(this.reply)),
      this.forward && bar("forward", t("forwarding", this.forward.messages.length), summary(this.forward.messages[0])),
      this.files.bar(),
    ];
    this.bars.replaceChildren(...bars.filter(Boolean));
    const label = t(this.editing ? "save" : "send");
    this.sendButton.replaceChildren(icon(this.editing ? "check" : "send"));
    this.sendButton.setAttribute("aria-label", label);
    this.sendButton.title = label;
  }

  openAttach(anchor) {
    const media = (name, kind) => [name, t("kinds")[kind], () => this.sendMedia(kind)];
    popupMenu(anchor, [
      ["image", t("photoOrVideo"), () => this.chooseFiles("image/*,video/*")],
      ["file", t("file"), () => this.chooseFiles("")],
      media("smile", "sticker"),
      media("pin", "location"),
      media("poll", "poll"),
    ]);
  }

  /** Media without a file. */
  async sendMedia(kind) {
    this.stopEditing();
    const { reply, quote, place } = this;
    Object.assign(this, { reply: null, quote: null });
    this.drawBars();
    const sent = await this.act.send({ text: "", reply, quote, media: kind });
    if (sent || this.place.key !== place.key || !this.text || this.reply) return;
    Object.assign(this, { reply, quote });
    this.drawBars();
  }

  // ---- files and recordings

  chooseFiles(accept) {
    this.fileInput.accept = accept;
    this.fileInput.click();
  }

  /** What was chosen as a file is sent as one. */
  filesChosen() {
    const files = [...this.fileInput.files];
    this.fileInput.value = "";
    this.takeFiles(files, !this.fileInput.accept);
  }

  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.takeFiles(files);
  }

  takeFiles(files, asFiles = this.files.asFiles) {
    if (!files.length || !this.text) return;
    this.stopEditing();
    this.forward = null;
    this.files.add(files, asFiles);
    this.focus();
  }

  filesChanged() {
    if (!this.text) return;
    this.changed();
    this.drawBars();
  }

  /** Records a voice message in the place of the message box. */
  async record() {
    const { place, line } = this;
    const done = async (file) => {
      this.recorder.node.replaceWith(line);
      this.recorder = null;
      if (this.place.key !== place.key || line !== this.line) return;
      this.focus();
      if (!file) return;
      const { reply, quote } = this;
      this.clear();
      await this.act.send({ text: "", reply, quote, files: [file] });
    };
    try {
      this.recorder = await Recorder.start((file) => done(file));
    } catch {
      toast(t("noMicrophone"));
      return;
    }
    line.replaceWith(this.recorder.node);
    this.recorder.node.querySelector("#send-recording").focus();
  }
}
