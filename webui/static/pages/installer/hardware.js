// What is built in or plugged in: analog ports, GSM modules, DECT.

import * as api from "../../js/api.js";
import { ask, askText, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { number, said, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, head, iconButton } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 3000;
const PORT = { idle: "good", ringing: "accent", talking: "accent", absent: "bad", failed: "bad" };

export default async function page({ signal }) {
  const analog = h("div");
  const modules = h("div");
  const dect = h("div");
  const draw = async () => {
    const [ports, found, systems] = await Promise.all([api.get("/analog/ports"), may("connections:read") ? api.get("/modules") : [], api.get("/dect").catch(() => [])]);
    fill(analog, ports.length ? h("ul.plain.lines", ports.map(port)) : h("p.soft", t("system.analog.none")));
    fill(modules, found.length ? h("ul.plain.lines", found.map(module)) : h("p.soft", t("system.gsm.none")));
    fill(dect, systems.length ? systems.map(system) : h("p.soft", t("system.dect.none")));
  };
  live.every(EVERY_MS, draw, signal);
  if (may("connections:read")) live.on("module", () => draw().catch(() => {}), signal);
  await draw();
  return [
    head({ title: t("system.hardware.title"), text: t("system.hardware.text") }),
    h("div.stack", card(t("system.analog.title"), analog), card(t("system.gsm.title"), modules), card(t("system.dect.title"), dect)),
  ];
}

function port(one) {
  return h("li.line", icon("phone"),
    h("span.party", h("span", one.port), h("small.soft", [one.device, one.emulated && t("system.analog.emulated"), one.detail, one.last_error, one.slips ? t("system.analog.slips", { count: one.slips }) : "", one.test && testText(one.test)].filter(Boolean).join(" · "))),
    one.off_hook && badge(t("system.analog.off_hook"), "accent"),
    one.alarm !== "none" && badge(said(`system.analog.alarm.${one.alarm}`, one.alarm), "bad"),
    badge(said(`system.analog.state.${one.state}`, one.state), one.present ? PORT[one.state] || "" : "bad", { dot: true }),
    button(t("system.analog.test"), () => test(one), { kind: "small" }));
}

function testText(found) {
  return typeof found === "object" ? Object.entries(found).filter(([, value]) => value !== null && typeof value !== "object").map(([name, value]) => `${name} ${value}`).join(", ") : String(found);
}

async function test(one) {
  const ring = await ask(t("system.analog.test"), t("system.analog.test_text"), { yes: t("system.analog.test_ring"), no: t("system.analog.test_quiet") });
  try {
    await api.post(`/analog/ports/${encodeURIComponent(one.port)}/test`, { ring });
    toast(t("system.analog.testing"));
  } catch (error) {
    tell(error);
  }
}

function module(one) {
  const bars = one.signal_dbm === null ? 0 : Math.max(1, Math.min(4, Math.round((one.signal_dbm + 113) / 13)));
  return h("li.line", icon("signal"),
    h("span.party", h("span", one.module || one.place || one.imei), h("small.soft", [one.model, one.operator, one.technology, one.signal_dbm === null ? "" : t("system.gsm.signal", { dbm: number(one.signal_dbm), bars }), one.balance, one.detail].filter(Boolean).join(" · "))),
    one.calling && badge(t("system.calls.talking"), "accent"),
    badge(said(`system.gsm.status.${one.status}`, one.status), one.status === "ready" ? "good" : "bad", { dot: true }),
    one.module && may("connections:change") && iconButton("message", t("system.gsm.ask"), () => askNetwork(one)),
    one.module && may("connections:change") && iconButton("refresh", t("system.gsm.restart"), async () => {
      try {
        await api.post(`/modules/${encodeURIComponent(one.module)}/restart`);
        toast(t("system.gsm.restarting"));
      } catch (error) {
        tell(error);
      }
    }));
}

async function askNetwork(one) {
  const code = await askText(t("system.gsm.ask"), t("system.gsm.code"), { value: "*100#" });
  if (!code) return;
  try {
    await api.post(`/modules/${encodeURIComponent(one.module)}/ask`, { code });
    toast(t("system.gsm.asked"));
  } catch (error) {
    tell(error);
  }
}

function system(one) {
  const enrolment = one.enrolment ?? {};
  return h("section.dect-system",
    h("div.row", h("h3", one.name || one.system), badge(said(`system.dect.state.${one.status}`, one.status), one.status === "ready" ? "good" : "warn", { dot: true }), one.detail && h("span.soft", one.detail), h("span.spread"),
      enrolment.status === "open" ? badge(t("system.dect.open", { pin: enrolment.pin || t("system.dect.no_pin") }), "accent") : button(t("system.dect.enrol"), () => enrol(one.system), { kind: "small", sign: "plus" })),
    one.bases.length > 0 && [h("h4", t("system.dect.bases")), h("ul.plain.lines.tree", inOrder(one.bases).map(({ base, depth }) => h("li.line", { class: `depth-${Math.min(depth, 6)}` }, icon("network"), h("span.party", h("span", base.name || base.key), h("small.soft", [base.sync_level ? t("system.dect.sync", { level: base.sync_level }) : "", base.model, base.firmware, base.location, base.quality === null ? "" : t("system.dect.quality", { percent: base.quality }), base.detail].filter(Boolean).join(" · "))), badge(said(`system.dect.state.${base.status}`, base.status), base.status === "ready" ? "good" : "bad", { dot: true }))))],
    one.handsets.length > 0 && [h("h4", t("system.dect.handsets")), h("ul.plain.lines", one.handsets.map((handset) => h("li.line", icon("mobile"), h("span.party", h("span", handset.name || handset.handset || handset.key), h("small.soft", [handset.extension, handset.ipei, handset.base, handset.detail].filter(Boolean).join(" · "))), badge(said(`system.dect.state.${handset.status}`, handset.status), handset.status === "ready" ? "good" : "", { dot: true }),
      handset.handset && iconButton("bell", `${t("system.dect.page")}: ${handset.name || handset.handset}`, () => api.post("/dect/page", { handset: handset.handset }).then(() => toast(t("system.dect.paging")), tell)))))]);
}

/** Bases as a tree: each below the one that it takes its clock from. */
function inOrder(bases) {
  const known = new Set(bases.map((base) => base.key));
  const found = [];
  const add = (base, depth) => {
    if (found.some((one) => one.base === base)) return;
    found.push({ base, depth });
    for (const other of bases) if (other.sync_to === base.key) add(other, depth + 1);
  };
  for (const base of bases) if (!known.has(base.sync_to)) add(base, 0);
  for (const base of bases) add(base, 0);
  return found;
}

async function enrol(id) {
  const extension = await askText(t("system.dect.enrol"), t("system.dect.extension"), { text: t("system.dect.enrol_text"), inputmode: "numeric", yes: t("system.dect.enrol") });
  if (extension === undefined) return;
  try {
    const answer = await api.post("/dect/enrol", { system: id, extension });
    toast(answer.pin ? t("system.dect.pin", { pin: answer.pin }) : t("system.dect.opened"));
  } catch (error) {
    tell(error);
  }
}
