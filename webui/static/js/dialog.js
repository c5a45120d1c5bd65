// What stands above a page: dialogs, questions, the sheet at the side, short messages.

import { h, newId, put } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

const TOAST_MS = 5000;

/**
 * Open a dialog and resolve with what `close(value)` was given; undefined when it was dismissed.
 * `build(close, dialog)` returns what stands in it. `side`: a sheet at the right edge. `mayClose`: asked before Esc closes it.
 */
export function open(title, build, { side = false, wide = false, mayClose = null } = {}) {
  return new Promise((resolve) => {
    const heading = newId("dialog");
    let result;
    const dialog = h("dialog.dialog", { "aria-labelledby": heading, class: `${side ? "side" : ""} ${wide ? "wide" : ""}` });
    const close = (value) => {
      result = value;
      dialog.close();
    };
    const dismiss = async () => {
      if (!mayClose || (await mayClose())) close();
    };
    put(dialog, [
      h("header.dialog-head", h(`h2#${heading}`, title),
        h("button.quiet.only-icon", { type: "button", "aria-label": t("common.close"), onclick: dismiss }, icon("close"))),
      h("div.dialog-body", build(close, dialog)),
    ]);
    dialog.addEventListener("cancel", (event) => {
      if (event.target !== dialog) return;
      event.preventDefault();
      dismiss();
    });
    dialog.addEventListener("mousedown", (event) => {
      if (event.target === dialog && side) dismiss();
    });
    dialog.addEventListener("close", (event) => {
      if (event.target !== dialog) return;
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[autofocus], .dialog-body input:not([type=hidden]), .dialog-body select, .dialog-body textarea, .dialog-body button")?.focus();
  });
}

/** Ask a question; true when it was answered with `yes`. */
export async function ask(title, text, { yes = t("common.ok"), no = t("common.cancel"), danger = false } = {}) {
  const answer = await open(title, (close) => [
    h("p", text),
    h("div.actions",
      h("button.quiet", { type: "button", onclick: () => close(false) }, no),
      h("button", { type: "button", class: danger ? "danger" : "primary", autofocus: true, onclick: () => close(true) }, yes)),
  ]);
  return answer === true;
}

/** Ask for a line of text: trimmed, empty if nothing was entered; undefined when it was dismissed. */
export function askText(title, label, { text = "", value = "", type = "text", inputmode = null, suggest = [], yes = t("common.ok") } = {}) {
  const list = suggest.length ? h(`datalist#${newId("list")}`, suggest.map((one) => h("option", one))) : null;
  const input = h(`input#${newId("field")}`, { type, value, inputmode, list: list?.id, autocomplete: "off" });
  return askFor(title, text, label, input, list, yes, () => input.value.trim());
}

/** Ask for a file; undefined when none was chosen. */
export function askFile(title, label, { accept = null, yes = t("common.ok") } = {}) {
  const input = h(`input#${newId("field")}`, { type: "file", accept });
  return askFor(title, "", label, input, null, yes, () => input.files[0]);
}

function askFor(title, text, label, input, list, yes, answer) {
  return open(title, (close) => h("form.stack", { onsubmit: (event) => {
    event.preventDefault();
    close(answer());
  } },
    text && h("p", text),
    h("div.field", h("label", { for: input.id }, label), input, list),
    h("div.actions", h("button.primary", { type: "submit" }, yes))));
}

/** Whether something is to be deleted. */
export function askDelete(name) {
  return ask(t("common.delete_title", { name }), t("common.delete_text"), { yes: t("common.delete"), danger: true });
}

/** Say that it is done. */
export function toastSaved() {
  toast(t("common.saved"));
}

/** Say that it is gone. */
export function toastDeleted() {
  toast(t("common.deleted"));
}

/** Whether what was typed may be thrown away. */
export function askLeave() {
  return ask(t("common.unsaved.title"), t("common.unsaved.text"), { yes: t("common.unsaved.leave"), no: t("common.unsaved.stay"), danger: true });
}

/** A short message at the edge; `kind`: good, bad or plain. `undo`: {label, act}. */
export function toast(text, { kind = "good", act = null } = {}) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const one = h("div.toast", { class: kind, role: kind === "bad" ? "alert" : "status" },
    icon(kind === "bad" ? "warning" : "check"), h("span", text),
    act && h("button.quiet.small", { type: "button", onclick: () => { one.remove(); act.do(); } }, act.label),
    h("button.quiet.only-icon.small", { type: "button", "aria-label": t("common.close"), onclick: () => one.remove() }, icon("close")));
  place.append(one);
  if (kind !== "bad") setTimeout(() => one.remove(), act ? 2 * TOAST_MS : TOAST_MS);
}

/** Tell an error of the API in a short message. */
export function tell(error) {
  if (error?.name === "AbortError") return;
  toast(errorText(error), { kind: "bad" });
}

/** An error in words: what is wrong, and what can be done. */
export function errorText(error) {
  if (error?.id === "web.unreachable") return t("common.lost.box");
  if (!error?.problems) {
    console.error(error);
    return t("common.defect");
  }
  return error.problems.map(problemText).join(" ");
}

/** One problem in words. */
export function problemText({ message, remedy }) {
  const said = message ? message.charAt(0).toUpperCase() + message.slice(1) : "";
  return remedy ? `${said} – ${remedy}` : said;
}
