// The list of chats, and who the reader is.

import { byId, el, paintAvatar } from "./dom.js";
import { authorOf, serviceText, summary } from "./bubble.js";
import { clock, dayKey, dayName, t } from "./words.js";

export function drawPeople(world, me, choose) {
  const place = byId("people");
  const focused = place.contains(document.activeElement);
  place.setAttribute("aria-label", t("you"));
  // Bots of others write too, but they are no readers: they stand at the end.
  const people = [...world.people].sort((a, b) => a.is_bot - b.is_bot);
  place.replaceChildren(...people.map((person, index) => el("button", {
    type: "button", role: "radio", "aria-checked": String(person.id === me), tabindex: person.id === me ? 0 : -1, data: { person: person.id },
    on: { click: () => choose(person.id), keydown: (event) => walk(event, index) },
  }, paintAvatar(el("span", { class: "avatar small", "aria-hidden": "true" }), person.id, person.first_name), el("span", {}, person.first_name), person.is_bot && el("small", {}, t("bot")), badge(unreadOf(world, person, me)))));
  if (focused) place.querySelector("[aria-checked=true]")?.focus();

  function walk(event, index) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(people[(index + step + people.length) % people.length].id);
  }
}

// The other people's unread messages show beside their names.
function unreadOf(world, person, me) {
  if (person.id === me || person.is_bot) return 0;
  const { id } = person;
  return world.chatsOf(id).reduce((sum, chat) => sum + unreadIn(world, id, chat), 0);
}

const unreadIn = (world, person, chat) => world.topicsOf(chat, "").reduce((sum, { id }) => sum + world.unread(person, chat, id), 0);

export const badge = (count) => count > 0 && el("span", { class: "badge", "aria-label": t("unread", count) }, count > 99 ? "99+" : String(count));

export function drawChats(world, me, current, choose) {
  const list = byId("chats");
  const focused = document.activeElement?.closest("[data-chat]")?.dataset.chat;
  list.setAttribute("aria-label", t("chats"));
  list.replaceChildren(...world.chatsOf(me).map((chat) => {
    const newest = world.newest(chat);
    const typing = world.topicsOf(chat, "").some(({ id }) => world.isTyping(chat, id, Date.now()));
    const author = newest && chat.type !== "private" && !serviceText(newest) ? `${authorOf(newest).id === me ? t("you2") : authorOf(newest).name}: ` : "";
    const when = newest ? (dayKey(newest.date) === new Date().toDateString() ? clock(newest.date) : dayName(newest.date)) : "";
    return el("li", {}, el("button", { type: "button", class: "chat", "aria-current": chat.id === current ? "true" : null, data: { chat: chat.id }, on: { click: () => choose(chat.id) } },
      paintAvatar(el("span", { class: "avatar", "aria-hidden": "true" }), world.face(chat), world.title(chat)),
      el("span", { class: "chat-lines" },
        el("span", {}, el("b", { dir: "auto" }, world.title(chat)), el("time", {}, when)),
        el("span", {}, el("span", { class: typing ? "preview typing" : "preview", dir: "auto" }, typing ? t("typing") : newest ? author + summary(newest, world.topicName(chat, newest, t("general"))) : t("noMessages")), badge(unreadIn(world, me, chat))))));
  }));
  if (focused) list.querySelector(`[data-chat="${focused}"]`)?.focus();
}

/** A dialog in which one of the person's chats or topics is chosen; resolves to {chat, topic}, or null. */
export function pickPlace(world, me, label) {
  return new Promise((resolve) => {
    let picked = null;
    const pick = (chat, topic) => {
      picked = { chat, topic };
      dialog.close();
    };
    const places = world.chatsOf(me).flatMap((chat) => world.topicsOf(chat, t("general")).map((topic) => ({ chat, topic })));
    const list = places.map(({ chat, topic }) => el("li", {}, el("button", { type: "button", class: "chat", data: { place: `${chat.id}/${topic.id}` }, on: { click: () => pick(chat, topic.id) } },
      paintAvatar(el("span", { class: "avatar small", "aria-hidden": "true" }), world.face(chat), world.title(chat)),
      el("span", { class: "chat-lines" }, el("b", { dir: "auto" }, world.title(chat)), topic.name && el("small", { dir: "auto" }, topic.name)))));
    const dialog = el("dialog", { class: "picker", "aria-label": label, on: { close: () => { dialog.remove(); resolve(picked); } } },
      el("b", {}, label), el("ul", {}, ...list), el("div", { class: "row" }, el("button", { type: "button", class: "plain", on: { click: () => dialog.close() } }, t("cancel"))));
    document.body.append(dialog);
    dialog.showModal();
  });
}
