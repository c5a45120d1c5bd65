// DECT: systems with their bases in the tree of their clocks, handsets, and letting handsets in.

import * as api from "../../js/api.js";
import { documents } from "../../js/controls.js";
import { ask, open, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { current, duration, moment, number, said, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, iconButton, linkButton, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 3000;
const RECENT_MS = 10 * 60_000;
const STATE = { ready: "good", starting: "warn", connecting: "warn", expected: "", disabled: "", blocked: "warn", strange: "warn" };
const OVER = { done: "good", expired: "warn", failed: "bad" };

/** The part of a page: a node that keeps itself up to date. */
export async function dect(signal) {
  const place = h("div.stack");
  let drawn = "";
  const draw = async () => {
    const [systems, alarms, extensions] = await Promise.all([api.get("/dect"), may("box:read") ? api.get("/alarms", { language: current() }) : { active: [] }, documents("extension").catch(() => [])]);
    const wrong = alarms.active.filter((one) => one.id.startsWith("dect."));
    const text = JSON.stringify([systems, wrong], (name, value) => (name === "last_seen" ? undefined : value));
    if (text === drawn || signal.aborted) return;
    drawn = text;
    const names = new Map(extensions.map((one) => [one.id, [one.number, one.name].filter(Boolean).join(" ")]));
    const again = () => draw().catch(() => {});
    fill(place, wrong.map((one) => notice(one.text, one.severity === "critical" ? "bad" : "warn")),
      systems.map((one) => system(one, names, again)),
      !systems.length && h("p.soft", t("system.dect.none")),
      !systems.length && may("devices:manage") && h("div.row", linkButton(t("system.dect.create"), "/office/dect/+", { sign: "plus" })));
  };
  const soon = () => draw().catch(() => {});
  const clock = setInterval(soon, EVERY_MS);
  const second = setInterval(() => tick(place), 1000);
  signal.addEventListener("abort", () => { clearInterval(clock); clearInterval(second); }, { once: true });
  live.on("dect", (told) => {
    if (told.what === "refused") toast(t("system.dect.refused", { why: told.why }), { kind: "bad" });
    soon();
  }, signal);
  await draw();
  return place;
}

function tick(place) {
  for (const one of place.querySelectorAll("[data-until]")) one.textContent = duration((Date.parse(one.dataset.until) - Date.now()) / 1000);
}

function system(one, names, again) {
  const enrolling = ["open", "opening"].includes(one.enrolment.status);
  const own = (key) => one.bases.find((base) => base.key === key);
  return h("section.dect-system", { "aria-label": one.name || one.system },
    h("div.row", h("h3", one.name || one.system), state(one.status), h("span.spread"),
      linkButton(t("system.dect.settings"), `/office/dect/${encodeURIComponent(one.system)}`, { sign: "settings", kind: "small quiet" }),
      !enrolling && button(t("system.dect.enrol"), () => enrol(one, again), { kind: "small", sign: "plus" })),
    h("small.soft", [one.model, one.firmware, one.park && t("system.dect.park", { park: one.park })].filter(Boolean).join(" · ")),
    one.detail && notice(one.detail, one.status === "ready" ? "warn" : "bad"),
    window_(one, names, again),
    h("h4", t("system.dect.bases")),
    one.bases.length ? h("ul.dect-tree", branches(one.tree, one)) : h("p.soft", t("system.dect.no_bases")),
    h("h4", t("system.dect.handsets")),
    one.handsets.length ? h("ul.plain.lines", one.handsets.map((handset) => row(one, handset, names, own, again))) : h("p.soft", t("system.dect.no_handsets")));
}

const state = (value) => badge(said(`system.dect.state.${value}`, value), STATE[value] ?? "bad", { dot: true });

/** The window for enrolment that is open, or how the last one went. */
function window_(one, names, again) {
  const { status, until, pin, detail, handset, ipei } = one.enrolment;
  const whose = one.handsets.find((of) => of.handset === handset);
  const who = whose ? names.get(whose.extension) || whose.name : "";
  if (!["open", "opening"].includes(status)) {
    if (!(status in OVER) || Date.now() - Date.parse(until) > RECENT_MS) return null;
    return notice(status === "done" ? t("system.dect.done", { who: who || ipei.replace(/^(\d{5})(\d{7})/, "$1 $2 ") }) : detail || t("system.dect.over"), OVER[status]);
  }
  return h("div.dect-window", { role: "status" },
    h("div", h("strong", t("system.dect.open")), h("p", who ? t("system.dect.open_for", { who }) : t("system.dect.open_any")), detail && h("p.wrong", icon("info"), detail)),
    pin && h("div.dect-figure", h("small", t("system.dect.pin")), h("strong.code", pin)),
    h("div.dect-figure", h("small", t("system.dect.left")), h("strong", { dataset: { until }, role: "timer", "aria-live": "off" }, duration((Date.parse(until) - Date.now()) / 1000))),
    button(t("system.dect.close"), () => act(api.post("/dect/close", { system: one.system }), "", again), { kind: "small" }));
}

/** Bases, each below the one it takes its clock from. */
function branches(tree, one) {
  return tree.map((branch) => {
    const base = one.bases.find((of) => of.key === branch.base);
    return h("li", line(base, one), branch.below.length > 0 && h("ul", branches(branch.below, one)));
  });
}

function line(base, one) {
  const name = base.name || base.key;
  const facts = [base.location, base.address, [base.model, base.firmware].filter(Boolean).join(" "), base.name ? base.mac : "", base.calls === null ? "" : t("system.dect.calls", { count: base.calls })];
  const seen = base.status !== "ready" && base.last_seen && t("system.dect.seen", { when: moment(base.last_seen) });
  return h("div.dect-base",
    h("span.dect-level", { title: base.sync_level ? t("system.dect.sync", { level: base.sync_level }) : t("system.dect.alone") }, base.sync_level || "–"),
    h("span.party", h("span", name, base.manager && [" ", badge(t("system.dect.manager"))]), h("small.soft", facts.filter(Boolean).join(" · ")), (base.detail || seen) && h("small.soft", [base.detail, seen].filter(Boolean).join(" · "))),
    base.quality !== null && h("span.dect-quality", { title: t("system.dect.hears", { dbm: number(base.rssi_dbm), base: one.bases.find((of) => of.key === base.sync_to)?.name || base.sync_to }) },
      h("span.dect-bar", { class: base.quality < 30 ? "bad" : base.quality < 60 ? "warn" : "", "aria-hidden": "true" }, h("span", { vars: { "--part": `${base.quality}%` } })), h("small", t("system.dect.quality", { percent: base.quality }))),
    state(base.status),
    h("span.row.tight", iconButton("refresh", `${t("system.dect.restart")}: ${name}`, async () => {
      if (await ask(t("system.dect.restart"), t("system.dect.restart_text", { name }))) act(api.post("/dect/restart", { system: one.system, base: base.key }), "system.dect.restarting");
    }),
    iconButton("upload", `${t("system.dect.update")}: ${name}`, async () => {
      if (await ask(t("system.dect.update"), t("system.dect.update_text", { name }))) act(api.post("/dect/update", { system: one.system, base: base.key }), "system.dect.updating");
    })));
}

function row(one, handset, names, baseOf, again) {
  const name = handset.name || handset.handset || handset.ipei || handset.key;
  const enrolled = handset.status !== "expected";
  const seen = handset.status !== "ready" && handset.last_seen && t("system.dect.seen", { when: moment(handset.last_seen) });
  const at = baseOf(handset.base);
  const facts = [names.get(handset.extension) || handset.extension, handset.ipei, at && (at.name || at.key), handset.model, handset.firmware, seen, handset.detail];
  return h("li.line.dect-handset", icon("mobile"),
    h("span.party", handset.handset ? h("a", { href: `/office/handsets/${encodeURIComponent(handset.handset)}` }, name) : h("span", name), h("small.soft", facts.filter(Boolean).join(" · "))),
    handset.status === "ready" && one.media === "sip" && !handset.registered && badge(t("system.dect.unregistered"), "warn"),
    state(handset.status),
    handset.handset && handset.status === "expected" && button(t("system.dect.enrol_this"), () => act(api.post("/dect/enrol", { system: one.system, handset: handset.handset }), "", again), { kind: "small" }),
    handset.status === "strange" && button(t("system.dect.assign"), () => assign(one, handset, again), { kind: "small primary" }),
    handset.handset && enrolled && iconButton("bell", `${t("system.dect.page")}: ${name}`, () => act(api.post("/dect/page", { handset: handset.handset }), "system.dect.paging")),
    enrolled && handset.key && iconButton("trash", `${t("system.dect.forget")}: ${name}`, async () => {
      if (await ask(t("system.dect.forget"), t("system.dect.forget_text", { name }), { yes: t("system.dect.forget"), danger: true })) act(api.post("/dect/forget", { system: one.system, key: handset.key }), "system.dect.forgotten", again);
    }));
}

async function act(asked, words, after = () => {}) {
  try {
    await asked;
    if (words) toast(t(words));
    after();
  } catch (error) {
    tell(error);
  }
}

const options = (extensions) => extensions.map((one) => ({ value: one.number, label: [one.number, one.name].filter(Boolean).join(" ") }));

async function enrol(one, again) {
  const extensions = await documents("extension").catch(() => []);
  await open(t("system.dect.enrol"), (close) => form({
    guard: false,
    fresh: true,
    label: "system.dect.enrol",
    value: { extension: "", ipei: "", pin: "" },
    fields: [
      { name: "extension", type: "select", label: "system.dect.extension", options: [{ value: "", label: t("system.dect.anybody") }, ...options(extensions)], help: "system.dect.extension_help" },
      { name: "ipei", type: "text", label: "system.dect.ipei", help: "system.dect.ipei_help" },
      { name: "pin", type: "text", inputmode: "numeric", label: "system.dect.other_pin", help: "system.dect.pin_help", max: 8, short: true },
    ],
    save: (_changed, all) => api.post("/dect/enrol", { system: one.system, ...Object.fromEntries(Object.entries(all).filter(([, value]) => value)) }),
    saved: () => {
      close(true);
      again();
    },
  }).element);
}

async function assign(one, handset, again) {
  const extensions = await documents("extension").catch(() => []);
  await open(t("system.dect.assign"), (close) => form({
    guard: false,
    fresh: true,
    label: "system.dect.assign",
    value: { extension: extensions[0]?.number ?? "" },
    fields: [{ name: "extension", type: "select", label: "system.dect.extension", options: options(extensions) }],
    save: (_changed, all) => api.post("/dect/bind", { system: one.system, ipei: handset.ipei, extension: all.extension }),
    saved: () => {
      close(true);
      again();
    },
  }).element);
}
