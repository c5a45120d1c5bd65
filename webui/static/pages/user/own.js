// What several of a user's pages need: the own extension, colleagues, names of numbers, calling somebody.

import * as api from "../../js/api.js";
import { tell, toast } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { t } from "../../js/i18n.js";
import { session } from "../../js/session.js";

const CHOSEN = "ortsamt.extension";

/** What a person may say of himself, and in which languages the box speaks with him. */
export const STATUSES = ["online", "away", "dnd", "unreachable"];
export const LANGUAGES = ["de", "en"].map((one) => ({ value: one, key: `common.language.${one}` }));

/** The own extension that the pages are about: {id, number}. */
export function mine() {
  const all = session().extensions;
  const kept = sessionStorage.getItem(CHOSEN);
  return all.find((one) => one.id === kept) ?? all[0];
}

/** A choice between several own extensions; nothing where there is one. */
export function chooser(reload) {
  const all = session().extensions;
  if (all.length < 2) return null;
  return h("select", { "aria-label": t("user.extension"), class: "short-select", onchange: (event) => {
    sessionStorage.setItem(CHOSEN, event.target.value);
    reload();
  } }, all.map((one) => h("option", { value: one.id, selected: one.id === mine().id }, one.number)));
}

/** The own extension's document. */
export function extension() {
  return api.get(api.documentPath("extension", mine().id));
}

let asked = null;

/** Everybody inside; asked once for a moment. */
export function colleagues({ fresh = false } = {}) {
  if (!asked || fresh) {
    const made = api.get("/colleagues");
    asked = made;
    made.catch(() => { asked = null; });
    setTimeout(() => { if (asked === made) asked = null; }, 5000);
  }
  return asked;
}

/** Whose number it is: the name a call brought, a colleague's, or the number itself. */
export function nameOf(number, name, people) {
  if (!number) return name || t("user.withheld");
  return name || people.find((one) => one.number === number)?.name || "";
}

/** Ring the own telephone and dial. */
export async function call(number, device = "") {
  try {
    await api.post("/calls", { dialled: number, extension: mine().number, device });
    toast(t("user.calling", { number }));
  } catch (error) {
    tell(error);
  }
}

/** A name with its number below, as in lists of calls. */
export function party(number, name) {
  return h("span.party", h("span", name || number || t("user.withheld")), name && number && h("small.soft.number", number));
}

/** Where a date is from: what the API gives as UTC. */
export function when(text) {
  return text ? new Date(text) : null;
}

/** Seconds between two times of the API. */
export function seconds(from, until) {
  return from && until ? Math.max(0, Math.round((when(until) - when(from)) / 1000)) : 0;
}
