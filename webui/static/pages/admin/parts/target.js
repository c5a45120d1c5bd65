// Fields that hold one target or a list of targets.

import { fill, h } from "../../../js/dom.js";
import { open } from "../../../js/dialog.js";
import { t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";
import { chip, chooser, targets } from "./targets.js";

function choose(known, kinds, chosen) {
  open(t("admin.steps.choose"), (close) => chooser(known, (target) => { chosen(target); close(true); }, { kinds, external: !kinds || kinds.includes("external") }).element);
}

/** The control of one target; null when there is none. */
export function targetControl(kinds = null) {
  return (_field, value, changed) => {
    let now = value ?? null;
    let known = null;
    const element = h("div.target-field");
    const draw = () => fill(element, now && known && chip(known.of(now), () => put(null)),
      h("button.quiet.small", { type: "button", onclick: () => choose(known, kinds, put) }, icon(now ? "edit" : "plus"), t(now ? "admin.target.change" : "admin.target.choose")));
    const put = (next) => { now = next; draw(); changed(); };
    targets().then((found) => { known = found; draw(); });
    return { element, get: () => now, set: (next) => { now = next ?? null; if (known) draw(); } };
  };
}

/** The control of a list of targets in an order. */
export function targetsControl(kinds = null) {
  return (_field, value, changed) => {
    let now = [...(value || [])];
    let known = null;
    const element = h("div.target-field");
    const draw = () => fill(element, now.map((one, at) => h("span.target-place",
      at > 0 && h("button.quiet.only-icon.small", { type: "button", "aria-label": t("admin.steps.earlier"), onclick: () => { now.splice(at - 1, 0, ...now.splice(at, 1)); draw(); changed(); } }, icon("left")),
      chip(known.of(one), () => { now.splice(at, 1); draw(); changed(); }))),
      h("button.quiet.small", { type: "button", onclick: () => choose(known, kinds, (target) => { now.push(target); draw(); changed(); }) }, icon("plus"), t("common.add")));
    targets().then((found) => { known = found; draw(); });
    return { element, get: () => structuredClone(now), set: (next) => { now = [...(next || [])]; if (known) draw(); } };
  };
}
