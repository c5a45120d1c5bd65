// The first page of a user: calls in progress, who can be reached, what was missed.

import * as api from "../../js/api.js";
import { tell, toast, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { saveDocument } from "../../js/form.js";
import { compare, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, card, head, iconButton, linkButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { call, chooser, colleagues, extension, mine, nameOf, party, STATUSES } from "./own.js";
import { forwardingLine } from "./forwarding.js";
import { callList } from "./calling.js";

const PRESENCE = { online: "good", away: "warn", dnd: "bad", unreachable: "" };

export default async function page({ signal, reload }) {
  const [me, people, records, messages] = await Promise.all([
    extension(), colleagues({ fresh: true }), api.get("/records", { limit: 30 }),
    may("voicemail:read@own") ? api.get("/voicemail") : [],
  ]);
  const missed = records.filter((one) => !one.answered && one.caller_number !== mine().number).slice(0, 5);
  const waiting = messages.filter((one) => one.state === "new");
  return [
    head({ title: me.name || t("user.start.title"), badge: badge(me.number, "accent"), actions: [chooser(reload), dialBox()] }),
    h("div.tiles.start-tiles",
      tile("missed", missed.length, t("user.start.missed", { count: missed.length }), "/my/calls"),
      tile("voicemail", waiting.length, t("user.start.messages", { count: waiting.length }), "/my/messages")),
    h("div.columns",
      h("div.stack", await callList({ people, signal }), statusCard(me), reachCard(me, people), missedCard(missed, people)),
      h("div.stack", may("switches:change") && (await switchesCard()), colleaguesCard(people, signal))),
  ];
}

function tile(sign, count, label, href) {
  return h("a.tile", { href }, h("span", icon(sign)), h("strong", String(count)), h("span", label));
}

function dialBox() {
  const input = h("input#dial", { type: "tel", autocomplete: "off", placeholder: t("user.start.number"), "aria-label": t("user.start.number") });
  return h("form.dial-box", { onsubmit: (event) => {
    event.preventDefault();
    const wanted = input.value.trim();
    if (wanted) call(wanted);
  } }, input, h("button.primary", { type: "submit" }, icon("phone"), t("user.call")));
}

function statusCard(me) {
  let now = me;
  const text = h("input", { type: "text", maxlength: 80, value: me.status_text, placeholder: t("user.status.text"), "aria-label": t("user.status.text") });
  const save = async (changed) => {
    try {
      now = (await saveDocument("extension", now, changed)) ?? now;
      toastSaved();
    } catch (error) {
      tell(error);
    }
    draw();
  };
  const buttons = STATUSES.map((status) => h("button.small", { type: "button", dataset: { status }, onclick: () => save({ status }) }, h("span.presence", { class: PRESENCE[status], "aria-hidden": "true" }), t(`user.status.${status}`)));
  const draw = () => {
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.status === now.status));
    text.value = now.status_text;
  };
  text.addEventListener("change", () => text.value.trim() !== now.status_text && save({ status_text: text.value.trim() }));
  draw();
  return card(t("user.status.title"), h("div.row", { role: "group", "aria-label": t("user.status.title") }, buttons), h("div.field.status-text", text));
}

function reachCard(me, people) {
  let now = me;
  const choose = me.profiles.length > 0 && h("select", { "aria-label": t("user.profile.title"), onchange: async (event) => {
    try {
      now = await saveDocument("extension", now, { profile: event.target.value });
      toast(t("user.profile.chosen"));
      fill(lines, described(now, people));
    } catch (error) {
      tell(error);
    }
  } }, h("option", { value: "" }, t("user.profile.none")), me.profiles.map((one) => h("option", { value: one.name, selected: one.name === me.profile }, one.name)));
  const lines = h("ul.plain", described(me, people));
  return card(t("user.reach.forwarding"), choose && h("div.field", choose), lines, h("div.actions", linkButton(t("user.reach.change"), "/my/reach", { sign: "edit", kind: "small" })));
}

function described(me, people) {
  const profile = me.profiles.find((one) => one.name === me.profile);
  const found = (profile?.forwardings ?? me.forwardings).filter((one) => one.enabled);
  return found.length ? found.map((one) => h("li", forwardingLine(one, people))) : h("li.soft", t("user.reach.none"));
}

/** Virtual switches, for those who may turn them but not change the office. */
async function switchesCard() {
  const found = await api.get("/switches");
  if (!found.length) return null;
  return card(t("user.switches"), h("ul.plain.lines", found.map((one) => {
    const input = h(`input#switch-${one.id}.switch`, { type: "checkbox", role: "switch", checked: one.on, onchange: async () => {
      try {
        await api.post(`/switches/${encodeURIComponent(one.id)}`, { on: input.checked });
        toastSaved();
      } catch (error) {
        input.checked = !input.checked;
        tell(error);
      }
    } });
    return h("li.line", input, h("label.party", { for: `switch-${one.id}` }, one.name || one.number || one.id));
  })));
}

function missedCard(missed, people) {
  if (!missed.length) return null;
  return card(t("user.start.missed_title"), h("ul.plain.lines", missed.map((one) => h("li.line",
    party(one.caller_number, nameOf(one.caller_number, one.caller_name, people)),
    h("time.soft.small", { datetime: one.started }, moment(one.started)),
    one.caller_number && may("calls:change@own") && iconButton("phone", t("user.call_back", { name: one.caller_name || one.caller_number }), () => call(one.caller_number))))));
}

function colleaguesCard(people, signal) {
  let words = "";
  let known = people.filter((one) => one.extension !== mine().id);
  const list = h("ul.plain.lines.colleagues");
  const draw = () => {
    const shown = known.filter((one) => !words || `${one.name} ${one.number} ${one.status_text}`.toLocaleLowerCase().includes(words)).slice(0, 100);
    shown.sort((one, other) => compare(one.name || one.number, other.name || other.number));
    fill(list, shown.map((one) => h("li.line",
      h("span.presence", { class: one.call ? "busy" : PRESENCE[one.status], role: "img", "aria-label": t(one.call ? `user.doing.${one.call}` : `user.status.${one.status}`), title: t(one.call ? `user.doing.${one.call}` : `user.status.${one.status}`) }),
      h("span.party", h("span", one.name || one.number), h("small.soft", [one.number, one.status_text].filter(Boolean).join(" · "))),
      may("calls:change@own") && iconButton("phone", t("user.call_name", { name: one.name || one.number }), () => call(one.number)))), !shown.length && h("li.soft", t("common.nothing_found")));
  };
  const renew = async () => {
    known = (await colleagues({ fresh: true })).filter((one) => one.extension !== mine().id);
    draw();
  };
  live.every(5000, renew, signal);
  live.onReturn(() => renew().catch(() => {}), signal);
  draw();
  return card(t("user.colleagues.title"),
    h("div.search.full", icon("search"), h("input", { type: "search", placeholder: t("common.search"), "aria-label": t("user.colleagues.search"), oninput: (event) => { words = event.target.value.trim().toLocaleLowerCase(); draw(); } })),
    list);
}

