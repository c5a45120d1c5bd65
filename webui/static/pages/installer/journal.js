// The journal of the whole office: filters, export, how long it is kept.

import * as api from "../../js/api.js";
import { open, tell, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { createDocument, form, saveDocument } from "../../js/form.js";
import { duration, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { badge, button, facts, head, linkButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { heard } from "./heard.js";

const PAGE = 100;
const WAYS = ["in", "out", "inside"];
const RESULTS = ["answered", "missed", "busy", "refused", "failed", "running"];
const FORMATS = ["csv", "xlsx", "xml", "pdf"];
const SIGNS = { in: "incoming", out: "outgoing", inside: "phone" };

export default async function page() {
  const filter = { since: "", until: "", number: "", way: "", result: "", cost_centre: "" };
  const centres = await api.get("/cost-centres").catch(() => []);
  const asked = () => ({
    ...filter,
    since: filter.since ? new Date(`${filter.since}T00:00:00`).toISOString() : "",
    until: filter.until ? new Date(new Date(`${filter.until}T00:00:00`).getTime() + 86_400_000).toISOString() : "",
  });
  let last;
  const ask = async (before) => {
    const found = await api.get("/records", { ...asked(), limit: PAGE, before });
    last = found.length === PAGE ? found.at(-1).call : null;
    return found;
  };
  const wrong = h("p.field-error", { role: "alert", hidden: true });
  const renew = async () => {
    try {
      wrong.hidden = true;
      made.update(await ask());
    } catch (error) {
      fill(wrong, error.problems?.[0]?.message ?? error.message);
      wrong.hidden = false;
    }
  };
  const made = table({
    label: "system.journal.title",
    search: false,
    rows: await ask(),
    more: async () => (last ? ask(last) : []),
    key: (row) => row.call,
    open: (row) => detail(row),
    columns: [
      { name: "started", label: "system.journal.at", value: (row) => row.started, cell: (row) => h("span.row.tight", icon(SIGNS[row.way] || "phone", t(`system.journal.way.${row.way}`)), moment(row.started)) },
      { name: "from", label: "system.calls.from", value: (row) => [row.caller_name, row.caller_number].filter(Boolean).join(" · ") || t("system.calls.withheld") },
      { name: "to", label: "system.calls.to", value: (row) => row.called || row.dialled },
      { name: "length", label: "system.calls.length", number: true, value: (row) => row.answered, cell: (row) => (row.answered && row.ended ? duration((new Date(row.ended) - new Date(row.answered)) / 1000) : "") },
      { name: "result", label: "system.journal.result", value: (row) => row.result, cell: (row) => badge(t(`system.journal.result.${row.result}`), row.result === "answered" ? "good" : row.result === "missed" ? "bad" : "") },
    ],
    empty: [icon("history"), h("p", t("system.journal.none"))],
  });
  const field = (name, label, control) => h("div.field", h("label", { for: `journal-${name}` }, t(label)), control);
  const input = (name, type, label) => field(name, label, h(`input#journal-${name}`, { type, onchange: (event) => { filter[name] = event.target.value; renew(); } }));
  const select = (name, label, options) => field(name, label, h(`select#journal-${name}`, { onchange: (event) => { filter[name] = event.target.value; renew(); } }, h("option", { value: "" }, t("system.journal.all")), options.map(([value, text]) => h("option", { value }, text))));
  return [
    head({ title: t("system.journal.title"), text: t("system.journal.text"), actions: [
      may("connections:manage") && button(t("system.journal.keep"), keep, { sign: "settings" }),
      FORMATS.map((one) => button(one.toUpperCase(), () => api.download("/records/export", `journal.${one}`, { ...asked(), format: one }).catch(tell), { sign: "backup", kind: "small" })),
    ] }),
    h("div.card.filters", h("div.fields",
      input("since", "date", "system.journal.since"), input("until", "date", "system.journal.until"), input("number", "text", "system.journal.number"),
      select("way", "system.journal.way", WAYS.map((one) => [one, t(`system.journal.way.${one}`)])),
      select("result", "system.journal.result", RESULTS.map((one) => [one, t(`system.journal.result.${one}`)])),
      centres.length > 0 && select("cost_centre", "system.journal.cost_centre", centres.map((one) => [one.cost_centre ?? one, one.cost_centre ?? one]))), wrong),
    made.element,
  ];
}

async function detail(row) {
  try {
    const whole = await api.get(`/records/${encodeURIComponent(row.call)}`);
    await open(moment(row.started, { dateStyle: "full", timeStyle: "medium" }), () => [
      facts([
        [t("system.calls.from"), [row.caller_name, row.caller_number].filter(Boolean).join(" · ")],
        [t("system.calls.to"), row.called || row.dialled],
        [t("system.journal.result"), row.cause],
      ]),
      h("ul.plain.lines", whole.legs.map((leg) => h("li.line", icon(leg.direction === "incoming" ? "incoming" : "outgoing"), h("span.party", h("span", leg.party || leg.endpoint), h("small.soft", [leg.endpoint, leg.cause, ...heard(leg.quality)].filter(Boolean).join(" · "))), leg.answered && leg.ended && h("span.number", duration((new Date(leg.ended) - new Date(leg.answered)) / 1000))))),
      may("box:manage") && h("div.actions", linkButton(t("system.log.title"), `/system/diagnostics?call=${encodeURIComponent(row.call)}`, { kind: "small" })),
      whole.notes.length > 0 && h("ul.plain.lines", whole.notes.map((note) => h("li.line", h("span.party", h("span.pre", note.text), h("small.soft", note.author))))),
    ], { side: true });
  } catch (error) {
    tell(error);
  }
}

async function keep() {
  const found = await api.get(api.documentPath("journal")).catch(() => []);
  const now = found.find((one) => one.id === "main") ?? null;
  await open(t("system.journal.keep"), (close) => form({
    guard: false,
    fresh: !now,
    value: now ?? { keep_days: 0, hidden_digits: 0 },
    fields: [
      { name: "keep_days", type: "number", label: "system.journal.keep_days", help: "system.journal.keep_days_help" },
      { name: "hidden_digits", type: "number", label: "system.journal.hidden_digits", help: "system.journal.hidden_digits_help" },
    ],
    save: (changed, all) => (now ? saveDocument("journal", now, changed) : createDocument("journal", { id: "main", ...all })),
    saved: () => {
      toastSaved();
      close(true);
    },
  }).element);
}
