// Forms described by data. Errors of the API stand beside their fields; what was typed stays; two people who
// change the same field are told and choose.

import * as api from "./api.js";
import { fieldset, forget, place } from "./controls.js";
import { askLeave, errorText, open, problemText, toast } from "./dialog.js";
import { fill, h, newId } from "./dom.js";
import { has, t } from "./i18n.js";
import { icon } from "./icons.js";
import * as router from "./router.js";

/**
 * fields: [{name, type, label, help, required, wide, when(values), …}] or sections [{title, help, fields}];
 * value: what is there now; save(changed, all): sends it, its error is shown; saved(answer): afterwards;
 * readOnly: nothing can be saved; cancel(): adds a button; more: nodes beside the buttons; guard: ask before the page is left with changes.
 * Returns {element, get(), changed(), fail(error), reset(value), part(name)}.
 */
export function form({ fields, value = {}, save, saved, cancel, label = "common.save", more = [], guard = true, fresh = false, readOnly = false, signal }) {
  let base = clone(value);
  const sections = fields.some((one) => one.fields && !one.type) ? fields : [{ fields }];
  const parts = [];
  let touched = false;
  const noted = () => {
    touched = true;
    refresh();
    bar.classList.toggle("changed", dirty());
  };
  const bodies = sections.map((section) => {
    const made = section.fields.map((field) => {
      const part = { ...fieldset(field, base[field.name], noted), name: field.name, field };
      parts.push(part);
      return part.element;
    });
    const inside = h("div.fields", made);
    if (section.fold) return h("details.fold", { open: Boolean(section.open) }, h("summary", t(section.title), section.help && h("small", t(section.help))), inside);
    const heading = newId("part");
    return h("section.form-section", section.title ? { "aria-labelledby": heading } : {}, section.title && h("div.section-head", h(`h2#${heading}`, t(section.title)), section.help && h("p", t(section.help))), inside);
  });
  const summary = h("div.notice.bad", { role: "alert", hidden: true });
  const button = h("button.primary", { type: "submit" }, t(label));
  const bar = h("div.form-bar", { class: fresh ? "changed" : "" }, button,
    cancel && h("button.quiet", { type: "button", onclick: async () => {
      if (!dirty() || (await askLeave())) {
        if (guard) router.protect(null);
        cancel();
      }
    } }, t("common.cancel")),
    h("div.spread"), more);
  bar.hidden = readOnly;
  const element = h("form.form", { onsubmit: submit, novalidate: true, autocomplete: "off" }, summary, bodies, bar);

  function get() {
    const found = {};
    for (const part of parts) {
      if (part.element.hidden && !part.field.keep) {
        if (part.field.reset !== undefined) found[part.name] = part.field.reset;
        continue;
      }
      found[part.name] = part.control.get();
    }
    return found;
  }

  function changed() {
    const found = {};
    for (const [name, now] of Object.entries(get())) if (!same(now, base[name] ?? empty(now))) found[name] = now;
    return found;
  }

  const dirty = () => touched && Object.keys(changed()).length > 0;

  function refresh() {
    const now = { ...base, ...get() };
    for (const part of parts) if (part.field.when) part.element.hidden = !part.field.when(now);
  }

  let busy = false;
  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    busy = true;
    button.disabled = true;
    clear();
    try {
      const sent = get();
      const answer = await save(fresh ? sent : changed(), sent);
      base = { ...base, ...clone(sent) };
      touched = false;
      bar.classList.remove("changed");
      await saved?.(answer, sent);
    } catch (error) {
      if (error.name === "AbortError") return;
      fail(error);
      if (!error.problems) throw error;
    } finally {
      busy = false;
      button.disabled = false;
    }
  }

  function clear() {
    summary.hidden = true;
    for (const part of parts) part.clear();
  }

  /** Put each problem beside its field, the others above. */
  function fail(error) {
    const over = [];
    let first = null;
    for (const problem of error.problems || [{ message: errorText(error) }]) {
      const part = problem.field ? place(parts, problem.field) : null;
      if (!part || part.element.hidden) {
        over.push(error.problems ? (error.id === "web.unreachable" ? errorText(error) : [named(problem), problemText(problem)].filter(Boolean).join(": ")) : errorText(error));
        continue;
      }
      part.fail(problem.field.slice(part.name.length).replace(/^\./, ""), problemText(problem));
      part.element.closest("details")?.setAttribute("open", "");
      first ??= part;
    }
    fill(summary, over.length > 0 && [icon("warning"), h("ul", over.map((one) => h("li", one)))]);
    summary.hidden = over.length === 0;
    if (first) {
      first.element.scrollIntoView({ block: "center", behavior: "instant" });
      (first.element.querySelector("[aria-invalid]") ?? first.element.querySelector("input, select, textarea, button"))?.focus({ preventScroll: true });
    } else summary.scrollIntoView({ block: "center" });
  }

  refresh();
  if (guard) {
    const mine = { unsaved: () => element.isConnected && dirty(), ask: askLeave };
    router.protect(mine);
    signal?.addEventListener("abort", () => router.protect(null), { once: true });
  }
  return {
    element, get, changed, fail, dirty,
    reset(next) {
      base = clone(next);
      for (const part of parts) part.control.set(base[part.name]);
      touched = false;
      refresh();
      bar.classList.remove("changed");
    },
    part: (name) => parts.find((one) => one.name === name),
  };
}

/** Which field a problem is about when the form does not show it. */
function named({ field, where }) {
  const name = /^\w+/.exec(field || "")?.[0];
  return name && has(`fields.${name}`) ? t(`fields.${name}`) : where || "";
}

/**
 * Change the fields of a document: what somebody else changed meanwhile is not overwritten unseen.
 * `before` is the document as it was read. Resolves with the document as it is now; null: nothing was sent after all.
 */
export async function saveDocument(kind, before, changed) {
  if (!Object.keys(changed).length) return before;
  const was = Object.fromEntries(Object.keys(changed).map((name) => [name, before[name] ?? null]));
  try {
    return settled(kind, await api.patch(api.documentPath(kind, before.id), { ...changed, was }));
  } catch (error) {
    if (error.id !== "config.changed") throw error;
    const now = await api.get(api.documentPath(kind, before.id));
    const mine = await resolve(kind, before, changed, now);
    if (!mine) throw new api.ApiError(409, { id: "config.changed", message: t("common.conflict.kept") });
    return saveDocument(kind, now, mine);
  }
}

/** Make a document. */
export async function createDocument(kind, fields) {
  return settled(kind, await api.post(api.documentPath(kind), fields));
}

/** Delete one. */
export async function deleteDocument(kind, id) {
  const answer = await api.remove(api.documentPath(kind, id));
  forget();
  return answer;
}

function settled(kind, answer) {
  forget();
  return answer.document ?? answer;
}

/** Ask for each field that both changed whose value is to stay; undefined: go on editing. */
async function resolve(kind, before, mine, theirs) {
  const both = Object.keys(mine).filter((name) => !same(theirs[name] ?? null, before[name] ?? null) && !same(theirs[name], mine[name]));
  const kept = new Map(both.map((name) => [name, "mine"]));
  const rest = Object.fromEntries(Object.entries(mine).filter(([name]) => !both.includes(name)));
  if (!both.length) return rest;
  const answer = await open(t("common.conflict.title"), (close) => [
    h("p", t("common.conflict.text")),
    h("div.conflicts", both.map((name) => {
      const group = newId("conflict");
      const option = (which, shown) => {
        const id = newId("option");
        return h("div.conflict-option", h(`input#${id}`, { type: "radio", name: group, checked: which === "mine", onchange: () => kept.set(name, which) }),
          h("label", { for: id }, h("strong", t(`common.conflict.${which}`)), h("span", readable(shown))));
      };
      return h("fieldset.conflict", h("legend", has(`fields.${name}`) ? t(`fields.${name}`) : name), option("mine", mine[name]), option("theirs", theirs[name]));
    })),
    h("div.actions", h("button.quiet", { type: "button", onclick: () => close(false) }, t("common.conflict.back")),
      h("button.primary", { type: "button", onclick: () => close(true) }, t("common.save"))),
  ]);
  if (answer !== true) return undefined;
  for (const name of both) if (kept.get(name) === "mine") rest[name] = mine[name];
  if (!Object.keys(rest).length) toast(t("common.conflict.taken"));
  return rest;
}

function readable(value) {
  if (value === null || value === undefined || value === "") return t("common.none");
  if (value === true) return t("common.yes");
  if (value === false) return t("common.no");
  return typeof value === "object" ? JSON.stringify(value, null, 1).slice(0, 400) : String(value);
}

/** Whether two JSON values are equal. */
export function same(one, other) {
  if (one === other) return true;
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]));
}

function clone(value) {
  return structuredClone(value ?? {});
}

/** What a field that was never set is equal to. */
function empty(now) {
  if (Array.isArray(now)) return [];
  if (typeof now === "string") return "";
  if (typeof now === "boolean") return false;
  return null;
}
