// Try it: where would a call go, and why? As the core itself would decide.

import * as api from "../../../js/api.js";
import { documents } from "../../../js/controls.js";
import { errorText } from "../../../js/dialog.js";
import { fill, h, newId } from "../../../js/dom.js";
import { current, t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";

/** A box with caller, number and moment; `to` fixes the number. */
export function tryBox({ to = "", caller = "+491701234567" } = {}) {
  const result = h("div.explained", { "aria-live": "polite" });
  const from = field("admin.try.caller", h("input", { type: "text", value: caller, autocomplete: "off" }));
  const called = field("admin.try.to", h("input", { type: "text", value: to, autocomplete: "off" }));
  const date = field("admin.try.date", h("input", { type: "date" }));
  const time = field("admin.try.time", h("input", { type: "time" }));
  const toggles = h("div.row");
  const supposed = new Map();
  documents("switch").then((found) => fill(toggles, found.map((one) => {
    const id = newId("suppose");
    return h("span.choice", h(`input#${id}`, { type: "checkbox", checked: one.on, onchange: (event) => { supposed.set(one.id, event.target.checked); go(); } }), h("label", { for: id }, one.name || one.id));
  }))).catch(() => {});

  async function go(event) {
    event?.preventDefault();
    const at = [date.input.value, time.input.value || (date.input.value ? "12:00" : "")].filter(Boolean).join("T");
    try {
      const found = await api.post("/explain", {
        caller: from.input.value.trim(), to: to || called.input.value.trim(), at: date.input.value ? at : time.input.value,
        suppose: [...supposed].map(([name, on]) => `${name}=${on ? "on" : "off"}`).join(" "), language: current(),
      });
      fill(result, explained(found));
    } catch (error) {
      fill(result, h("p.field-error", { role: "alert" }, icon("warning"), errorText(error)));
      if (!error.problems) throw error;
    }
  }

  const element = h("form.try", { onsubmit: go, novalidate: true },
    h("div.try-fields", from.element, !to && called.element, date.element, time.element, h("button.primary", { type: "submit" }, icon("play"), t("admin.try.go"))),
    toggles, result);
  return { element, go };
}

/** An explanation: what happens step by step, and the reasons. */
export function explained(found) {
  return [
    h("p.explained-summary", found.summary),
    h("ol.explained-steps", found.steps.map((step) => h("li", h("strong", step.text), step.next.map((one) => h("small", one))))),
    h("details.explained-why", h("summary", t("admin.try.why")), h("ul", found.reasons.map((one) => h("li", one)))),
  ];
}

function field(label, input) {
  const id = newId("try");
  input.id = id;
  return { input, element: h("div.field", h("label", { for: id }, t(label)), input) };
}
