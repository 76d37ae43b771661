// The files that are about to be sent: chosen, dropped, pasted or recorded; how they look, and how they are sent.

import { el, icon, iconButton, toast } from "./dom.js";
import { fileSize, t } from "./words.js";

// What one request can carry as base64.
const MOST_BYTES = 64_000_000;
const METADATA_MS = 3000;
const MEDIA = /^(image|video)\//;

export class ChosenFiles {
  /** `changed` is called whenever there are others. */
  constructor(changed) {
    this.changed = changed;
    this.list = [];
    this.asFiles = false;
  }

  get any() {
    return this.list.length > 0;
  }

  /** `asFiles`: pictures too are sent as files, uncompressed. */
  add(files, asFiles = this.asFiles) {
    const together = [...this.list, ...files];
    if (together.reduce((sum, { size }) => sum + size, 0) > MOST_BYTES) {
      toast(t("tooLarge"));
      return;
    }
    this.replace(together, asFiles);
  }

  replace(list, asFiles = false) {
    this.list = list;
    this.asFiles = list.length > 0 && asFiles;
    this.changed();
  }

  clear() {
    this.replace([]);
  }

  /** The bar above the message box, null where nothing is chosen. */
  bar() {
    if (!this.any) return null;
    const tiles = this.list.map((file, index) => el("li", { class: "tile" }, preview(file, this.asFiles), el("span", { dir: "auto" }, el("b", {}, file.name), el("small", {}, fileSize(file.size))),
      iconButton("close", t("dropOne", file.name), () => this.replace(this.list.filter((_, other) => other !== index), this.asFiles))));
    const check = el("input", { type: "checkbox", checked: this.asFiles, on: { change: () => this.replace(this.list, check.checked) } });
    const choice = this.list.some(({ type }) => MEDIA.test(type)) && el("label", { class: "as-files" }, check, t("asFiles"));
    return el("div", { class: "bar chosen" }, el("ul", {}, ...tiles), choice);
  }
}

/** Files may be dropped anywhere on an area while it is `open`; beside it they do not replace the page. */
export function takeDrops(area, take, open) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (shown) => area.classList.toggle("dropping", shown);
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => carriesFiles(event) && event.preventDefault());
  area.addEventListener("dragover", (event) => {
    area.dataset.drop = t("dropHere");
    over(Boolean(carriesFiles(event) && open()));
  });
  area.addEventListener("dragleave", (event) => area.contains(event.relatedTarget) || over(false));
  area.addEventListener("drop", (event) => {
    over(false);
    take([...event.dataTransfer.files]);
  });
}

/** Files as the server wants them. */
export function encodeFiles(list, asFiles) {
  return Promise.all(list.map(async (file) => {
    const told = asFiles && MEDIA.test(file.type) ? { as: "document" } : await metadata(file);
    return { file_name: file.name, mime_type: file.type || "application/octet-stream", content_base64: await base64(file), ...told };
  }));
}

function preview(file, asFile) {
  if (asFile || !file.type.startsWith("image/")) return el("span", { class: "file-icon" }, icon(/^audio/.test(file.type) ? "voice" : "file"));
  const url = URL.createObjectURL(file);
  const image = el("img", { class: "file-icon", src: url, alt: "", on: { load: () => URL.revokeObjectURL(url) } });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "file-icon" }, icon("file"))));
  return image;
}

async function base64(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}

/** Length and size of a recording, as far as this browser can read it. */
async function metadata(file) {
  const tag = /^(audio|video)\//.exec(file.type)?.[1];
  if (!tag) return {};
  const url = URL.createObjectURL(file);
  const media = el(tag, { preload: "metadata", src: url });
  await new Promise((resolve) => {
    media.addEventListener("loadedmetadata", resolve);
    media.addEventListener("error", resolve);
    setTimeout(resolve, METADATA_MS);
  });
  URL.revokeObjectURL(url);
  const { duration, videoWidth: width, videoHeight: height } = media;
  return { duration: Number.isFinite(duration) ? duration : 0, width: width ?? 0, height: height ?? 0 };
}
