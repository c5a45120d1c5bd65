// Parts that many pages have: head of a page, badges, facts, tabs.

import { fill, h, newId } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

/** The head of a page: {title, text, back: {href, label}, actions}; texts are in words already. */
export function head({ title, text = "", back = null, actions = [], badge = null }) {
  return h("header.page-head",
    h("div.titles", back && h("a.back", { href: back.href }, icon("left"), back.label), h("div.row", h("h1", title), badge), text && h("p", text)),
    h("div.actions", actions));
}

/** A small coloured word; kind: good, warn, bad, accent or nothing. */
export function badge(text, kind = "", { dot = false } = {}) {
  return h("span.badge", { class: `${kind} ${dot ? "dot" : ""}` }, text);
}

/** Pairs of a name and a value; pairs without a value are left out. */
export function facts(pairs) {
  return h("dl.facts", pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [h("dt", name), h("dd", value)]));
}

/** A card with a heading. */
export function card(title, ...inside) {
  return h("section.card", title && h("h2", title), inside);
}

/** A button with an icon. */
export function button(label, act, { sign = "", kind = "", type = "button" } = {}) {
  return h("button", { type, class: kind, onclick: act }, sign && icon(sign), label);
}

/** A link that looks like a button. */
export function linkButton(label, href, { sign = "", kind = "" } = {}) {
  return h("a.button", { href, class: kind }, sign && icon(sign), label);
}

/** A button with an icon alone. */
export function iconButton(sign, label, act, kind = "quiet small") {
  return h("button.only-icon", { type: "button", class: kind, "aria-label": label, title: label, onclick: act }, icon(sign));
}

/** Nothing is there yet: what it is for, and how to begin. */
export function nothing(sign, title, text, action = null) {
  return [icon(sign), h("h2", title), h("p", text), action];
}

/** A note above a page; kind: bad, warn, good or nothing. */
export function notice(text, kind = "") {
  return h("div.notice", { class: kind, role: kind === "bad" ? "alert" : null }, icon(kind === "good" ? "check" : kind ? "warning" : "info"), h("div", text));
}

/** Tabs: [{name, label, build() → nodes}]; `chosen` is the first one, `note(name)` hears of a change. */
export function tabs(list, chosen, note = () => {}) {
  const panel = h(`div#${newId("panel")}.tab-panel`, { role: "tabpanel", tabindex: "-1" });
  const made = list.map((one) => h(`button#${newId("tab")}`, { type: "button", role: "tab", "aria-controls": panel.id, onclick: () => choose(one.name) }, t(one.label)));
  const bar = h("div.tabs", { role: "tablist" }, made);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = made.indexOf(document.activeElement);
    if (!step || at < 0) return;
    const next = (at + step + made.length) % made.length;
    choose(list[next].name);
    made[next].focus();
  });
  async function choose(name) {
    list.forEach((one, at) => {
      made[at].setAttribute("aria-selected", String(one.name === name));
      made[at].tabIndex = one.name === name ? 0 : -1;
      if (one.name === name) panel.setAttribute("aria-labelledby", made[at].id);
    });
    note(name);
    fill(panel, await list.find((one) => one.name === name).build());
  }
  choose(list.some((one) => one.name === chosen) ? chosen : list[0].name);
  return h("div", bar, panel);
}
