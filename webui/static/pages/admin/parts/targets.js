// What a call may ring: names for people, a colour and a sign for each kind, and a box to choose from.

import { documents, titleOf } from "../../../js/controls.js";
import { fill, h, newId } from "../../../js/dom.js";
import { compare, t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";

export const SIGNS = {
  extension: "person", external: "external", rotation: "rotation", voicemail_box: "voicemail", menu: "menu",
  conference_room: "room", fax_box: "fax", service: "info", callthrough: "mobile",
};
const KINDS = ["extension", "rotation", "voicemail_box", "menu", "conference_room", "fax_box", "callthrough", "service"];
const MOST = 60;

/** All that can be rung: {of(target) → {label, sub, sign, known}, all}. What may not be read is left out. */
export async function targets() {
  const lists = await Promise.all(KINDS.map((kind) => documents(kind).catch(() => [])));
  const all = [];
  KINDS.forEach((kind, at) => {
    for (const one of lists[at]) all.push({ kind, ref: one.id, label: one.name || titleOf(one), sub: one.number || "", sign: SIGNS[kind] });
  });
  all.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || compare(one.sub || one.label, other.sub || other.label));
  const known = new Map(all.map((one) => [`${one.kind} ${one.ref}`, one]));
  return {
    all,
    of({ kind, ref }) {
      if (kind === "external") return { kind, ref, label: ref, sub: "", sign: SIGNS.external, known: true };
      return known.get(`${kind} ${ref}`) ?? { kind, ref, label: ref, sub: t("admin.target.gone"), sign: "warning", known: false };
    },
  };
}

/** A target as a chip; `remove` adds a cross. */
export function chip(found, remove = null) {
  return h("span.target", { class: `${found.kind} ${found.known === false ? "gone" : ""}`, title: t(`admin.target.${found.kind}`) },
    icon(found.sign), found.sub && found.known !== false && h("b", found.sub), h("span", found.label),
    remove && h("button.quiet.only-icon", { type: "button", "aria-label": `${t("common.remove")}: ${found.label}`, onclick: remove }, icon("close")));
}

/** A search box with what it finds; `chosen(target)` for each that is clicked. External numbers may be typed. */
export function chooser(known, chosen, { external = true, kinds = null } = {}) {
  const id = newId("choose");
  const list = h("div.target-list");
  const input = h(`input#${id}`, { type: "search", placeholder: t("admin.target.search"), "aria-label": t("admin.target.search"), autocomplete: "off", oninput: draw, onkeydown: (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      list.querySelector("button")?.click();
    }
  } });
  function draw() {
    const words = input.value.trim().toLocaleLowerCase();
    const digits = input.value.replace(/[\s/()-]/g, "");
    const offered = known.all.filter((one) => (!kinds || kinds.includes(one.kind)) && `${one.sub} ${one.label} ${t(`admin.target.${one.kind}`)}`.toLocaleLowerCase().includes(words));
    const outside = external && /^(\+|00)[0-9]{4,}$/.test(digits) && { kind: "external", ref: digits.replace(/^00/, "+"), label: digits.replace(/^00/, "+"), sub: "", sign: SIGNS.external };
    const shown = [outside, ...offered.slice(0, MOST)].filter(Boolean);
    fill(list, shown.map((one) => h("button.target-option", { type: "button", draggable: "true", onclick: () => { chosen({ kind: one.kind, ref: one.ref }); input.value = ""; draw(); }, ondragstart: (event) => {
      event.dataTransfer.setData("application/x-target", JSON.stringify({ kind: one.kind, ref: one.ref }));
      event.dataTransfer.effectAllowed = "copy";
    } }, icon(one.sign), h("b", one.sub), h("span", one.label), h("small", t(`admin.target.${one.kind}`)))),
      shown.length === 0 && h("p.soft", external ? t("admin.target.none_external") : t("common.nothing_found")),
      offered.length > MOST && h("p.soft", t("admin.target.more", { count: offered.length - MOST })));
  }
  draw();
  return { element: h("div.target-chooser", h("div.search", icon("search"), input), list), focus: () => input.focus() };
}
