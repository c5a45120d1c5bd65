// The picture of a number's week: a line a day, a colour a scenario. A span is painted with the mouse.

import { fill, h } from "../../../js/dom.js";
import { moment, t } from "../../../js/i18n.js";

export const TINTS = 6;
const STEP = 30;

/** The colour of a scenario: its place in the list; "" is the ordinary distribution. */
export function tintOf(names, name) {
  const at = names.indexOf(name);
  return at < 0 ? 0 : (at % TINTS) + 1;
}

/**
 * Draw days: [{date, weekday, holiday, spans: [{start, end, scenario}]}]. `choose(name)`: a span was clicked;
 * `paint({weekday, date, start, end})`: one was drawn; `now`: {date, clock}. Returns {element, update(days, names, now)}.
 */
export function week({ choose, paint, small = false }) {
  // For the mouse alone: with the keyboard one opens scenarios in their list.
  const rows = h("div.week-rows");
  const element = h("div.week", { class: small ? "small" : "" }, h("div.week-hours", { "aria-hidden": "true" }, [0, 3, 6, 9, 12, 15, 18, 21, 24].map((hour) => h("span", { vars: { "--at": String(hour / 24) } }, String(hour)))), rows);

  function update(days, names, now) {
    fill(rows, days.map((day) => {
      const bar = h("div.week-bar", { class: paint ? "paintable" : "" }, day.spans.map((span) => spanOf(span, names)));
      if (now?.date === day.date) bar.append(h("span.week-now", { vars: { "--at": String(part(now.clock)) }, "aria-hidden": "true" }));
      if (paint) painting(bar, day);
      return h("div.week-row", { class: now?.date === day.date ? "today" : "" },
        h("div.week-day", h("strong", t(`admin.day_short.${day.weekday}`)), h("small", moment(`${day.date}T12:00:00`, { day: "numeric", month: "numeric" })), day.holiday && h("span.week-holiday", { title: day.holiday }, day.holiday)),
        bar);
    }));
  }

  function spanOf(span, names) {
    const label = `${span.start}–${span.end} ${span.scenario || t("admin.number.otherwise")}`;
    const attributes = { class: `tint-${tintOf(names, span.scenario)}`, vars: { "--from": String(part(span.start)), "--to": String(part(span.end)) }, title: label };
    return h("span.week-span", { ...attributes, onclick: choose ? () => choose(span.scenario) : null }, h("span", span.scenario || t("admin.number.otherwise")), h("span.unseen", `${span.start}–${span.end}`));
  }

  function painting(bar, day) {
    let from = null;
    let box = null;
    const at = (event) => {
      const area = bar.getBoundingClientRect();
      return Math.round((Math.min(1, Math.max(0, (event.clientX - area.left) / area.width)) * 1440) / STEP) * STEP;
    };
    bar.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return;
      from = at(event);
    });
    bar.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = at(event);
      if (!box && Math.abs(to - from) < STEP) return;
      if (!box) {
        box = h("span.week-paint");
        bar.append(box);
        bar.setPointerCapture(event.pointerId);
      }
      box.style.setProperty("--from", String(Math.min(from, to) / 1440));
      box.style.setProperty("--to", String(Math.max(from, to) / 1440));
      box.textContent = `${clock(Math.min(from, to))}–${clock(Math.max(from, to))}`;
    });
    bar.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const to = at(event);
      const drawn = box !== null && to !== from;
      const [start, end] = [Math.min(from, to), Math.max(from, to)];
      from = null;
      box?.remove();
      box = null;
      if (!drawn) return;
      bar.addEventListener("click", (click) => click.stopPropagation(), { once: true, capture: true });
      paint({ weekday: day.weekday, date: day.date, start: clock(start), end: clock(end) });
    });
    bar.addEventListener("pointercancel", () => {
      from = null;
      box?.remove();
      box = null;
    });
  }

  return { element, update };
}

/** One day as a thin bar. */
export function dayBar(day, names) {
  return h("span.day-bar", { "aria-hidden": "true" }, day.spans.map((span) => h("span", { class: `tint-${tintOf(names, span.scenario)}`, vars: { "--from": String(part(span.start)), "--to": String(part(span.end)) } })));
}

function part(text) {
  const [hours, minutes] = text.split(":").map(Number);
  return (hours * 60 + minutes) / 1440;
}

function clock(minutes) {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
