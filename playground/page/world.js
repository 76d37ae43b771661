// What the page knows: people, chats, messages, drafts. No elements here.

const READ_KEY = "aura-playground-read";
// As long as the Bot API says that a chat action is shown.
export const TYPING_SECONDS = 5;

export const topicOf = (message) => (message.is_topic_message ? generalIsZero(message.message_thread_id) : 0);
const generalIsZero = (id) => (id && Number(id) !== 1 ? Number(id) : 0);

export class World {
  constructor(data) {
    this.bot = data.bot;
    this.people = data.people;
    this.commands = data.commands ?? {};
    this.chats = new Map();
    this.typing = new Map();
    this.read = loadRead();
    for (const chat of data.chats) this.putChat(chat);
  }

  /** Adds or renews a chat; messages and drafts that are not told stay as they are. */
  putChat(data) {
    const known = this.chats.get(data.id);
    const chat = { ...known, ...data };
    chat.messages = data.messages ? new Map(data.messages.map((message) => [message.message_id, message])) : (known?.messages ?? new Map());
    chat.drafts = data.drafts ? new Map(data.drafts.map((draft) => [draftKey(draft), draft])) : (known?.drafts ?? new Map());
    chat.topics = (chat.topics ?? []).filter((topic) => generalIsZero(topic.id));
    this.chats.set(chat.id, chat);
    return chat;
  }

  person(id) {
    return this.people.find((person) => person.id === id);
  }

  chatsOf(person) {
    return [...this.chats.values()]
      .filter((chat) => !chat.deleted && !chat.migrated_to && (chat.type === "private" ? chat.person === person : chat.members?.includes(person)))
      .sort((a, b) => (b.type === "private") - (a.type === "private") || (this.newest(b)?.date ?? 0) - (this.newest(a)?.date ?? 0));
  }

  title(chat) {
    return chat.type === "private" ? this.bot.first_name : chat.title;
  }

  /** Whose colour a chat has. */
  face(chat) {
    return chat.type === "private" ? this.bot.id : chat.id;
  }

  topicsOf(chat, general) {
    return chat.is_forum ? [{ id: 0, name: general }, ...chat.topics] : [{ id: 0, name: "" }];
  }

  /** The name of the topic that a message stands in. */
  topicName(chat, message, general) {
    return [{ id: 0, name: general }, ...chat.topics].find(({ id }) => id === topicOf(message))?.name ?? "";
  }

  /** A message's topic as this chat shows it: 0 wherever there are no topics. */
  topicIn(chat, message) {
    return chat.is_forum ? topicOf(message) : 0;
  }

  messages(chat, topic) {
    return [...chat.messages.values()].filter((message) => this.topicIn(chat, message) === topic).sort((a, b) => a.message_id - b.message_id);
  }

  /** What the bot is writing in a topic, each draft on its own. */
  draftsIn(chat, topic) {
    return [...chat.drafts.values()].filter((draft) => generalIsZero(draft.topic) === topic);
  }

  newest(chat) {
    let newest = null;
    for (const message of chat.messages.values()) if (!newest || message.message_id > newest.message_id) newest = message;
    return newest;
  }

  unread(person, chat, topic) {
    const mark = this.read[readKey(person, chat, topic)] ?? 0;
    let count = 0;
    for (const message of chat.messages.values()) {
      if (message.message_id > mark && message.from?.id !== person && this.topicIn(chat, message) === topic) count += 1;
    }
    return count;
  }

  markRead(person, chat, topic) {
    let last = 0;
    for (const message of chat.messages.values()) if (this.topicIn(chat, message) === topic && message.message_id > last) last = message.message_id;
    const key = readKey(person, chat, topic);
    if (this.read[key] === last) return false;
    this.read[key] = last;
    localStorage.setItem(READ_KEY, JSON.stringify(this.read));
    return true;
  }

  /** The first time that a person is seen, what is there counts as read. */
  markKnown() {
    for (const person of this.people) {
      for (const chat of this.chatsOf(person.id)) {
        for (const { id } of this.topicsOf(chat, "")) if (this.read[readKey(person.id, chat, id)] === undefined) this.markRead(person.id, chat, id);
      }
    }
  }

  isTyping(chat, topic, now) {
    return (this.typing.get(`${chat.id}:${topic}`) ?? 0) > now;
  }

  botIsIn(chat) {
    return !["left", "kicked"].includes(chat.bot_status);
  }

  isBot(user) {
    return user?.id === this.bot.id;
  }

  isAdmin(person, chat) {
    return chat.owner === person || Boolean(chat.admins?.includes(person));
  }

  /** The command menu that this person has here. */
  commandsFor(person, chat) {
    return this.commands[chat.id]?.[person] ?? [];
  }

  /** Takes one event; tells what changed: {chat, topic, message?, removed?, kind}. */
  apply(event, now) {
    const chat = this.chats.get(event.chat_id);
    if (event.person && !this.person(event.person.id)) this.people.push(event.person);
    switch (event.type) {
      case "link": return { kind: "link" };
      case "person": return { kind: "person" };
      case "commands":
        this.commands = event.commands ?? this.commands;
        return { kind: "commands" };
      case "chat":
        return { kind: "chat", chat: this.putChat(event.chat) };
      default: return chat ? this.applyTo(chat, event, now) : { kind: "stranger" };
    }
  }

  applyTo(chat, event, now) {
    const topic = generalIsZero(event.topic ?? event.message_thread_id);
    switch (event.type) {
      case "message": case "edited": {
        const { message } = event;
        const isNew = !chat.messages.has(message.message_id);
        chat.messages.set(message.message_id, message);
        const place = this.topicIn(chat, message);
        if (isNew && this.isBot(message.from)) this.typing.delete(`${chat.id}:${place}`);
        return { kind: "message", chat, topic: place, message, isNew };
      }
      case "deleted": {
        const ids = event.message_ids ?? [event.message_id];
        for (const id of ids) chat.messages.delete(id);
        return { kind: "deleted", chat, ids };
      }
      case "draft":
        chat.drafts.set(draftKey(event.draft), event.draft);
        this.typing.delete(`${chat.id}:${topic}`);
        return { kind: "draft", chat, topic };
      case "draft_gone":
        chat.drafts.delete(draftKey(event));
        return { kind: "draft", chat, topic };
      case "typing":
        this.typing.set(`${chat.id}:${topic}`, now + TYPING_SECONDS * 1000);
        return { kind: "typing", chat, topic };
      default: return { kind: event.type, chat };
    }
  }
}

const draftKey = ({ topic, draft_id }) => `${topic}:${draft_id}`;
const readKey = (person, chat, topic) => `${person}:${chat.id}:${topic}`;

function loadRead() {
  try {
    return JSON.parse(localStorage.getItem(READ_KEY)) ?? {};
  } catch {
    return {};
  }
}
