// The keys of a voice menu, drawn as a key pad: a click on a key says what it does.

import { documents, optionsOf } from "../../../js/controls.js";
import { open } from "../../../js/dialog.js";
import { fill, h } from "../../../js/dom.js";
import { form } from "../../../js/form.js";
import { t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";
import { promptOptions } from "./prompts.js";
import { targetControl } from "./target.js";
import { SIGNS, targets } from "./targets.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const ACTIONS = ["connect", "voicemail", "menu", "announce", "repeat", "back", "directory", "switch", "hang_up"];
const ACTION_SIGNS = { voicemail: "voicemail", menu: "menu", announce: "announcement", repeat: "refresh", back: "undo", directory: "book", switch: "switch", hang_up: "phone" };

/** The field of a menu's options. */
export function menuOptions() {
  return { name: "options", label: "fields.options", unlabelled: true, wide: true, control: pad };
}

function pad(_field, value, changed) {
  let items = structuredClone(value || []);
  let known = null;
  let menus = [];
  let wrong = "";
  const element = h("div.keypad-holder");
  const name = (one) => one.name || (one.to && known ? known.of(one.to).label : "") || menus.find((menu) => menu.id === one.menu)?.name || "";

  function draw() {
    fill(element, h("div.keypad", KEYS.map((key) => {
      const one = items.find((item) => item.key === key);
      return h("button.keypad-key", { type: "button", class: one ? "used" : "", onclick: () => edit(key, one) },
        h("b", key), one ? [icon(one.to ? SIGNS[one.to.kind] : ACTION_SIGNS[one.action] || "right"), h("span", name(one) || t(`options.menu_action.${one.action}`)), h("small", t(`options.menu_action.${one.action}`))] : h("small.soft", t("admin.menu.free")));
    })), wrong && h("p.field-error", { role: "alert" }, icon("warning"), wrong));
  }

  function edit(key, one) {
    const is = (...actions) => (now) => actions.includes(now.action);
    open(t("admin.menu.key", { key }), (close) => form({
      guard: false,
      fresh: true,
      label: "common.ok",
      value: one ?? { key, action: "connect", prompts: [], name: "", seconds: 30, protected: false, turn: "toggle" },
      fields: [
        { name: "action", type: "select", label: "fields.action", options: ACTIONS.map((action) => ({ value: action, key: `options.menu_action.${action}` })) },
        { name: "name", type: "text", label: "fields.name", max: 80 },
        { name: "to", label: "fields.to", control: targetControl(), when: is("connect", "voicemail"), reset: null, wide: true },
        { name: "menu", type: "ref", kind: "menu", nullable: true, label: "fields.menu", when: is("menu"), reset: null },
        { name: "switch", type: "ref", kind: "switch", nullable: true, label: "fields.switch", when: is("switch"), reset: null },
        { name: "turn", type: "select", label: "fields.turn", options: ["on", "off", "toggle"].map((turn) => ({ value: turn, key: `options.turn.${turn}` })), when: is("switch"), keep: true },
        { name: "prompts", type: "refs", label: "fields.prompts", options: async () => (await promptOptions("announcement")).filter((of) => of.value) },
        { name: "seconds", type: "number", label: "fields.ring_seconds", unit: "common.unit.seconds", when: is("connect"), keep: true },
        { name: "protected", type: "switch", label: "fields.protected" },
      ],
      save: async (_changed, all) => {
        items = [...items.filter((item) => item.key !== key), { ...one, ...all, key }];
        items.sort((a, b) => KEYS.indexOf(a.key) - KEYS.indexOf(b.key));
        wrong = "";
        draw();
        changed();
        close(true);
      },
      more: one && h("button.quiet.bad", { type: "button", onclick: () => { items = items.filter((item) => item.key !== key); draw(); changed(); close(true); } }, icon("trash"), t("admin.menu.clear")),
    }).element);
  }

  Promise.all([targets(), documents("menu").catch(() => []), optionsOf("switch").catch(() => [])]).then(([found, others]) => {
    known = found;
    menus = others;
    draw();
  });
  draw();
  return {
    element,
    get: () => structuredClone(items),
    set: (next) => { items = structuredClone(next || []); wrong = ""; draw(); },
    fail: (path, text) => {
      const one = items[Number(/^\[(\d+)\]/.exec(path)?.[1])];
      if (!one) return false;
      wrong = `${one.key}: ${text}`;
      draw();
      return true;
    },
    clear: () => { if (wrong) { wrong = ""; draw(); } },
  };
}
