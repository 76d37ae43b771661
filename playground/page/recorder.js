// A voice message while it is recorded: the microphone, the time, send or cancel.

import { el, icon, iconButton } from "./dom.js";
import { minutes, t } from "./words.js";

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const BITS_PER_SECOND = 32_000;
const MOST_SECONDS = 3600;

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

export class Recorder {
  /** Asks for the microphone; fails where there is none or it is refused. `done` gets the file, or null when it was cancelled. */
  static async start(done) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    return new Recorder(stream, done);
  }

  constructor(stream, done) {
    this.done = done;
    this.parts = [];
    this.began = Date.now();
    this.media = new MediaRecorder(stream, { mimeType: TYPES.find((type) => MediaRecorder.isTypeSupported(type)), audioBitsPerSecond: BITS_PER_SECOND });
    this.media.addEventListener("dataavailable", ({ data }) => this.parts.push(data));
    this.media.addEventListener("stop", () => this.ended(stream));
    this.media.start();
    this.time = el("time", {}, minutes(0));
    this.timer = setInterval(() => this.tick(), 250);
    this.node = el("div", { class: "line recording", role: "group", "aria-label": t("recording"), on: { keydown: (event) => event.key === "Escape" && this.end(false) } },
      iconButton("bin", t("cancel"), () => this.end(false), { class: "icon", id: "cancel-recording" }),
      el("span", { class: "record-light" }), this.time, el("span", { class: "recording-hint" }, t("recording")),
      el("button", { type: "button", class: "icon send", id: "send-recording", "aria-label": t("send"), title: t("send"), on: { click: () => this.end(true) } }, icon("send")));
  }

  tick() {
    const seconds = (Date.now() - this.began) / 1000;
    this.time.textContent = minutes(seconds);
    if (seconds > MOST_SECONDS) this.end(true);
  }

  end(wanted) {
    if (this.media.state === "inactive") return;
    this.wanted = wanted;
    this.media.stop();
  }

  ended(stream) {
    clearInterval(this.timer);
    for (const track of stream.getTracks()) track.stop();
    const type = this.media.mimeType;
    const ending = /ogg/.test(type) ? "ogg" : /webm/.test(type) ? "webm" : "m4a";
    this.done(this.wanted ? new File(this.parts, `voice.${ending}`, { type: type.split(";")[0] }) : null);
  }
}
