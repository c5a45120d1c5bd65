// One public number: its week as a picture, its scenarios, who rings when, and a box to try it.

import * as api from "../../js/api.js";
import { documents, optionsOf } from "../../js/controls.js";
import { askDelete, tell, toastDeleted, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { createDocument, deleteDocument, form, saveDocument } from "../../js/form.js";
import { moment, t } from "../../js/i18n.js";
import { badge, button, card, head, iconButton, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { promptOptions } from "./parts/prompts.js";
import { scenariosControl } from "./parts/scenarios.js";
import { stepsControl } from "./parts/steps.js";
import { targets } from "./parts/targets.js";
import { tryBox } from "./parts/tryit.js";
import { week } from "./parts/week.js";

const EMPTY = { number: "", name: "", steps: [], greeting: "", voicemail: "", scenarios: [], override: "", diverting_shows: "own", language: null, music_on_hold: "", fax_box: null, returning: false, node: "", backup: [] };
const OTHERWISE = "otherwise";

export default async function page({ params, query, go, signal }) {
  const fresh = params.id === "+";
  const [number, known, switches, plan] = await Promise.all([
    fresh ? { ...EMPTY, number: query.number || "" } : api.get(api.documentPath("number", params.id)), targets(), documents("switch").catch(() => []), fresh ? api.get("/numbers") : null,
  ]);
  const manage = may("office:change");
  const boxes = await optionsOf("voicemail_box").catch(() => []);
  const places = (await documents("instance").catch(() => [])).map((one) => ({ value: one.id, label: one.id }));
  if (number.node && !places.some((one) => one.value === number.node)) places.push({ value: number.node, label: number.node });
  let made = null;
  const state = { first: "", days: [] };

  // -- the picture of the week
  const picture = week({ choose: (name) => scenarios().choose(name), paint: manage ? (span) => scenarios().paint(span) : null });
  const weekTitle = h("span.soft");
  const nowBadge = h("span");
  let drawing = 0;
  const redraw = () => {
    clearTimeout(drawing);
    drawing = setTimeout(draw, 120);
  };
  async function draw() {
    const now = made.get();
    try {
      const found = await api.post("/numbers/week", { id: fresh ? "" : params.id, first: state.first, scenarios: now.scenarios, override: now.override || "" }, { signal });
      const { days, now: holds } = found.numbers[0];
      state.days = days;
      const names = now.scenarios.map((one) => one.name);
      picture.update(days, names, found.now);
      fill(weekTitle, `${moment(`${days[0].date}T12:00:00`, { day: "numeric", month: "long" })} – ${moment(`${days[6].date}T12:00:00`, { day: "numeric", month: "long", year: "numeric" })}`);
      fill(nowBadge, badge(t("admin.number.now", { name: holds || t("admin.number.otherwise") }), now.override ? "warn" : "accent", { dot: true }));
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 422) tell(error);
    }
  }
  const shift = (by) => {
    const first = new Date(`${state.days[0]?.date ?? new Date().toISOString().slice(0, 10)}T12:00:00Z`);
    first.setUTCDate(first.getUTCDate() + by);
    state.first = by ? first.toISOString().slice(0, 10) : "";
    draw();
  };

  // -- the form
  const after = (voicemail) => () => (voicemail() ? t("admin.steps.then_box", { name: boxes.find((one) => one.value === voicemail())?.label ?? voicemail() }) : t("admin.steps.then"));
  made = form({
    signal,
    fresh,
    readOnly: !manage,
    value: number,
    fields: [
      { title: "admin.number.scenarios", help: "admin.number.scenarios_help", fields: [
        { name: "scenarios", label: "admin.number.scenarios", unlabelled: true, wide: true, control: (field, value, changed) => scenariosControl({ known, switches, boxes, after })(field, value, () => { changed(); redraw(); }) },
      ] },
      { title: "admin.number.otherwise_title", help: "admin.number.otherwise_help", fields: [
        { name: "steps", label: "admin.number.rings", unlabelled: true, wide: true, control: stepsControl(known, { after: after(() => made?.get().voicemail ?? number.voicemail) }) },
        { name: "voicemail", type: "select", label: "fields.voicemail_box", nullable: false, options: () => [{ value: "", key: "admin.number.voicemail_none" }, ...boxes] },
        { name: "greeting", type: "select", label: "fields.greeting_before", options: () => promptOptions("announcement") },
      ] },
      { title: "admin.number.backup", help: "admin.number.backup_help", fields: [
        { name: "node", type: "select", nullable: false, label: "fields.home_node", help: "admin.number.node_help", options: () => [{ value: "", key: "admin.number.node_any" }, ...places] },
        { name: "backup", label: "admin.number.backup", unlabelled: true, wide: true, control: stepsControl(known, { after: () => t("admin.steps.then") }) },
      ] },
      { title: "admin.number.about", fields: [
        { name: "number", type: "phone", label: "fields.number", required: true, help: "admin.number.number_help", suggest: fresh ? () => plan.public.filter((one) => one.free).slice(0, 200).map((one) => one.number) : null },
        { name: "name", type: "text", label: "fields.name", max: 80 },
        { name: "override", type: "select", label: "fields.override", help: "admin.number.override_help", options: () => [{ value: "", key: "admin.number.by_time" }, { value: OTHERWISE, key: "admin.number.otherwise" }, ...number.scenarios.map((one) => ({ value: one.name, label: one.name }))] },
        { name: "returning", type: "switch", label: "fields.returning", help: "admin.number.returning_help" },
        { name: "fax_box", type: "ref", kind: "fax_box", nullable: true, label: "fields.fax_box", help: "admin.number.fax_help" },
        { name: "music_on_hold", type: "select", label: "fields.music_on_hold", options: () => promptOptions("music") },
        { name: "language", type: "select", nullable: true, none: "admin.number.language_none", label: "fields.language", options: [{ value: "de", key: "common.language.de" }, { value: "en", key: "common.language.en" }] },
        { name: "diverting_shows", type: "select", label: "fields.diverting_shows", options: [{ value: "own", key: "options.shown.own" }, { value: "caller", key: "options.shown.caller" }] },
      ] },
    ],
    save: (changed, all) => (fresh ? createDocument("number", { ...all, id: idOf(all.number) }) : saveDocument("number", number, changed)),
    saved: (document) => {
      toastSaved();
      if (fresh) go(`/office/numbers/${encodeURIComponent(document.id)}`, { replace: true, force: true });
      else {
        Object.assign(number, document);
        made.reset(document);
        draw();
        tried.go();
      }
    },
    more: !fresh && may("office:manage") && button(t("common.delete"), async () => {
      if (!(await askDelete(number.name || number.number))) return;
      try {
        await deleteDocument("number", number.id);
        toastDeleted();
        go("/office/numbers", { force: true });
      } catch (error) {
        tell(error);
      }
    }, { sign: "trash", kind: "quiet bad" }),
  });
  made.element.classList.add("wide-form");
  made.part("override").control.input.addEventListener("change", redraw);
  const scenarios = () => made.part("scenarios").control;

  // -- trying it
  const tried = tryBox({ to: number.number });
  draw();
  if (!fresh) tried.go();
  return [
    head({ title: fresh ? t("admin.number.add") : number.name || number.number, text: fresh ? "" : number.name ? number.number : "", badge: fresh ? null : nowBadge, back: { href: "/office/numbers", label: t("admin.numbers.title") } }),
    h("section.card.week-card", h("div.card-head", h("h2", t("admin.number.week")), weekTitle,
      iconButton("left", t("admin.number.week_before"), () => shift(-7)), h("button.quiet.small", { type: "button", onclick: () => shift(0) }, t("admin.number.week_now")), iconButton("right", t("admin.number.week_after"), () => shift(7))),
      picture.element, manage && h("p.soft.small", t("admin.number.week_help"))),
    made.element,
    !fresh && card(t("admin.try.title"), notice(t("admin.try.text")), tried.element),
  ];
}

/** An id of a number: its digits. */
function idOf(number) {
  return number.replace(/[^0-9]/g, "") || "x";
}
