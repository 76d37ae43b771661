// The page as a whole: who is looking at which chat, what happens then, and what the server tells.

import { encodeFiles } from "./chosen_files.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { ask, askText, byId, el, icon, paintAvatar, popupMenu, toast } from "./dom.js";
import { safeUrl } from "./entities.js";
import { Link, request } from "./link.js";
import { badge, drawChats, drawPeople, pickPlace } from "./sidebar.js";
import { speak, t } from "./words.js";
import { TYPING_SECONDS, World } from "./world.js";

const TROUBLE_SECONDS = 8;

class Page {
  constructor() {
    this.world = null;
    this.me = null;
    this.chat = null;
    this.topic = 0;
    this.conversation = new Conversation({ onRead: () => this.markRead() });
    this.composer = new Composer({
      send: (parts) => this.send(parts),
      saveEdit: (message, text) => this.act("edit", { chat_id: this.chat.id, message_id: message.message_id, text }),
      start: () => this.act("start", {}),
      unblock: () => this.act("unblock", {}),
      editLast: () => this.editLast(),
    });
    this.link = new Link({
      onWorld: (data) => this.takeWorld(data),
      onEvent: (event) => this.takeEvent(event),
      onState: (connected) => {
        this.offline = !connected;
        this.trouble("");
      },
    });
    addEventListener("hashchange", () => this.world && this.route());
    document.addEventListener("visibilitychange", () => this.markRead());
    byId("back").addEventListener("click", () => this.goTo(this.me));
    byId("chat-menu").addEventListener("click", () => this.openChatMenu());
    this.sidebarDue = false;
    this.offline = false;
    this.link.start();
  }

  // ---- where the reader is: #person/chat/topic

  goTo(person, chat = null, topic = 0) {
    const hash = [person, chat, topic || null].filter((part) => part !== null).join("/");
    if (location.hash === `#${hash}`) this.route();
    else location.hash = hash;
  }

  route() {
    const [person, chatId, topic] = location.hash.slice(1).split("/").map(Number);
    const { world } = this;
    this.trouble("");
    this.me = world.person(person)?.id ?? this.me ?? world.people[0].id;
    speak(world.person(this.me).language_code);
    const chats = world.chatsOf(this.me);
    const wide = matchMedia("(min-width: 720px)").matches;
    const wanted = world.chats.get(chatId)?.migrated_to ?? chatId;
    this.chat = chats.find((chat) => chat.id === wanted) ?? (wide && !chatId ? chats[0] : null) ?? null;
    this.topic = this.chat && world.topicsOf(this.chat, "").some(({ id }) => id === topic) ? topic : 0;
    document.body.dataset.view = this.chat ? "chat" : "list";
    this.drawWords();
    this.drawSidebar();
    this.openChat();
  }

  drawWords() {
    byId("headline").textContent = t("headline");
    byId("about").textContent = t("about");
    byId("hint").textContent = t("pick");
    const labels = { back: t("back"), "chat-menu": t("chatMenu"), attach: t("attach") };
    for (const [id, label] of Object.entries(labels)) {
      byId(id)?.setAttribute("aria-label", label);
      byId(id)?.setAttribute("title", label);
    }
    byId("topics").setAttribute("aria-label", t("topics"));
    if (!byId("back").firstChild) byId("back").append(icon("back"));
    if (!byId("chat-menu").firstChild) byId("chat-menu").append(icon("more"));
  }

  openChat() {
    const { chat, world, topic } = this;
    byId("conversation").hidden = !chat;
    byId("messages").classList.toggle("private", chat?.type === "private");
    byId("hint").hidden = Boolean(chat);
    document.title = `${chat ? `${world.title(chat)} · ` : ""}Aura ${t("headline")}`;
    if (!chat) return;
    this.drawHead();
    byId("topics").querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
    this.openComposer();
    this.conversation.show(world.messages(chat, topic), world.draftsIn(chat, topic), this.host());
    // Arrow keys in the person switch and the tabs stay there.
    const walking = document.activeElement?.closest("#people, #topics");
    if (!walking && !matchMedia("(pointer: coarse)").matches) this.composer.focus();
  }

  host() {
    const { chat } = this;
    return {
      person: this.me,
      emptyText: this.emptyText(),
      isPrivate: chat.type === "private",
      mayDelete: chat.type === "private" || this.world.isAdmin(this.me, chat),
      reply: (message, quote) => this.composer.replyTo(message, quote),
      edit: (message) => this.composer.startEdit(message),
      forward: (messages) => this.forward(messages),
      remove: (messages) => Promise.all(messages.map(({ message_id }) => this.act("delete", { chat_id: chat.id, message_id }))),
      press: (message, data) => this.press(message, data),
      topicName: (message) => this.world.topicName(chat, message, t("general")),
      jump: (id) => this.conversation.jump(id),
      openUrl: (url) => this.openUrl(url),
      stopDraft: (id) => this.act("stop_draft", { ...this.place(), draft_id: id }),
      textActions: { command: (text) => this.composer.text && this.composer.sendCommand(text), mention: (text) => this.composer.insert(`${text} `), follow: (url) => this.followStartLink(url) },
    };
  }

  /** What stands where nobody has written yet: how to begin. */
  emptyText() {
    const { chat, world, topic } = this;
    if (chat.type === "private") return chat.started ? t("noMessages") : t("startHint", world.bot.first_name);
    if (!world.botIsIn(chat)) return t("noMessages");
    const hint = t("groupHint", `@${world.bot.username}`);
    return chat.is_forum && !topic ? `${t("emptyTopic", t("general"))} ${hint}` : hint;
  }

  place() {
    return this.topic ? { chat_id: this.chat.id, topic: this.topic } : { chat_id: this.chat.id };
  }

  openComposer() {
    const { chat, me, world } = this;
    const isPrivate = chat.type === "private";
    const state = isPrivate && chat.blocked ? "blocked" : isPrivate && !chat.started ? "start" : "open";
    const others = isPrivate ? [] : [world.bot, ...(chat.members ?? []).filter((id) => id !== me).map((id) => world.person(id))];
    const people = others.filter(Boolean).map(({ username, first_name }) => ({ username, first_name }));
    this.composer.open({ key: `${me}/${chat.id}/${this.topic}`, chat, bot: world.bot, commands: world.commandsFor(me, chat), people, state });
  }

  // ---- what is drawn around the messages

  drawHead() {
    const { chat, world } = this;
    paintAvatar(byId("chat-avatar"), world.face(chat), world.title(chat));
    byId("chat-title").textContent = world.title(chat);
    this.drawSubtitle();
    this.drawTopics();
  }

  drawSubtitle() {
    const { chat, world } = this;
    const typing = world.isTyping(chat, this.topic, Date.now());
    const members = (chat.members ?? []).filter((id) => id !== world.bot.id).length + (world.botIsIn(chat) ? 1 : 0);
    const subtitle = byId("chat-subtitle");
    subtitle.textContent = typing ? t("typing") : chat.type === "private" ? t("bot") : t("members", members);
    subtitle.classList.toggle("typing", typing);
  }

  drawTopics() {
    const { chat, world } = this;
    const tabs = byId("topics");
    const focused = tabs.contains(document.activeElement);
    tabs.hidden = !chat.is_forum;
    const topics = world.topicsOf(chat, t("general"));
    tabs.replaceChildren(...topics.map(({ id, name, closed }, index) => el("button", {
      type: "button", role: "tab", "aria-selected": String(id === this.topic), tabindex: id === this.topic ? 0 : -1, data: { topic: id },
      on: {
        click: () => this.goTo(this.me, chat.id, id),
        keydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (step) tabs.children[(index + step + topics.length) % topics.length].focus();
        },
      },
    }, closed ? `${name} (${t("closedTopic")})` : name, badge(id === this.topic ? 0 : world.unread(this.me, chat, id)))));
    if (focused) tabs.querySelector("[aria-selected=true]").focus();
  }

  /** At most once a frame, however many events there were. */
  drawSidebar() {
    if (this.sidebarDue) return;
    this.sidebarDue = true;
    requestAnimationFrame(() => {
      this.sidebarDue = false;
      drawPeople(this.world, this.me, (person) => this.becomePerson(person));
      drawChats(this.world, this.me, this.chat?.id, (chat) => this.goTo(this.me, chat));
      if (this.chat) this.drawTopics();
    });
  }

  /** Whoever changes the person stays in the topic. */
  becomePerson(person) {
    const chat = this.sameChat(person);
    this.goTo(person, chat, chat === this.chat?.id ? this.topic : 0);
  }

  /** Another person goes on looking at the group, or at their own private chat. */
  sameChat(person) {
    if (!this.chat) return null;
    const chats = this.world.chatsOf(person);
    return (chats.find(({ id }) => id === this.chat.id) ?? chats.find(({ type }) => type === this.chat.type) ?? chats[0])?.id ?? null;
  }

  markRead() {
    if (!this.chat || document.hidden || !this.conversation.atBottom) return;
    if (this.world.markRead(this.me, this.chat, this.topic)) this.drawSidebar();
  }

  /** One line about what went wrong; as long as the server is away, that. */
  trouble(text) {
    const line = byId("trouble");
    const shown = text || (this.offline ? t("offline") : "");
    clearTimeout(this.troubleTimer);
    line.hidden = !shown;
    line.textContent = shown;
    if (text) this.troubleTimer = setTimeout(() => this.trouble(""), TROUBLE_SECONDS * 1000);
  }

  // ---- what the server tells

  takeWorld(data) {
    this.world = new World(data);
    this.world.markKnown();
    this.route();
  }

  takeEvent(event) {
    const change = this.world.apply(event, Date.now());
    const here = change.chat !== undefined && change.chat === this.chat;
    if (change.kind === "chat") this.readCommands();
    if (change.kind === "stranger") this.link.start();
    else if (change.kind === "chat") this.placesChanged(change);
    else if (change.kind === "commands") this.chat && this.openComposer();
    else if (change.kind === "link") this.offerLink(event.url);
    else if (here) this.takeHere(change);
    this.drawSidebar();
  }

  /** Who may do what has changed perhaps, and with it the command menus. */
  async readCommands() {
    const { commands } = await request("/world", undefined, "GET").catch(() => ({}));
    if (commands) this.takeEvent({ type: "commands", commands });
  }

  /** A link that the program gave out, such as the one that makes its opener admin. */
  offerLink(url) {
    const href = safeUrl(url);
    if (!href) return;
    const follow = (event) => {
      event.preventDefault();
      this.drawWords();
      this.openUrl(href);
    };
    byId("about").replaceChildren(el("a", { href, on: { click: follow } }, url));
  }

  placesChanged({ chat }) {
    if (chat.id !== this.chat?.id) return undefined;
    this.chat = chat;
    if (!this.world.chatsOf(this.me).includes(chat)) return this.goTo(this.me, chat.migrated_to);
    if (!this.world.topicsOf(chat, "").some(({ id }) => id === this.topic)) return this.goTo(this.me, chat.id);
    this.drawHead();
    Object.assign(this.conversation.host, this.host());
    return this.openComposer();
  }

  takeHere({ kind, topic, message, ids, chat }) {
    if (kind === "deleted") this.conversation.remove(ids);
    if (topic !== this.topic) return;
    if (kind === "message") {
      this.conversation.put(message);
    }
    if (kind === "draft") this.conversation.drawDrafts(this.world.draftsIn(chat, topic));
    if (kind === "typing") setTimeout(() => { this.drawSidebar(); if (this.chat === chat) this.drawSubtitle(); }, TYPING_SECONDS * 1000 + 100);
    this.drawSubtitle();
  }

  // ---- what people do

  /** Does something as the chosen person; false and a line of trouble when it failed. */
  async act(what, body) {
    this.trouble("");
    try {
      return await request(`/people/${this.me}/${what}`, body) ?? true;
    } catch (error) {
      return this.failed(error);
    }
  }

  async admin(path, body = {}) {
    this.trouble("");
    try {
      return await request(`/chats/${this.chat.id}/${path}`, { by: this.me, ...body });
    } catch (error) {
      return this.failed(error);
    }
  }

  failed(error) {
    this.trouble(error instanceof TypeError ? t("offline") : t("troubles")[error.message] ?? error.message);
    return false;
  }

  async send({ text, reply, quote, forward, files = [], asFiles = false, media }) {
    const body = this.place();
    if (forward) return this.act("forward", { ...body, ...(text && { text }), from_chat_id: forward.from, message_ids: forward.messages.map(({ message_id }) => message_id) });
    if (reply) body.reply_to = reply.message_id;
    if (quote) body.quote = quote;
    if (media) body.media = media;
    if (files.length) body.files = await encodeFiles(files, asFiles);
    if (text) body[files.length ? "caption" : "text"] = text;
    return this.act("send", body);
  }

  /** Messages go to a chosen chat or topic with the next thing that is sent there. */
  async forward(messages) {
    const from = this.chat.id;
    const picked = await pickPlace(this.world, this.me, t("forwardTo"));
    if (!picked) return;
    this.composer.startForward(`${this.me}/${picked.chat.id}/${picked.topic}`, { from, messages });
    this.goTo(this.me, picked.chat.id, picked.topic);
  }

  async press(message, data) {
    const answer = await this.act("press", { chat_id: this.chat.id, message_id: message.message_id, data });
    if (!answer) return;
    if (!answer.answered) toast(t("unansweredPress"));
    else if (answer.text && answer.show_alert) await ask(answer.text, [[t("ok"), "ok", "primary"]]);
    else if (answer.text) toast(answer.text, 3 + answer.text.length / 25);
    if (answer.url) this.openUrl(answer.url);
  }

  /** A link from a button opens in a new tab once that is confirmed. */
  async openUrl(url) {
    if (!url || this.followStartLink(url)) return;
    if (await ask(t("openLink", url), [[t("cancel"), ""], [t("open"), "ok", "primary"]])) open(url, "_blank", "noopener,noreferrer");
  }

  /** A link to the bot itself starts it here; true when it was one. */
  followStartLink(url) {
    const link = new RegExp(`^https?://t\\.me/${this.world.bot.username}/?(?:\\?start=([\\w-]*))?$`, "i").exec(url);
    if (!link) return false;
    const chat = this.world.chatsOf(this.me).find(({ type }) => type === "private");
    if (chat) this.goTo(this.me, chat.id);
    this.act("start", link[1] ? { payload: link[1] } : {});
    return true;
  }

  editLast() {
    const mine = this.world.messages(this.chat, this.topic).filter((message) => message.from?.id === this.me && message.text && !message.sender_chat);
    if (mine.length) this.composer.startEdit(mine.at(-1));
  }

  openChatMenu() {
    const { chat, world } = this;
    const entry = (name, label, path, body) => [name, label, () => this.admin(path, body)];
    if (chat.type === "private") {
      const [label, action] = chat.blocked ? [t("unblock"), "unblock"] : [t("block"), "block"];
      popupMenu(byId("chat-menu"), [["stop", label, () => this.act(action, {}), chat.blocked ? null : "danger"]]);
      return;
    }
    const gone = !world.botIsIn(chat);
    const muted = chat.bot_status === "restricted";
    const items = [entry("bot", t(gone ? "addBot" : "removeBot"), gone ? "add_bot" : "remove_bot")];
    if (!gone) items.push(entry("stop", t(muted ? "unmute" : "mute"), "restrict_bot", { can_send: muted }));
    for (const id of chat.members ?? []) {
      const person = world.person(id);
      const isAdmin = world.isAdmin(id, chat);
      if (person && id !== chat.owner) items.push(entry("check", t(isAdmin ? "dropAdmin" : "makeAdmin", person.first_name), "admins", { user: id, admin: !isAdmin }));
    }
    if (chat.is_forum) items.push(["edit", t("newTopic"), () => this.newTopic()]);
    const closed = chat.topics.find(({ id }) => id === this.topic)?.closed;
    if (this.topic) items.push(entry("check", t(closed ? "reopenTopic" : "closeTopic"), `topics/${this.topic}/${closed ? "reopen" : "close"}`), ["bin", t("deleteTopic"), () => this.deleteTopic(), "danger"]);
    if (chat.type === "group") items.push(entry("out", t("migrate"), "migrate"));
    popupMenu(byId("chat-menu"), items);
  }

  async newTopic() {
    const { id } = this.chat;
    const name = await askText(t("topicName"), t("save"), t("cancel"));
    const made = name && await this.admin("topics", { name });
    if (!made) return;
    // Its event may come later than this answer.
    const { topics } = this.world.chats.get(id);
    if (!topics.some((topic) => topic.id === made.id)) topics.push(made);
    this.goTo(this.me, id, made.id);
  }

  async deleteTopic() {
    const sure = await ask(t("deletedTopic"), [[t("cancel"), ""], [t("remove"), "ok", "danger"]]);
    if (sure) await this.admin(`topics/${this.topic}/delete`);
  }
}

new Page();
