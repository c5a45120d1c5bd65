// What helps to find out what is wrong: the log, recorded packets, the bundle for support.

import * as api from "../../js/api.js";
import { tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { moment, number, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, head } from "../../js/parts.js";

const LEVELS = ["debug", "info", "warning", "error"];
const MOST = 400;
const EVERY_MS = 2000;
const RESULT = { ok: "good", warning: "warn", failed: "bad" };
const KIND = { warning: "warn", error: "bad", critical: "bad" };

export default async function page({ query, signal }) {
  return [
    head({ title: t("system.diagnostics.title"), actions: button(t("system.diagnostics.bundle"), async () => {
      toast(t("system.diagnostics.bundle_made"));
      await api.download("/support-bundle", "support.zip").catch(tell);
    }, { sign: "backup", kind: "primary" }) }),
    h("div.stack", await selfTest(signal), await capture(signal), await log(query.call || "", signal)),
  ];
}

async function selfTest(signal) {
  const place = h("div", { role: "status" });
  const draw = async () => {
    const now = await api.get("/self-test");
    start.disabled = now.running;
    fill(place,
      now.running && h("p", h("span.spinner", { "aria-hidden": "true" }), " ", t("system.selftest.running")),
      now.error && h("p.field-error", icon("warning"), now.error),
      now.results.length > 0 && h("ul.plain.lines", now.results.map((one) => h("li.line", h("span.party", h("span", one.what), one.detail && h("small.soft", one.detail)), badge(t(`system.selftest.${one.result}`), RESULT[one.result] || "", { dot: true })))),
      now.ended && h("p.soft.small", moment(now.ended)));
  };
  const start = button(t("system.selftest.start"), async () => {
    try {
      await api.post("/self-test", {});
      await draw();
    } catch (error) {
      tell(error);
    }
  }, { sign: "check" });
  await draw();
  live.every(EVERY_MS, draw, signal);
  return card(t("system.selftest.title"), h("p.soft", t("system.selftest.text")), place, h("div.actions", start));
}

async function capture(signal) {
  const place = h("div");
  const draw = async () => {
    const now = await api.get("/capture");
    fill(place,
      now.running ? h("p", badge(t("system.capture.running", { seconds: now.seconds_left }), "accent", { dot: true })) : null,
      now.bytes ? h("p.soft", t("system.capture.size", { size: number(Math.ceil(now.bytes / 1000)) })) : null,
      now.why && h("p.soft", now.why),
      h("div.actions",
        now.running && button(t("system.capture.stop"), async () => { await api.remove("/capture").catch(tell); await draw(); }, { sign: "stop" }),
        !now.running && Boolean(now.bytes) && button(t("system.capture.fetch"), () => api.download("/capture/content", "capture.pcap").catch(tell), { sign: "backup" })));
    start.element.hidden = Boolean(now.running);
  };
  const start = form({
    guard: false,
    fresh: true,
    label: "system.capture.start",
    value: { seconds: 60, megabytes: 10, media: false, host: "" },
    fields: [
      { name: "seconds", type: "number", label: "system.capture.seconds", unit: "system.seconds" },
      { name: "megabytes", type: "number", label: "system.capture.megabytes" },
      { name: "host", type: "text", label: "system.capture.host", help: "system.capture.host_help" },
      { name: "media", type: "switch", label: "system.capture.media" },
    ],
    save: (_changed, all) => api.post("/capture", all),
    saved: draw,
  });
  await draw();
  live.every(EVERY_MS, draw, signal);
  return card(t("system.capture.title"), h("p.soft", t("system.capture.text")), start.element, place);
}

async function log(call, signal) {
  const asked = { level: "info", words: "", call };
  let last = 0;
  let running = true;
  const list = h("ol.log", { tabindex: "0", "aria-label": t("system.log.title") });
  const read = async (fresh) => {
    if (fresh) {
      last = 0;
      fill(list);
    }
    const found = await api.get("/logs", { ...asked, after: last, limit: 200 });
    const stick = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
    for (const one of found) list.append(line(one));
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    if (found.length) last = Math.max(last, ...found.map((one) => one.line));
    if (stick) list.scrollTop = list.scrollHeight;
  };
  const again = () => read(true).catch(tell);
  const typed = live.soon(250, again, signal);
  const level = h("select#log-level", { onchange: (event) => { asked.level = event.target.value; again(); } }, LEVELS.map((one) => h("option", { value: one, selected: one === asked.level }, t(`system.log.level.${one}`))));
  const words = h("input#log-words", { type: "search", oninput: (event) => { asked.words = event.target.value; typed(); } });
  const of = h("input#log-call", { type: "text", value: call, onchange: (event) => { asked.call = event.target.value.trim(); again(); } });
  const pause = h("button.small", { type: "button", "aria-pressed": "false", onclick: () => { running = !running; pause.setAttribute("aria-pressed", String(!running)); } }, icon("pause"), t("system.log.pause"));
  await read(true);
  live.every(EVERY_MS, () => running && read(false), signal);
  const field = (name, label, control) => h("div.field", h("label", { for: `log-${name}` }, t(label)), control);
  return card(t("system.log.title"), h("div.filters", h("div.fields", field("level", "system.log.level", level), field("words", "system.log.words", words), field("call", "system.log.call", of), h("div.field", h("span.label"), pause))), list);
}

function line(one) {
  const { at, timestamp, level, event, line: _line, logger, ...rest } = one;
  const values = Object.entries(rest).filter(([, value]) => value !== null && value !== "").map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`).join(" ");
  return h("li", h("time", moment(at ?? timestamp, { timeStyle: "medium" })), " ", level && level !== "info" && badge(level, KIND[level] || ""), " ", h("b", event ?? one.text ?? ""), " ", h("span.soft", values));
}
