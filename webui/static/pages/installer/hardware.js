// What is built in or plugged in: analog ports, GSM modules, DECT.

import * as api from "../../js/api.js";
import { ask, askText, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { number, said, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, head, iconButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { dect } from "./dect.js";

const EVERY_MS = 3000;
const PORT = { idle: "good", ringing: "accent", talking: "accent", absent: "bad", failed: "bad" };

export default async function page({ signal }) {
  const analog = h("div");
  const modules = h("div");
  const draw = async () => {
    const [ports, found] = await Promise.all([api.get("/analog/ports"), may("connections:read") ? api.get("/modules") : []]);
    fill(analog, ports.length ? h("ul.plain.lines", ports.map(port)) : h("p.soft", t("system.analog.none")));
    fill(modules, found.length ? h("ul.plain.lines", found.map(module)) : h("p.soft", t("system.gsm.none")));
  };
  live.every(EVERY_MS, draw, signal);
  if (may("connections:read")) live.on("module", () => draw().catch(() => {}), signal);
  const [cordless] = await Promise.all([dect(signal).catch(() => h("p.soft", t("system.dect.none"))), draw()]);
  return [
    head({ title: t("system.hardware.title"), text: t("system.hardware.text") }),
    h("div.stack", card(t("system.analog.title"), analog), card(t("system.gsm.title"), modules), card(t("system.dect.title"), cordless)),
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
