// The scenarios of a number, in their order: the first whose time it is counts. One at a time is open for editing.

import { fieldset, place } from "../../../js/controls.js";
import { fill, h } from "../../../js/dom.js";
import { t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";
import { badge, iconButton } from "../../../js/parts.js";
import { promptOptions } from "./prompts.js";
import { stepsControl, stepsLine } from "./steps.js";
import { tintOf } from "./week.js";
import { ALWAYS, whenControl, whenLine } from "./when.js";

const MOST = 10;

/** The control: get and set are lists of scenarios; choose(name) opens one, paint(span) makes one. */
export function scenariosControl({ known, switches, boxes, after }) {
  return (_field, value, changed) => {
    let items = [];
    let opened = null;
    const list = h("ol.scenarios");
    const add = h("button", { type: "button", onclick: () => fresh({}) }, icon("plus"), t("admin.scenario.add"));
    const element = h("div.scenarios-holder", list, add);

    function make(of) {
      const item = { of: structuredClone(of), parts: null, element: h("li.scenario"), wrong: false };
      return item;
    }

    function read(item) {
      if (!item.parts) return item.of;
      const found = { ...item.of };
      for (const part of item.parts) found[part.name] = part.control.get();
      return found;
    }

    function draw() {
      const names = items.map((one) => read(one).name);
      fill(list, items.map((item, at) => {
        const now = read(item);
        const isOpen = item === opened;
        if (isOpen && !item.parts) item.parts = partsOf(item);
        item.element.className = `scenario ${isOpen ? "open" : ""} ${now.enabled === false ? "off" : ""}`;
        item.title = h("strong", now.name || t("admin.scenario.unnamed"));
        fill(item.element,
          h("div.scenario-head",
            h("span.scenario-tint", { class: `tint-${tintOf(names, now.name)}`, "aria-hidden": "true" }),
            h("button.scenario-open", { type: "button", "aria-expanded": String(isOpen), onclick: () => { opened = isOpen ? null : item; draw(); } },
              item.title,
              h("span.scenario-when", now.when.length ? whenLine(now.when, switches) : t("admin.when.by_hand")),
              !isOpen && h("span.scenario-rings", now.steps.length ? stepsLine(now.steps, known) : t("admin.steps.none"))),
            now.enabled === false && badge(t("admin.scenario.off")),
            at > 0 && iconButton("up", t("common.move_up"), () => move(at, -1)),
            at < items.length - 1 && iconButton("down", t("common.move_down"), () => move(at, 1)),
            iconButton("trash", t("admin.scenario.remove"), () => { items = items.filter((one) => one !== item); if (isOpen) opened = null; done(); })),
          isOpen && h("div.scenario-body", item.parts.map((part) => part.element)));
        return item.element;
      }));
      add.hidden = items.length >= MOST;
    }

    function partsOf(item) {
      const noted = () => {
        const now = read(item);
        if (item.title) item.title.textContent = now.name || t("admin.scenario.unnamed");
        changed();
      };
      const field = (of) => ({ ...fieldset(of, item.of[of.name], noted), name: of.name, field: of });
      return [
        field({ name: "name", type: "text", label: "fields.name", required: true, max: 80 }),
        field({ name: "enabled", type: "switch", label: "admin.scenario.enabled" }),
        field({ name: "when", label: "admin.scenario.when", wide: true, control: whenControl() }),
        field({ name: "steps", label: "admin.number.rings", wide: true, control: stepsControl(known, { after: after(() => read(item).voicemail) }) }),
        field({ name: "voicemail", type: "select", label: "fields.voicemail_box", options: () => [{ value: "", key: "admin.number.voicemail_none" }, ...boxes] }),
        field({ name: "greeting", type: "select", label: "fields.greeting_before", options: () => promptOptions("announcement") }),
        field({ name: "emails", type: "texts", label: "admin.scenario.emails", help: "admin.scenario.emails_help", wide: true, add: "admin.scenario.emails_add" }),
      ];
    }

    function fresh(of, place = items.length) {
      const number = items.length + 1;
      const item = make({ name: t("admin.scenario.name", { number }), when: [], steps: [], greeting: "", emails: [], voicemail: "", enabled: true, ...of });
      items.splice(place, 0, item);
      opened = item;
      done();
      item.element.scrollIntoView?.({ block: "nearest" });
      item.element.querySelector("input")?.select();
    }

    function move(at, by) {
      const [item] = items.splice(at, 1);
      items.splice(at + by, 0, item);
      done();
    }

    function done() {
      draw();
      changed();
    }

    const set = (next) => {
      const name = opened ? read(opened).name : null;
      items = (next || []).map(make);
      opened = items.find((one) => one.of.name === name) ?? null;
      draw();
    };
    set(value);
    return {
      element, set,
      get: () => items.map(read),
      choose(name) {
        const found = items.find((one) => read(one).name === name);
        if (found) {
          opened = found;
          draw();
          found.element.scrollIntoView({ block: "center" });
          found.element.querySelector("input")?.focus({ preventScroll: true });
        } else document.querySelector('[data-field="steps"]:not(.scenario-body *)')?.scrollIntoView({ block: "center" });
      },
      paint({ weekday, start, end }) {
        const plain = items.findIndex((one) => read(one).when.some((of) => !of.switch && of.holidays !== "only"));
        fresh({ when: [{ ...ALWAYS, weekdays: [weekday], start, end }] }, plain < 0 ? items.length : plain);
      },
      fail(path, text) {
        const found = /^\[(\d+)\]\.?(.*)/.exec(path);
        const item = found && items[Number(found[1])];
        if (!item) return false;
        opened = item;
        draw();
        const part = place(item.parts, found[2]) ?? item.parts[0];
        part.fail(found[2].slice(part.name.length).replace(/^\./, ""), text);
        return true;
      },
      clear() {
        for (const item of items) for (const part of item.parts ?? []) part.clear();
      },
    };
  };
}
