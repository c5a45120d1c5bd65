// A distribution drawn as a row of steps: who rings at once, for how long, who next. Chosen by click or dragged there.

import { fill, h, newId } from "../../../js/dom.js";
import { open } from "../../../js/dialog.js";
import { t } from "../../../js/i18n.js";
import { icon } from "../../../js/icons.js";
import { iconButton } from "../../../js/parts.js";
import { chip, chooser } from "./targets.js";

const FIRST_SECONDS = 20;

/** The control of a list of steps; `known` is what targets() found; `after` says in words what comes at the end. */
export function stepsControl(known, { after = () => "" } = {}) {
  return (field, value, changed) => {
    let steps = structuredClone(value || []);
    let wrong = [];
    const row = h("div.steps");
    const element = h("div.steps-holder", row);

    function draw() {
      fill(row, steps.map((step, at) => [at > 0 && h("span.step-arrow", { "aria-hidden": "true" }, icon("right")), card(step, at)]),
        steps.length > 0 && h("span.step-arrow", { "aria-hidden": "true" }, icon("right")),
        h("button.step-add", { type: "button", class: steps.length ? "" : "wide", onclick: () => choose(-1), ...drop(-1) }, icon("plus"), h("span", t(steps.length ? "admin.steps.next" : "admin.steps.first"))),
        h("p.step-end", steps.length ? after() : t("admin.steps.none")));
    }

    function card(step, at) {
      const id = newId("seconds");
      const error = wrong[at];
      return h("div.step", { class: error ? "wrong" : "", ...drop(at) },
        h("div.step-head", h("span.step-number", String(at + 1)), h("span.step-title", step.targets.length > 1 ? t("admin.steps.together") : t("admin.steps.rings")),
          steps.length > 1 && at > 0 && iconButton("left", t("admin.steps.earlier"), () => move(at, -1)),
          iconButton("trash", t("admin.steps.remove"), () => { steps.splice(at, 1); done(); })),
        h("div.step-targets", step.targets.map((target, index) => chip(known.of(target), () => {
          step.targets.splice(index, 1);
          if (!step.targets.length) steps.splice(at, 1);
          done();
        })),
          h("button.quiet.small.step-more", { type: "button", onclick: () => choose(at) }, icon("plus"), t("admin.steps.more"))),
        h("div.step-seconds", h("label", { for: id }, icon("clock"), h("span.unseen", t("admin.steps.seconds"))),
          h(`input#${id}`, { type: "number", min: 1, max: 600, value: step.seconds, "aria-invalid": error ? "true" : null, oninput: (event) => {
            step.seconds = Number(event.target.value);
            changed();
          } }), h("span", t("admin.steps.unit"))),
        error && h("p.field-error", { role: "alert" }, icon("warning"), error));
    }

    function add(at, target) {
      if (at < 0) steps.push({ targets: [target], seconds: FIRST_SECONDS });
      else if (!steps[at].targets.some((one) => one.kind === target.kind && one.ref === target.ref)) steps[at].targets.push(target);
      done();
    }

    function choose(at) {
      open(t("admin.steps.choose"), (close) => {
        const box = chooser(known, (target) => {
          add(at, target);
          close(true);
        });
        return box.element;
      });
    }

    function move(at, by) {
      const [step] = steps.splice(at, 1);
      steps.splice(at + by, 0, step);
      done();
    }

    function done() {
      wrong = [];
      draw();
      changed();
    }

    function drop(at) {
      return {
        ondragover: (event) => {
          if (!event.dataTransfer.types.includes("application/x-target")) return;
          event.preventDefault();
          event.currentTarget.classList.add("over");
        },
        ondragleave: (event) => event.currentTarget.classList.remove("over"),
        ondrop: (event) => {
          event.preventDefault();
          event.currentTarget.classList.remove("over");
          add(at, JSON.parse(event.dataTransfer.getData("application/x-target")));
        },
      };
    }

    draw();
    return {
      element,
      get: () => structuredClone(steps),
      set: (next) => { steps = structuredClone(next || []); wrong = []; draw(); },
      fail: (path, text) => {
        const at = Number(/^\[(\d+)\]/.exec(path)?.[1]);
        if (!(at in steps)) return false;
        wrong[at] = text;
        draw();
        return true;
      },
      clear: () => { if (wrong.length) { wrong = []; draw(); } },
      add: (target) => add(steps.length ? steps.length - 1 : -1, target),
    };
  };
}

/** A distribution in one line: names, arrows between steps. */
export function stepsLine(steps, known) {
  return h("span.steps-line", steps.map((step, at) => [at > 0 && icon("right"), h("span", step.targets.map((one) => known.of(one).label).join(", "))]));
}
