// Small helpers to build the page's elements. Text from data only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes; `on` holds listeners, `data` data-attributes, false and null leave an attribute out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "i");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "icon", "aria-label": label, title: label, on: { click: onclick }, ...attributes }, icon(name));
}

export const byId = (id) => document.getElementById(id);

/** A coloured circle with initials; the same id always has the same colour. */
export function paintAvatar(node, id, name) {
  const letters = [...name.matchAll(/[\p{L}\p{N}]+/gu)].map((word) => [...word[0]][0]).slice(0, 2).join("");
  node.textContent = letters.toUpperCase();
  node.dataset.colour = String(colourOf(id));
  return node;
}

// The remainders of 11 keep the first two people and the bot apart.
export const colourOf = (id) => (Math.abs(Number(id)) % 11) % 6;

let toastTimer = 0;

/** One short line that goes away by itself. */
export function toast(text, seconds = 4) {
  const place = byId("toast");
  place.replaceChildren(el("span", {}, text));
  place.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => place.classList.remove("shown"), seconds * 1000);
}

/** A dialog with a text and buttons [label, value, kind]; resolves to the pressed value, or null. */
export function ask(text, buttons) {
  return new Promise((resolve) => {
    const close = (value) => dialog.close(value);
    const row = buttons.map(([label, value, kind]) =>
      el("button", { type: "button", class: kind ?? "plain", on: { click: () => close(value) } }, label));
    const dialog = el("dialog", { role: "alertdialog", "aria-describedby": "dialog-text" },
      el("p", { id: "dialog-text", dir: "auto" }, text), el("div", { class: "row" }, ...row));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
    row.at(-1).focus();
  });
}

/** A line of text asked for in a dialog; resolves to the text, or null. */
export function askText(label, confirmLabel, cancelLabel) {
  return new Promise((resolve) => {
    const input = el("input", { type: "text", "aria-label": label, placeholder: label, maxlength: 128, required: true });
    const cancel = el("button", { type: "button", class: "plain", on: { click: () => dialog.close("") } }, cancelLabel);
    const form = el("form", { method: "dialog" }, input,
      el("div", { class: "row" }, cancel, el("button", { type: "submit", class: "primary", value: "ok" }, confirmLabel)));
    const dialog = el("dialog", {}, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "ok" ? input.value.trim() || null : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A menu of [icon, label, action, kind] beside an element (or at a point); arrows, Enter and Escape work. */
export function popupMenu(anchor, items, point = null) {
  document.querySelector(".menu")?.remove();
  const close = (giveBack = true) => {
    if (!menu.isConnected) return;
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (giveBack) anchor.focus({ preventScroll: true });
  };
  const outside = (event) => !menu.contains(event.target) && close(false);
  const menu = el("div", { class: "menu", role: "menu" }, ...items.map(([name, label, action, kind]) =>
    el("button", { type: "button", role: "menuitem", tabindex: -1, class: kind, on: { click: () => { close(); action(); } } }, icon(name), label)));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const entries = [...menu.children];
    if (step) entries[(entries.indexOf(document.activeElement) + step + entries.length) % entries.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.body.append(menu);
  placeMenu(menu, anchor, point);
  document.addEventListener("pointerdown", outside, true);
  menu.firstElementChild?.focus();
}

function placeMenu(menu, anchor, point) {
  const box = point ? { left: point.x, right: point.x, top: point.y, bottom: point.y } : anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = box.left + width + 8 > innerWidth ? box.right - width : box.left;
  const top = box.bottom + height + 8 > innerHeight ? box.top - height - 4 : box.bottom + 4;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch (error) {
    toast(error.message);
  }
}
