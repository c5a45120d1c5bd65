// When something holds: weekdays to click, from and to, holidays, dates, a switch; and the same in one line.

import { documents } from "../../../js/controls.js";
import { fill, h, newId } from "../../../js/dom.js";
import { t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";
import { iconButton } from "../../../js/parts.js";

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const ALWAYS = { weekdays: [], start: "00:00", end: "24:00", first: "", last: "", holidays: "either", switch: null };

/** The control of a list of conditions, any of which will do. `fresh` is what a new one begins with. */
export function whenControl({ fresh = () => ({ ...ALWAYS, weekdays: WEEKDAYS.slice(0, 5), start: "08:00", end: "18:00" }), none = "admin.when.by_hand" } = {}) {
  return (_field, value, changed) => {
    let whens = structuredClone(value || []);
    let wrong = [];
    let switches = [];
    const list = h("div.whens");
    const element = h("div.whens-holder", list, h("button.quiet.small", { type: "button", onclick: () => { whens.push(fresh()); done(); } }, icon("plus"), t("admin.when.add")));
    documents("switch").then((found) => { switches = found; draw(); }).catch(() => {});

    function draw() {
      fill(list, whens.length === 0 && h("p.soft", t(none)), whens.map((one, at) => [at > 0 && h("p.when-or", t("admin.when.or")), row(one, at)]));
    }

    function row(one, at) {
      const id = newId("when");
      const put = (name, of) => { one[name] = of; changed(); };
      const whole = one.start === "00:00" && one.end === "24:00";
      const dated = Boolean(one.first || one.last) || one.dated;
      return h("div.when", { class: wrong[at] ? "wrong" : "" },
        h("div.when-line",
          h("div.weekdays", { role: "group", "aria-label": t("admin.when.weekdays") }, WEEKDAYS.map((day) => h("button.weekday", { type: "button", "aria-pressed": String(one.weekdays.length === 0 || one.weekdays.includes(day)), "aria-label": t(`admin.day.${day}`), onclick: () => {
            const now = one.weekdays.length ? one.weekdays : WEEKDAYS;
            const next = now.includes(day) ? now.filter((other) => other !== day) : WEEKDAYS.filter((other) => now.includes(other) || other === day);
            one.weekdays = next.length === 7 || next.length === 0 ? [] : next;
            done();
          } }, t(`admin.day_short.${day}`)))),
          h("div.when-times",
            h("label", { for: `${id}-start` }, t("admin.when.from")),
            h(`input#${id}-start`, { type: "time", value: one.start, onchange: (event) => put("start", event.target.value || "00:00") }),
            h("label", { for: `${id}-end` }, t("admin.when.until")),
            h(`input#${id}-end`, { type: "time", value: one.end === "24:00" ? "00:00" : one.end, onchange: (event) => put("end", event.target.value === "00:00" || !event.target.value ? "24:00" : event.target.value) }),
            !whole && h("button.quiet.small", { type: "button", onclick: () => { one.start = "00:00"; one.end = "24:00"; done(); } }, t("admin.when.whole_day"))),
          iconButton("trash", t("admin.when.remove"), () => { whens.splice(at, 1); done(); })),
        h("div.when-line",
          h("select", { "aria-label": t("admin.when.holidays"), onchange: (event) => put("holidays", event.target.value) }, ["either", "never", "only"].map((of) => h("option", { value: of, selected: one.holidays === of }, t(`admin.when.holidays.${of}`)))),
          h("select", { "aria-label": t("admin.when.switch"), onchange: (event) => put("switch", event.target.value || null) }, h("option", { value: "" }, t("admin.when.switch.none")), switches.map((of) => h("option", { value: of.id, selected: one.switch === of.id }, t("admin.when.switch.on", { name: of.name || of.id }))), one.switch && !switches.some((of) => of.id === one.switch) && h("option", { value: one.switch, selected: true }, one.switch)),
          dated ? h("div.when-times",
            h("label", { for: `${id}-first` }, t("admin.when.first")),
            h(`input#${id}-first.date`, { type: "text", value: one.first, placeholder: t("admin.when.date_example"), onchange: (event) => put("first", event.target.value.trim()) }),
            h("label", { for: `${id}-last` }, t("admin.when.last")),
            h(`input#${id}-last.date`, { type: "text", value: one.last, placeholder: t("admin.when.date_example"), onchange: (event) => put("last", event.target.value.trim()) }))
            : h("button.quiet.small", { type: "button", onclick: () => { one.dated = true; draw(); } }, icon("calendar"), t("admin.when.dates"))),
        wrong[at] && h("p.field-error", { role: "alert" }, icon("warning"), wrong[at]));
    }

    function done() {
      wrong = [];
      draw();
      changed();
    }

    draw();
    return {
      element,
      get: () => whens.map(({ dated: _dated, ...one }) => structuredClone(one)),
      set: (next) => { whens = structuredClone(next || []); wrong = []; draw(); },
      fail: (path, text) => {
        const at = Number(/^\[(\d+)\]/.exec(path)?.[1]);
        if (!(at in whens)) return false;
        wrong[at] = text;
        draw();
        return true;
      },
      clear: () => { if (wrong.length) { wrong = []; draw(); } },
    };
  };
}

/** Conditions in one line: "Mo–Fr 8:00–18:00, nicht an Feiertagen". */
export function whenLine(whens, switches = []) {
  return whens.map((one) => oneLine(one, switches)).join(` ${t("admin.when.or")} `);
}

function oneLine(one, switches) {
  const parts = [];
  const times = one.start !== "00:00" || one.end !== "24:00" ? `${one.start}–${one.end}` : "";
  const days = one.weekdays?.length ? runs(one.weekdays) : "";
  if (days || times) parts.push([days, times].filter(Boolean).join(" "));
  if (one.first || one.last) parts.push(`${one.first || "…"} – ${one.last || "…"}`);
  if (one.holidays && one.holidays !== "either") parts.push(t(`admin.when.holidays.${one.holidays}`));
  if (one.switch) parts.push(t("admin.when.switch.on", { name: switches.find((of) => of.id === one.switch)?.name || one.switch }));
  return parts.join(", ") || t("admin.when.always");
}

/** Weekdays as runs: "Mo–Fr", "Mo, Mi". */
function runs(days) {
  const found = [];
  for (let at = 0; at < 7; at += 1) {
    if (!days.includes(WEEKDAYS[at])) continue;
    let end = at;
    while (end < 6 && days.includes(WEEKDAYS[end + 1])) end += 1;
    const short = (of) => t(`admin.day_short.${WEEKDAYS[of]}`);
    found.push(end - at > 1 ? `${short(at)}–${short(end)}` : end > at ? `${short(at)}, ${short(end)}` : short(at));
    at = end;
  }
  return found.join(", ");
}
