// The page's own words, English and Russian, by the chosen person's language_code.

const WORDS = {
  en: {
    headline: "playground",
    about: "Playground: a local Telegram. BOT_TOKEN in .env takes the same bot to Telegram.",
    you: "You are", chats: "Chats", back: "Back to the chats", chatMenu: "Chat menu", topics: "Topics", general: "General",
    bot: "bot", typing: "typing…", members: (n) => `${n} member${n === 1 ? "" : "s"}`, unread: (n) => `${n} unread`,
    messages: "Messages", noMessages: "No messages yet", earlier: "Show earlier messages", toBottom: "To the newest message",
    edited: "edited", actions: "Message actions", reply: "Reply", copy: "Copy text", edit: "Edit", remove: "Delete", copied: "Copied",
    replyTo: (name) => `Reply to ${name}`, editing: "Edit message", cancel: "Cancel", write: "Message", send: "Send", save: "Save",
    attach: "Attach", file: "File…", menu: "Menu", commands: "Commands", mentions: "People",
    start: "Start", block: "Block the bot", unblock: "Unblock the bot", stop: "Stop", thinking: "Thinking…", draft: "being written",
    code: "code", copyCode: "Copy code", spoiler: "Hidden text, press to show", foldQuote: "Fold the quote", unfoldQuote: "Unfold the quote",
    today: "Today", yesterday: "Yesterday", ok: "OK", open: "Open", openLink: (url) => `Open ${url}?`, unansweredPress: "The bot did not answer.",
    removeBot: "Remove the bot", addBot: "Add the bot", mute: "Forbid the bot to write", unmute: "Let the bot write", makeAdmin: (name) => `Make ${name} administrator`,
    dropAdmin: (name) => `${name}: no longer administrator`, newTopic: "New topic…", topicName: "Name of the topic", closeTopic: "Close this topic", reopenTopic: "Open this topic again", deleteTopic: "Delete this topic",
    migrate: "Turn into a supergroup", deletedTopic: "Delete this topic with its messages?", closedTopic: "closed",
    offline: "The playground does not answer; trying again…", pick: "Choose a chat to start.", deletedMessage: "Deleted message",
    migrated: (name) => `${name} turned the group into a supergroup`, renamed: (name) => `The name is now “${name}”`, pinned: (text) => `Pinned: ${text}`, groupCreated: "The group was created",
    topicChanges: { created: (name) => `Topic “${name}” was created`, edited: (name) => `Topic “${name}” was changed`, closed: (name) => `Topic “${name}” was closed`, reopened: (name) => `Topic “${name}” was opened again` },
    troubles: {}, via: (name) => `via @${name}`, startHint: (name) => `Press Start to talk to ${name}.`, groupHint: (name) => `To ask, write ${name} and your question.`, emptyTopic: (name) => `Nothing in “${name}” yet.`, joined: (name) => `${name} joined`, left: (name) => `${name} left`, service: "Service message",
    tooLarge: "That is more than 64 MB.", dropFile: "File", photoOrVideo: "Photo or video…", asFiles: "Send as files", dropOne: (name) => `Remove ${name}`, dropHere: "Drop files to send them",
    record: "Record a voice message", recording: "Recording…", noMicrophone: "No microphone here. You can choose an audio file instead.", openPicture: "Open the picture", close: "Close",
    forward: "Forward", forwardTo: "Forward to…", forwardedFrom: (name) => `Forwarded from ${name}`, forwarding: (n) => (n === 1 ? "Forward message" : `Forward ${n} messages`), size: ["bytes", "KB", "MB"], you2: "You",
    kinds: { photo: "Photo", sticker: "Sticker", voice: "Voice message", audio: "Audio", video: "Video", animation: "GIF", video_note: "Video message", location: "Location", venue: "Place", contact: "Contact", poll: "Poll", dice: "Dice" },
  },
  ru: {
    headline: "песочница",
    about: "Песочница: свой Telegram на этом компьютере. С BOT_TOKEN в .env этот же бот работает в Telegram.",
    you: "Вы —", chats: "Чаты", back: "К списку чатов", chatMenu: "Меню чата", topics: "Темы", general: "Общая",
    bot: "бот", typing: "печатает…", members: (n) => `${n} ${plural(n, "участник", "участника", "участников")}`, unread: (n) => `непрочитанных: ${n}`,
    messages: "Сообщения", noMessages: "Сообщений пока нет", earlier: "Показать более ранние", toBottom: "К последнему сообщению",
    edited: "изменено", actions: "Действия с сообщением", reply: "Ответить", copy: "Копировать текст", edit: "Изменить", remove: "Удалить", copied: "Скопировано",
    replyTo: (name) => `Ответ: ${name}`, editing: "Изменение сообщения", cancel: "Отмена", write: "Сообщение", send: "Отправить", save: "Сохранить",
    attach: "Прикрепить", file: "Файл…", menu: "Меню", commands: "Команды", mentions: "Люди",
    start: "Запустить", block: "Заблокировать бота", unblock: "Разблокировать бота", stop: "Остановить", thinking: "Думает…", draft: "пишется",
    code: "код", copyCode: "Копировать код", spoiler: "Скрытый текст, нажмите, чтобы показать", foldQuote: "Свернуть цитату", unfoldQuote: "Развернуть цитату",
    today: "Сегодня", yesterday: "Вчера", ok: "Хорошо", open: "Открыть", openLink: (url) => `Открыть ${url}?`, unansweredPress: "Бот не ответил.",
    removeBot: "Убрать бота", addBot: "Добавить бота", mute: "Запретить боту писать", unmute: "Разрешить боту писать", makeAdmin: (name) => `Сделать администратором: ${name}`,
    dropAdmin: (name) => `Снять с администраторов: ${name}`, newTopic: "Новая тема…", topicName: "Название темы", closeTopic: "Закрыть тему", reopenTopic: "Открыть тему снова", deleteTopic: "Удалить тему",
    migrate: "Превратить в супергруппу", deletedTopic: "Удалить эту тему вместе с сообщениями?", closedTopic: "закрыта",
    offline: "Песочница не отвечает, пробуем снова…", pick: "Выберите чат.", deletedMessage: "Удалённое сообщение",
    migrated: (name) => `${name}: группа преобразована в супергруппу`, renamed: (name) => `Новое название: «${name}»`, pinned: (text) => `Закреплено: ${text}`, groupCreated: "Группа создана",
    topicChanges: { created: (name) => `Тема «${name}» создана`, edited: (name) => `Тема «${name}» изменена`, closed: (name) => `Тема «${name}» закрыта`, reopened: (name) => `Тема «${name}» снова открыта` },
    troubles: {
      "the topic is closed": "Эта тема закрыта.", "not a member of this chat": "Вы не участник этой группы.", "this chat is gone": "Этой группы больше нет.",
      "no such topic": "Этой темы больше нет.", "no such message": "Этого сообщения больше нет.", "no such message to reply to": "Сообщения, на которое вы отвечаете, больше нет.",
      "somebody else's message": "Это чужое сообщение.", "the caption is too long": "Подпись слишком длинная.", "no draft that can be stopped": "Останавливать уже нечего.",
      "this message may not be forwarded": "Это сообщение пересылать нельзя.", "a service message cannot be forwarded": "Служебные сообщения не пересылаются.", "unblock the bot first": "Сначала разблокируйте бота.", "nothing to send": "Отправлять нечего.",
    },
    via: (name) => `через @${name}`, startHint: () => "Нажмите «Запустить», чтобы начать разговор.", groupHint: (name) => `Чтобы спросить, напишите ${name} и вопрос.`, emptyTopic: (name) => `В теме «${name}» пока пусто.`, joined: (name) => `${name} теперь в группе`, left: (name) => `${name} больше не в группе`, service: "Служебное сообщение",
    tooLarge: "Это больше 64 МБ.", dropFile: "Файл", photoOrVideo: "Фото или видео…", asFiles: "Отправить файлами", dropOne: (name) => `Убрать ${name}`, dropHere: "Отпустите, чтобы отправить файлы",
    record: "Записать голосовое сообщение", recording: "Идёт запись…", noMicrophone: "Микрофон недоступен. Можно выбрать звуковой файл.", openPicture: "Открыть картинку", close: "Закрыть",
    forward: "Переслать", forwardTo: "Переслать в чат…", forwardedFrom: (name) => `Переслано от: ${name}`, forwarding: (n) => (n === 1 ? "Пересылка сообщения" : `Пересылка: ${n} ${plural(n, "сообщение", "сообщения", "сообщений")}`), size: ["байт", "КБ", "МБ"], you2: "Вы",
    kinds: { photo: "Фото", sticker: "Стикер", voice: "Голосовое сообщение", audio: "Аудио", video: "Видео", animation: "GIF", video_note: "Видеосообщение", location: "Геопозиция", venue: "Место", contact: "Контакт", poll: "Опрос", dice: "Кубик" },
  },
};

let language = "en";

function plural(n, one, few, many) {
  const form = new Intl.PluralRules("ru").select(n);
  return { one, few }[form] ?? many;
}

/** Sets the language of everything that is rendered from now on. */
export function speak(languageCode) {
  language = String(languageCode ?? "").startsWith("ru") ? "ru" : "en";
  document.documentElement.lang = language;
}

export function t(key, ...values) {
  const word = WORDS[language][key];
  return typeof word === "function" ? word(...values) : word;
}

export const clock = (seconds) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(seconds * 1000);

export const dayKey = (seconds) => new Date(seconds * 1000).toDateString();

export function dayName(seconds) {
  const now = Date.now();
  if (dayKey(seconds) === new Date(now).toDateString()) return t("today");
  if (dayKey(seconds + 86400) === new Date(now).toDateString()) return t("yesterday");
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" }).format(seconds * 1000);
}

export function fileSize(bytes) {
  const [b, kb, mb] = t("size");
  if (!(bytes >= 1000)) return `${bytes ?? 0} ${b}`;
  const { format } = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return bytes < 1e6 ? `${format(bytes / 1000)} ${kb}` : `${format(bytes / 1e6)} ${mb}`;
}

/** A length in seconds as "1:05". */
export function minutes(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
