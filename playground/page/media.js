// What a message shows beside its text: pictures, albums, players, files.

import { el, icon } from "./dom.js";
import { fileSize, minutes, t } from "./words.js";

const PLAIN = ["location", "venue", "contact", "poll", "dice", "video_note"];
const ICONS = { dice: "smile", location: "pin", venue: "pin", poll: "poll", video_note: "video" };
const SHOWN_SIDE = 800;

const address = (id) => `/files/${encodeURIComponent(id)}`;

/** The elements for the media of these messages: one, or all of an album. */
export function mediaOf(messages) {
  const pictures = messages.filter(isPicture).map(picture);
  const others = messages.filter((message) => !isPicture(message)).flatMap(other);
  if (pictures.length > 1) return [el("div", { class: "album" }, ...pictures), ...others];
  return [...pictures, ...others];
}

const isPicture = ({ photo, animation }) => Boolean(photo || (animation && isImage(animation)));
const isImage = ({ mime_type: type }) => String(type).startsWith("image/");

function picture({ photo, animation, caption }) {
  const largest = photo?.at(-1) ?? animation;
  const shown = photo?.find(({ width, height }) => Math.max(width, height) >= SHOWN_SIDE) ?? largest;
  const kind = t("kinds")[photo ? "photo" : "animation"];
  const image = el("img", { src: address(shown.file_id), width: shown.width, height: shown.height, alt: caption ? `${kind}: ${caption}` : kind });
  const button = el("button", { type: "button", class: "photo", title: t("openPicture"), on: { click: () => enlarge(largest, image.alt) } }, image);
  // What cannot be fetched, such as media that tests only pretend to send, is named instead.
  image.addEventListener("error", () => button.replaceWith(chip("image", kind)));
  return button;
}

/** The whole picture over the page; a click or Escape closes it. */
function enlarge({ file_id: id }, alt) {
  const dialog = el("dialog", { class: "viewer", "aria-label": alt, on: { click: () => dialog.close(), close: () => dialog.remove() } },
    el("img", { src: address(id), alt }), el("button", { type: "button", class: "icon", "aria-label": t("close"), title: t("close") }, icon("close")));
  document.body.append(dialog);
  dialog.showModal();
}

function other(message) {
  const { document: file, voice, audio, video, animation, sticker } = message;
  if (voice) return [player("audio", voice, t("kinds").voice)];
  if (audio) return [player("audio", audio, [audio.performer, audio.title].filter(Boolean).join(" – ") || audio.file_name || t("kinds").audio)];
  if (video || animation) return [player("video", video ?? animation, t("kinds")[video ? "video" : "animation"])];
  if (sticker) return [el("div", { class: "sticker", role: "img", "aria-label": t("kinds").sticker }, sticker.emoji ?? t("kinds").sticker)];
  if (file) return [fileLink(file)];
  return PLAIN.filter((kind) => message[kind]).map((kind) => chip(ICONS[kind] ?? "file", t("kinds")[kind]));
}

function player(tag, file, label) {
  const node = el(tag, { controls: true, preload: "metadata", src: address(file.file_id), "aria-label": label });
  const length = file.duration ? minutes(file.duration) : fileSize(file.file_size);
  return el("figure", { class: "player" }, el("figcaption", {}, el("b", { dir: "auto" }, label), el("small", {}, length)), node);
}

function fileLink({ file_name: name, file_size: size, file_id: id, thumbnail }) {
  const mark = thumbnail ? el("img", { class: "file-icon", src: address(thumbnail.file_id), alt: "" }) : el("span", { class: "file-icon" }, icon("file"));
  return el("a", { class: "file", href: address(id), download: name ?? "file" }, mark, el("span", {}, el("b", { dir: "auto" }, name ?? t("dropFile")), el("small", {}, fileSize(size))));
}

const chip = (name, label) => el("div", { class: "file" }, el("span", { class: "file-icon" }, icon(name)), el("b", {}, label));
