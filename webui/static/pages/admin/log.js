// Who changed what, and taking it back.

import * as api from "../../js/api.js";
import { forget } from "../../js/controls.js";
import { ask, tell, toast } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { has, moment, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, head, iconButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";

const LIMIT = 1000;

export default async function page({ signal }) {
  const read = async () => (await api.get("/configuration/log", { limit: LIMIT })).reverse();
  const made = table({
    label: "admin.log.title",
    rows: await read(),
    key: (row) => row.id,
    columns: [
      { name: "at", label: "admin.log.at", value: (row) => row.at, cell: (row) => moment(row.at, { dateStyle: "short", timeStyle: "medium" }) },
      { name: "who", label: "admin.log.who", value: (row) => row.who },
      { name: "what", label: "admin.log.what", value: (row) => `${kindName(row.kind)} ${row.entity}`, cell: (row) => h("span", h("strong", kindName(row.kind)), ` ${row.entity}`) },
      { name: "action", label: "admin.log.action", value: (row) => row.action, text: (row) => `${t(`admin.log.did.${row.action}`)} ${row.field ?? ""}`, cell: (row) => h("span", badge(t(`admin.log.did.${row.action}`), { create: "good", delete: "bad" }[row.action] ?? ""), row.field && ` ${fieldName(row.field)}`) },
      { name: "value", label: "admin.log.value", wide: true, sort: false, value: (row) => (row.value === null || row.value === undefined ? "" : JSON.stringify(row.value)), cell: (row) => h("span", row.old !== null && row.old !== undefined && [h("s.old", shorten(row.old)), " "], shorten(row.value)) },
    ],
    actions: may("history:change") ? (row) => iconButton("undo", t("admin.log.undo"), () => undo(row)) : null,
  });

  async function undo(row) {
    if (!(await ask(t("admin.log.undo"), t("admin.log.undo_text", { what: `${kindName(row.kind)} ${row.entity}` }), { yes: t("admin.log.undo") }))) return;
    try {
      await api.post("/configuration/undo", { operation: row.id });
      forget();
      toast(t("admin.log.undone"));
      made.update(await read());
    } catch (error) {
      tell(error);
    }
  }

  let soon = 0;
  live.on("configuration", () => {
    clearTimeout(soon);
    soon = setTimeout(async () => made.update(await read()), 300);
  }, signal);
  return [head({ title: t("admin.log.title"), text: t("admin.log.text") }), made.element];
}

function kindName(kind) {
  return has(`kinds.${kind}.one`) ? t(`kinds.${kind}.one`) : kind;
}

function fieldName(name) {
  return has(`fields.${name}`) ? t(`fields.${name}`) : name;
}

function shorten(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return h("span.code", { title: text }, text.length > 80 ? `${text.slice(0, 78)} …` : text);
}
