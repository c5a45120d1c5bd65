// The journal: every own call, notes on it, and calling back.

import * as api from "../../js/api.js";
import { askDelete, open, tell, toastDeleted, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { duration, has, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, facts, head, iconButton } from "../../js/parts.js";
import { may, session } from "../../js/session.js";
import { table } from "../../js/table.js";
import { call, chooser, colleagues, nameOf, party, seconds } from "./own.js";

const PAGE = 60;

export default async function page({ reload, signal }) {
  const people = await colleagues();
  const filter = { number: "", noted: false };
  const ask = (before) => api.get("/records", { limit: PAGE, before, number: filter.number, noted: filter.noted || undefined });
  const first = await ask();
  let last = first.at(-1)?.call;
  const made = table({
    label: "user.calls.title",
    rows: first,
    key: (row) => row.call,
    open: (row) => detail(row, people),
    find: async (text) => {
      filter.number = text.replace(/[^\d+*#]/g, "");
      const found = await ask();
      last = found.at(-1)?.call;
      return found;
    },
    more: async () => {
      if (!last) return [];
      const found = await ask(last);
      last = found.at(-1)?.call;
      return found;
    },
    tools: [h("span.choice", h("input#noted", { type: "checkbox", onchange: async (event) => {
      filter.noted = event.target.checked;
      const found = await ask();
      last = found.at(-1)?.call;
      made.update(found);
    } }), h("label", { for: "noted" }, t("user.calls.noted")))],
    columns: [
      { name: "party", label: "user.calls.party", sort: false, value: (row) => other(row, people).name || other(row, people).number, cell: (row) => h("span.row.tight", direction(row), party(other(row, people).number, other(row, people).name)) },
      { name: "started", label: "user.calls.at", value: (row) => row.started, cell: (row) => moment(row.started) },
      { name: "length", label: "user.calls.length", number: true, value: (row) => seconds(row.answered, row.ended), cell: (row) => (row.answered ? duration(seconds(row.answered, row.ended)) : badge(t(out(row) ? "user.calls.unanswered" : "user.calls.missed"), out(row) ? "" : "bad")) },
    ],
    actions: may("calls:change@own") && ((row) => other(row, people).number && iconButton("phone", t("user.call_back", { name: other(row, people).name || other(row, people).number }), () => call(other(row, people).number))),
    empty: [icon("history"), h("p", t("user.calls.empty"))],
  });
  const renew = async () => {
    if (filter.number || filter.noted) return;
    const found = await ask();
    const known = new Set(made.rows().map((one) => one.call));
    const fresh = found.filter((one) => !known.has(one.call));
    const now = new Map(found.map((one) => [one.call, one]));
    made.update([...fresh, ...made.rows().map((one) => now.get(one.call) ?? one)]);
  };
  live.on("call", live.soon(400, () => renew().catch(tell), signal), signal);
  live.onReturn(() => renew().catch(tell), signal);
  return [head({ title: t("user.calls.title"), text: t("user.calls.text"), actions: [chooser(reload), ["csv", "xlsx", "pdf"].map((one) => button(one.toUpperCase(), () => api.download("/records/export", `calls.${one}`, { format: one }).catch(tell), { sign: "backup", kind: "small quiet" }))] }), made.element];
}

/** Whether the own extension called. */
function out(row) {
  return session().extensions.some((one) => one.number === row.caller_number);
}

function other(row, people) {
  if (out(row)) return { number: row.dialled, name: nameOf(row.called || row.dialled, "", people) };
  return { number: row.caller_number, name: row.withheld ? "" : nameOf(row.caller_number, row.caller_name, people) };
}

function direction(row) {
  if (out(row)) return icon("outgoing", t("user.calls.out"));
  return row.answered ? icon("incoming", t("user.calls.in")) : h("span.bad-sign", icon("missed", t("user.calls.missed")));
}

async function detail(row, people) {
  let whole;
  try {
    whole = await api.get(`/records/${encodeURIComponent(row.call)}`);
  } catch (error) {
    tell(error);
    return;
  }
  const who = other(row, people);
  await open(who.name || who.number || t("user.withheld"), (close) => {
    const notes = h("div.stack");
    const draw = (list) => fill(notes, list.length ? list.map((one) => noteCard(row, one, renew)) : h("p.soft", t("user.note.none")));
    const renew = async () => draw((await api.get(`/records/${encodeURIComponent(row.call)}`)).notes);
    draw(whole.notes);
    const called = row.number ? row.called : "";
    return [
      facts([
        [t("user.calls.number"), who.number && h("span.number", who.number)],
        [t("user.calls.at"), moment(row.started, { dateStyle: "full", timeStyle: "medium" })],
        [t("user.calls.called"), called],
        [t("user.calls.length"), row.answered && duration(seconds(row.answered, row.ended))],
        [t("user.calls.end"), row.cause && has(`user.cause.${row.cause}`) ? t(`user.cause.${row.cause}`) : row.cause],
        [t("user.calls.parties"), whole.legs.filter((leg) => leg.answered).map((leg) => people.find((one) => one.number === leg.party)?.name || leg.party).filter(Boolean).join(", ")],
      ]),
      who.number && may("calls:change@own") && h("div.actions", h("button.primary", { type: "button", onclick: () => { close(); call(who.number); } }, icon("phone"), t("user.call"))),
      h("section.below", h("h3", t("user.note.title")), notes, may("notes:change@own") && noteForm(row, renew)),
    ];
  }, { side: true });
}

function noteCard(row, note, renew) {
  const own = note.author === (session().name || session().account);
  return h("article.card.note",
    h("p.pre", note.text),
    h("p.soft.small", [note.author, moment(note.changed || note.written), note.reference].filter(Boolean).join(" · ")),
    own && may("notes:manage@own") && h("div.actions", iconButton("trash", t("common.delete"), async () => {
      if (!(await askDelete(t("user.note.this")))) return;
      try {
        await api.remove(`/records/${encodeURIComponent(row.call)}/notes/${encodeURIComponent(note.note)}`);
        toastDeleted();
        await renew();
      } catch (error) {
        tell(error);
      }
    })));
}

function noteForm(row, renew) {
  const made = form({
    guard: false,
    fresh: true,
    label: "user.note.add",
    fields: [
      { name: "text", type: "area", label: "user.note.text", wide: true, max: 4000 },
      { name: "reference", type: "text", label: "user.note.reference", help: "user.note.reference_help" },
      { name: "emails", type: "texts", label: "user.note.emails" },
    ],
    save: (_changed, all) => api.post(`/records/${encodeURIComponent(row.call)}/notes`, all),
    saved: async () => {
      made.reset({});
      toastSaved();
      await renew();
    },
  });
  return h("details.note-new", h("summary", t("user.note.write")), made.element);
}

