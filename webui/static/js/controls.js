// The controls of forms. A control is {element, get(), set(value), fail?(path, text) → taken, focus?, for?}.
// `for` is the id of the element that the label belongs to; without it the control is a group with a legend.

import * as api from "./api.js";
import { fill, h, newId } from "./dom.js";
import { compare, t } from "./i18n.js";
import { icon } from "./icons.js";

/** Make the control of a field: {type, …}; a function in `control` makes one of its own. */
export function control(field, value, changed) {
  if (field.control) return field.control(field, value, changed);
  const make = MAKERS[field.type || "text"];
  if (!make) throw new Error(`no control for ${field.type}`);
  return make(field, value, changed);
}

const MAKERS = {
  text: (field, value, changed) => line(field, value, changed, "text"),
  email: (field, value, changed) => line(field, value, changed, "email"),
  phone: (field, value, changed) => line(field, value, changed, "tel"),
  date: (field, value, changed) => line(field, value, changed, "date"),
  time: (field, value, changed) => line(field, value, changed, "time"),
  moment,
  number: counted,
  secret,
  area,
  switch: toggle,
  select,
  choices,
  texts,
  ref: reference,
  refs: references,
  rows,
  group,
};

function line(field, value, changed, type) {
  const id = newId("field");
  const input = h(`input#${id}`, {
    type, value: value ?? "", placeholder: field.placeholder, autocomplete: field.autocomplete || "off", inputmode: field.inputmode,
    maxlength: field.max, spellcheck: "false", disabled: Boolean(field.disabled), oninput: () => changed(), class: field.short ? "short" : "",
  });
  let list = null;
  if (field.suggest) {
    list = h(`datalist#${newId("list")}`);
    input.setAttribute("list", list.id);
    Promise.resolve(field.suggest()).then((found) => fill(list, found.map((one) => h("option", { value: one }))));
  }
  const element = list ? h("div", input, list) : input;
  const empty = () => (field.nullable ? null : "");
  return {
    element, for: id, focus: () => input.focus(), input,
    get: () => (input.value.trim() === "" ? empty() : type === "text" && field.raw ? input.value : input.value.trim()),
    set: (next) => { input.value = next ?? ""; },
  };
}

/** Date and time by the clock of who looks; the value is ISO text in UTC or null, the same text while nobody changes it. */
function moment(field, value, changed) {
  const made = line(field, "", changed, "datetime-local");
  const { input } = made;
  let before = null;
  let drawn = "";
  const set = (next) => {
    before = next ?? null;
    const at = before && new Date(before);
    drawn = at ? new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16) : "";
    input.value = drawn;
  };
  set(value);
  return {
    ...made, set,
    get: () => {
      if (input.validity.badInput) return "?";
      if (input.value === drawn) return before;
      return input.value ? new Date(input.value).toISOString() : null;
    },
  };
}

function counted(field, value, changed) {
  const id = newId("field");
  const input = h(`input#${id}`, { type: "text", inputmode: "numeric", class: "short", value: value ?? "", autocomplete: "off", disabled: Boolean(field.disabled), oninput: () => changed() });
  const element = field.unit ? h("div.with-unit", input, h("span.unit", t(field.unit))) : input;
  return {
    element, for: id, focus: () => input.focus(), input,
    get: () => {
      const text = input.value.trim();
      if (text === "") return field.nullable ? null : (field.fallback ?? 0);
      return /^-?\d+$/.test(text) ? Number(text) : text;
    },
    set: (next) => { input.value = next ?? ""; },
  };
}

function secret(field, value, changed) {
  const id = newId("field");
  const input = h(`input#${id}`, { type: "password", value: value ?? "", autocomplete: field.autocomplete || "new-password", oninput: () => changed(), spellcheck: "false" });
  const eye = h("button.quiet.only-icon", { type: "button", "aria-label": t("common.reveal"), "aria-pressed": "false", onclick: async () => {
    const hidden = input.type === "password";
    if (hidden && field.reveal && input.value === "********") {
      const found = await field.reveal();
      if (found !== undefined) input.value = found;
    }
    input.type = hidden ? "text" : "password";
    eye.setAttribute("aria-pressed", String(hidden));
  } }, icon("eye"));
  const made = field.make && h("button.quiet.small", { type: "button", onclick: () => {
    input.value = field.make();
    input.type = "text";
    changed();
  } }, t("common.make_secret"));
  return { element: h("div.with-button", input, eye, made), for: id, focus: () => input.focus(), input, get: () => input.value, set: (next) => { input.value = next ?? ""; } };
}

function area(field, value, changed) {
  const id = newId("field");
  const input = h(`textarea#${id}`, { rows: field.rows || 3, value: value ?? "", maxlength: field.max, oninput: () => changed() });
  return { element: input, for: id, focus: () => input.focus(), input, get: () => input.value, set: (next) => { input.value = next ?? ""; } };
}

function toggle(field, value, changed) {
  const id = newId("field");
  const input = h(`input#${id}.switch`, { type: "checkbox", role: "switch", checked: Boolean(value), disabled: Boolean(field.disabled), onchange: () => changed() });
  return { element: input, for: id, inline: true, focus: () => input.focus(), input, get: () => input.checked, set: (next) => { input.checked = Boolean(next); } };
}

function select(field, value, changed) {
  const id = newId("field");
  const element = h(`select#${id}`, { disabled: Boolean(field.disabled), onchange: () => changed() });
  let wanted = value ?? "";
  let options = [];
  const draw = (found) => {
    options = found;
    const all = field.nullable ? [{ value: "", label: t(field.none || "common.none") }, ...found] : found;
    const known = all.some((one) => String(one.value) === String(wanted));
    fill(element, all.map((one) => h("option", { value: one.value }, one.label)), !known && wanted !== "" && h("option", { value: wanted }, String(wanted)));
    element.value = wanted;
    if (element.selectedIndex < 0 && all.length) element.selectedIndex = 0;
  };
  element.addEventListener("change", () => { wanted = element.value; });
  Promise.resolve(typeof field.options === "function" ? field.options() : field.options || []).then((found) => draw(translated(found)), () => draw([]));
  return {
    element, for: id, focus: () => element.focus(), input: element,
    get: () => {
      const now = options.length || field.nullable ? element.value : wanted;
      if (now === "" && field.nullable) return null;
      return field.numeric ? Number(now) : now;
    },
    set: (next) => { wanted = next ?? ""; element.value = wanted; },
    refill: async () => draw(translated(await field.options())),
  };
}

/** Options may be texts, {value, label} or {value, key}. */
function translated(options) {
  return options.map((one) => (typeof one === "string" ? { value: one, label: one } : { value: one.value, label: one.label ?? t(one.key) }));
}

function choices(field, value, changed) {
  const element = h("div.choices", { role: "group" });
  let chosen = new Set(value || []);
  let offered = [];
  const draw = () => fill(element, offered.map((one) => {
    const id = newId("choice");
    return h("span.choice", h(`input#${id}`, { type: "checkbox", checked: chosen.has(one.value), onchange: (event) => {
      if (event.target.checked) chosen.add(one.value);
      else chosen.delete(one.value);
      changed();
    } }), h("label", { for: id }, one.label));
  }));
  Promise.resolve(typeof field.options === "function" ? field.options() : field.options).then((found) => { offered = translated(found); draw(); });
  return {
    element,
    get: () => [...offered.map((one) => one.value).filter((one) => chosen.has(one)), ...[...chosen].filter((one) => !offered.some((other) => other.value === one))],
    set: (next) => { chosen = new Set(next || []); draw(); },
  };
}

/** Several texts, one a line of its own. */
function texts(field, value, changed) {
  const element = h("div.texts");
  let inputs = [];
  const add = (text, focus) => {
    const input = h("input", { type: "text", value: text, "aria-label": t(field.label), placeholder: field.placeholder, autocomplete: "off", spellcheck: "false", oninput: () => changed() });
    const row = h("div.with-button", input, h("button.quiet.only-icon", { type: "button", "aria-label": t("common.remove"), onclick: () => {
      inputs = inputs.filter((one) => one !== input);
      row.remove();
      changed();
    } }, icon("close")));
    inputs.push(input);
    element.insertBefore(row, more);
    if (focus) input.focus();
  };
  const more = h("button.quiet.small", { type: "button", onclick: () => add("", true) }, icon("plus"), t(field.add || "common.add"));
  const set = (next) => {
    inputs = [];
    fill(element, more);
    for (const one of next || []) add(one, false);
  };
  set(value);
  return {
    element, set,
    get: () => inputs.map((one) => one.value.trim()).filter(Boolean),
    fail: (path, text) => {
      const found = inputs.filter((one) => one.value.trim())[Number(/^\[(\d+)\]/.exec(path)?.[1])];
      if (!found) return false;
      mark(found, text);
      return true;
    },
    focus: () => (inputs[0] || more).focus(),
  };
}

const fetched = new Map();

/** All documents of a kind, asked once while a page is open; `fresh` asks again. */
export function documents(kind, { fresh = false } = {}) {
  if (fresh || !fetched.has(kind)) {
    const asked = api.get(api.documentPath(kind));
    fetched.set(kind, asked);
    asked.catch(() => fetched.delete(kind));
    setTimeout(() => fetched.get(kind) === asked && fetched.delete(kind), 5000);
  }
  return fetched.get(kind);
}

/** Forget what was asked; after something was changed. */
export function forget(kind) {
  if (kind) fetched.delete(kind);
  else fetched.clear();
}

/** How a document is called in lists: its number and name. */
export function titleOf(document) {
  const number = document.number || document.first || "";
  const name = document.name || (number ? "" : document.id);
  return [number, name].filter(Boolean).join(" · ") || document.id;
}

/** Options for choosing a document of a kind; `value(document)` when something else than the id is meant. */
export async function optionsOf(kind, value = (one) => one.id) {
  const found = await documents(kind);
  return found.map((one) => ({ value: value(one), label: titleOf(one) })).sort((one, other) => compare(one.label, other.label));
}

function reference(field, value, changed) {
  return select({ ...field, options: () => optionsOf(field.kind, field.pick) }, value, changed);
}

/** Several documents of a kind, in an order: chips, and a box that finds further ones. */
function references(field, value, changed) {
  const id = newId("field");
  let chosen = [...(value || [])];
  let offered = [];
  const chips = h("ul.chips");
  const list = h(`datalist#${newId("list")}`);
  const input = h(`input#${id}`, { type: "text", list: list.id, placeholder: t("common.choose"), autocomplete: "off", oninput: typed, onkeydown: (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      typed(event, true);
    }
  } });
  const element = h("div.references", chips, input, list);
  const labelOf = (one) => offered.find((option) => option.value === one)?.label || one;
  function typed(_event, entered = false) {
    const text = input.value.trim();
    const open = offered.filter((option) => !chosen.includes(option.value));
    const found = open.find((option) => option.label === text) || (entered && open.find((option) => option.label.toLocaleLowerCase().includes(text.toLocaleLowerCase())));
    if (!text || !found) return;
    chosen.push(found.value);
    input.value = "";
    draw();
    changed();
  }
  function draw() {
    fill(chips, chosen.map((one) => h("li.chip", h("span", labelOf(one)), h("button.quiet.only-icon.small", { type: "button", "aria-label": `${t("common.remove")}: ${labelOf(one)}`, onclick: () => {
      chosen = chosen.filter((other) => other !== one);
      draw();
      changed();
    } }, icon("close")))));
    fill(list, offered.filter((option) => !chosen.includes(option.value)).map((option) => h("option", { value: option.label })));
  }
  const options = field.options ? Promise.resolve(typeof field.options === "function" ? field.options() : field.options).then(translated) : optionsOf(field.kind, field.pick);
  options.then((found) => { offered = found; draw(); }, () => draw());
  draw();
  return { element, for: id, get: () => [...chosen], set: (next) => { chosen = [...(next || [])]; draw(); }, focus: () => input.focus(), input };
}

/** A list of small forms: {fields, fresh: () => value, title?(value) → text}. */
function rows(field, value, changed) {
  let parts = [];
  const holder = h("div.rows-list");
  const more = h("button.quiet.small", { type: "button", onclick: () => { add(field.fresh?.() ?? {}, true); changed(); } }, icon("plus"), t(field.add || "common.add"));
  const element = h("div.rows", holder, more);
  function add(of, focus) {
    const inner = group({ ...field, type: "group" }, of, changed);
    const part = { inner, row: null };
    part.row = h("div.rows-row", inner.element, h("div.rows-tools",
      field.ordered !== false && tool("up", "common.move_up", () => move(part, -1)),
      field.ordered !== false && tool("down", "common.move_down", () => move(part, 1)),
      tool("trash", "common.remove", () => { parts = parts.filter((one) => one !== part); part.row.remove(); changed(); })));
    parts.push(part);
    holder.append(part.row);
    if (focus) inner.focus?.();
  }
  function move(part, by) {
    const at = parts.indexOf(part);
    const to = at + by;
    if (to < 0 || to >= parts.length) return;
    parts.splice(at, 1);
    parts.splice(to, 0, part);
    for (const one of parts) holder.append(one.row);
    changed();
  }
  const set = (next) => {
    parts = [];
    fill(holder);
    for (const one of next || []) add(one, false);
  };
  set(value);
  return {
    element, set,
    get: () => parts.map((one) => one.inner.get()),
    fail: (path, text) => {
      const found = /^\[(\d+)\]\.?(.*)/.exec(path);
      const part = found && parts[Number(found[1])];
      return part ? part.inner.fail(found[2], text) : false;
    },
    clear: () => { for (const one of parts) one.inner.clear(); },
    focus: () => (parts[0]?.inner ?? { focus: () => more.focus() }).focus?.(),
  };
}

function tool(sign, label, act) {
  return h("button.quiet.only-icon.small", { type: "button", "aria-label": t(label), title: t(label), onclick: act }, icon(sign));
}

/** Some fields that are one value: {fields}. Values of fields that are not shown are kept. */
export function group(field, value, changed) {
  let base = { ...(value || {}) };
  const parts = field.fields.map((inner) => {
    const made = fieldset(inner, base[inner.name], () => { refresh(); changed(); });
    return { ...made, name: inner.name, field: inner };
  });
  const element = h("div.group", { class: field.flow ? "flow" : "" }, parts.map((one) => one.element));
  function get() {
    const found = { ...base };
    for (const one of parts) if (!one.element.hidden || one.field.keep) found[one.name] = one.control.get();
      else if (one.field.reset !== undefined) found[one.name] = one.field.reset;
    return found;
  }
  function refresh() {
    const now = get();
    for (const one of parts) if (one.field.when) one.element.hidden = !one.field.when(now);
  }
  refresh();
  return {
    element, get,
    set: (next) => { base = { ...(next || {}) }; for (const one of parts) one.control.set(base[one.name]); refresh(); },
    fail: (path, text) => {
      const one = place(parts, path);
      if (!one) return false;
      one.fail(path.slice(one.name.length).replace(/^\./, ""), text);
      return true;
    },
    clear: () => { for (const one of parts) one.clear(); },
    focus: () => parts[0]?.control.focus?.(),
  };
}

/** The part that a path of a problem ("steps[0].seconds") lies in. */
export function place(parts, path) {
  return parts.find((one) => path === one.name || path.startsWith(`${one.name}.`) || path.startsWith(`${one.name}[`));
}

/** A control with its label, help and place for an error. */
export function fieldset(field, value, changed) {
  const made = control(field, value, changed);
  const help = newId("help");
  const text = field.label ? t(field.label) : "";
  const label = made.for ? h("label", { for: made.for }, text) : h("span.label", { id: newId("legend") }, text);
  if (field.unlabelled) label.classList.add("unseen");
  if (field.required) label.append(h("span.needed", { title: t("common.required") }, " *"));
  const said = h("p.field-error", { id: newId("error"), hidden: true, role: "alert" });
  const notes = field.help && h("p.field-help", { id: help }, t(field.help));
  const element = h("div.field", { class: `${made.inline ? "inline" : ""} ${field.wide ? "wide" : ""} ${field.class || ""}`, dataset: { field: field.name } }, made.inline ? [made.element, label] : [label, made.element], notes, said);
  if (!made.for && made.element.getAttribute && !made.element.getAttribute("aria-labelledby")) {
    made.element.setAttribute("role", made.element.getAttribute("role") || "group");
    made.element.setAttribute("aria-labelledby", label.id);
  }
  if (made.input && notes) made.input.setAttribute("aria-describedby", help);
  return {
    element,
    control: made,
    fail(path, words) {
      if (path && made.fail?.(path, words)) return;
      fill(said, icon("warning"), words);
      said.hidden = false;
      element.classList.add("wrong");
      if (made.input) {
        made.input.setAttribute("aria-invalid", "true");
        made.input.setAttribute("aria-describedby", [notes && help, said.id].filter(Boolean).join(" "));
      }
    },
    clear() {
      said.hidden = true;
      element.classList.remove("wrong");
      if (made.input) made.input.removeAttribute("aria-invalid");
      made.clear?.();
      for (const one of made.element.querySelectorAll?.(".item-error") ?? []) one.remove();
    },
  };
}

function mark(input, text) {
  input.setAttribute("aria-invalid", "true");
  const id = newId("error");
  input.setAttribute("aria-describedby", id);
  input.parentElement.after(h(`p#${id}.field-error.item-error`, { role: "alert" }, icon("warning"), text));
}
