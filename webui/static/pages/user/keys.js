// Keys of the own telephones: what each does, the template, what stays as the office set it.

import * as api from "../../js/api.js";
import { open, tell, toast, toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { card, head, nothing } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { chooser, colleagues, extension, mine } from "./own.js";

const KINDS = ["blf", "speed_dial", "park", "switch", "dnd", "forward", "profile", "line"];
const SIGNS = { blf: "person", speed_dial: "star", park: "pause", switch: "switch", dnd: "stop", forward: "route", profile: "settings", line: "phone" };
const NUMBERED = ["blf", "speed_dial", "park", "switch", "profile"];
const SHOWN_FREE = 4;
const LEAST_SHOWN = 12;

export default async function page({ reload }) {
  const [found, people, me] = await Promise.all([
    api.get("/phone-keys", { extension: mine().number }), colleagues(), extension(),
  ]);
  const choices = { ...found, people, profiles: me.profiles };
  return [
    head({ title: t("user.keys.title"), text: t("user.keys.text"), back: { href: "/my/devices", label: t("user.devices.title") }, actions: [chooser(reload)] }),
    found.phones.length ? h("div.stack", found.phones.map((phone) => phoneCard(phone, choices, reload))) : h("div.empty", nothing("keys", t("user.keys.none"), t("user.keys.none_text"))),
  ];
}

function phoneCard(phone, choices, reload) {
  const writes = may("devices:change@own");
  const used = Math.max(0, ...phone.keys.map((one) => one.place));
  const count = Math.min(phone.places, Math.max(LEAST_SHOWN, used + SHOWN_FREE));
  const list = h("ol.phone-keys");
  const put = (until) => {
    for (let place = list.childElementCount + 1; place <= until; place += 1) list.append(keyItem(phone, place, choices, writes, reload));
  };
  put(count);
  const more = count < phone.places && h("button.quiet.small", { type: "button", onclick: () => {
    put(Math.min(phone.places, list.childElementCount + LEAST_SHOWN));
    if (list.childElementCount >= phone.places) more.remove();
  } }, icon("plus"), t("user.keys.more"));
  return card(phone.name || phone.model || t("user.keys.phone"),
    templateField(phone, choices, writes, reload),
    phone.places > 0 ? list : h("p.soft", t("user.keys.without")),
    more && h("div.actions", more));
}

function templateField(phone, choices, writes, reload) {
  const offered = choices.templates;
  if (phone.fixed || !writes) return phone.fixed && h("p.soft", t("user.keys.fixed_text"));
  if (!offered.length && !phone.template) return null;
  const known = offered.some((one) => one.id === phone.template);
  const id = `template-${phone.mac}`;
  const select = h(`select#${id}`, { onchange: async () => {
    try {
      await change(phone, { template: select.value });
      await reload();
    } catch (error) {
      select.value = phone.template;
      tell(error);
    }
  } },
    h("option", { value: "" }, t("common.none")),
    !known && phone.template && h("option", { value: phone.template, selected: true }, phone.template),
    offered.map((one) => h("option", { value: one.id, selected: one.id === phone.template }, one.name)));
  return h("div.field.key-template", h("label", { for: id }, t("user.keys.template")), select, h("p.field-help", t("user.keys.template_help")));
}

function keyItem(phone, place, choices, writes, reload) {
  const key = phone.keys.find((one) => one.place === place);
  const kind = key && t(`options.key_kind.${key.kind}`);
  const inside = [
    h("span.key-place", String(place)),
    h("span.key-sign", key && icon(SIGNS[key.kind])),
    h("span.party", h("span", key ? key.shown : t("user.keys.free")), key && h("small.soft", kind === key.shown ? "" : [kind, key.number !== key.shown && key.number].filter(Boolean).join(" · "))),
  ];
  const name = t("user.keys.key", { place: String(place), what: key ? key.shown : t("user.keys.free") });
  if (!writes || key?.fixed) return h("li", h("div.phone-key.fixed", inside, key?.fixed && icon("key", t("user.keys.fixed"))));
  const from = key && !key.own && phone.template;
  return h("li", h("button.phone-key", { type: "button", "aria-label": name, class: key ? (from ? "shared" : "own") : "free", onclick: () => edit(phone, place, key, choices, reload) },
    inside, from && h("small.soft.key-from", t("user.keys.from_template"))));
}

/** Send what changed; says whether the telephone has it already. */
async function change(phone, fields) {
  const answer = await api.patch(`/phone-keys/${phone.mac}`, { extension: mine().number, ...fields });
  if (answer.told) toastSaved();
  else toast(t("user.keys.later"));
  return answer;
}

async function edit(phone, place, key, choices, reload) {
  const own = phone.own.find((one) => one.place === place);
  const kinds = KINDS.filter((one) => (one !== "park" || choices.park_slots.length) && (one !== "switch" || choices.switches.length) && (one !== "profile" || choices.profiles.length));
  const of = (kind) => (now) => now.kind === kind;
  const value = { kind: key?.kind ?? "blf", line: key?.line ?? 1, label: key?.label ?? "" };
  for (const one of NUMBERED) value[one] = key?.kind === one ? key.number : "";
  const others = phone.own.filter((one) => one.place !== place);
  const saved = await open(t("user.keys.title_one", { place: String(place) }), (close) => form({
    guard: false,
    fresh: true,
    value,
    fields: [
      { name: "kind", type: "select", label: "user.keys.kind", options: kinds.map((one) => ({ value: one, key: `options.key_kind.${one}` })) },
      { name: "blf", type: "select", label: "user.keys.colleague", when: of("blf"), options: choices.people.filter((one) => one.number !== mine().number).map((one) => ({ value: one.number, label: [one.number, one.name].filter(Boolean).join(" · ") })) },
      { name: "speed_dial", type: "phone", label: "user.keys.number", when: of("speed_dial"), placeholder: "0221 5550100" },
      { name: "park", type: "select", label: "user.keys.slot", when: of("park"), options: choices.park_slots },
      { name: "switch", type: "select", label: "options.key_kind.switch", when: of("switch"), options: choices.switches.map((one) => ({ value: one.number, label: [one.name, one.number].filter(Boolean).join(" · ") })) },
      { name: "profile", type: "select", label: "options.key_kind.profile", when: of("profile"), options: choices.profiles.map((one, at) => ({ value: String(at + 1), label: one.name })) },
      { name: "line", type: "select", numeric: true, label: "options.key_kind.line", when: (now) => now.kind === "line" && phone.lines.length > 1, keep: true, options: phone.lines.map((one, at) => ({ value: String(at + 1), label: one || String(at + 1) })) },
      { name: "label", type: "text", label: "user.keys.label", help: "user.keys.label_help", max: 80 },
    ],
    save: async (_changed, all) => {
      const made = { place, kind: all.kind, number: NUMBERED.includes(all.kind) ? dialled(all[all.kind] ?? "") : "", label: all.label, line: all.kind === "line" ? all.line : 1 };
      try {
        return await change(phone, { keys: [...others, made].sort((one, other) => one.place - other.place), was: phone.own });
      } catch (error) {
        throw beside(error, all.kind);
      }
    },
    saved: () => close(true),
    more: own && h("button.quiet", { type: "button", onclick: async () => {
      try {
        await change(phone, { keys: others, was: phone.own });
        close(true);
      } catch (error) {
        tell(error);
      }
    } }, icon("trash"), t("user.keys.clear")),
  }).element);
  if (saved) await reload();
}

/** A number as it is dialled: without what people put between its digits. */
function dialled(text) {
  return text.replace(/[\s()/.-]/g, "");
}

/** What is wrong with a key's number stands beside the field that asks for it. */
function beside(error, kind) {
  if (!error.problems) return error;
  error.problems = error.problems.map((one) => {
    const field = (one.field || "").replace(/^keys\[\d+\]\.?/, "");
    return { ...one, field: field === "number" ? kind : field };
  });
  return error;
}
