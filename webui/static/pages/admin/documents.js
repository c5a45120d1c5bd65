// All documents of a kind as a list; see kinds.js.

import { documents, titleOf } from "../../js/controls.js";
import { h } from "../../js/dom.js";
import { has, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, head, linkButton, nothing } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { fieldOf, importable, KINDS, shown } from "./kinds.js";
import { targets } from "./parts/targets.js";

export default async function page({ page: route, signal, reload }) {
  const kind = route.kind;
  const of = KINDS[kind];
  const named = of.columns.map((name) => fieldOf(kind, name)).filter((one) => one && ["ref", "refs"].includes(one.type)).map((one) => one.kind);
  const [rows, known, ...others] = await Promise.all([
    documents(kind, { fresh: true }), of.columns.some((name) => ["members", "options"].includes(name)) ? targets() : null, ...named.map((one) => documents(one).catch(() => [])),
  ]);
  const titles = new Map(named.flatMap((one, at) => others[at].map((document) => [`${one} ${document.id}`, titleOf(document)])));
  const names = (one, id) => titles.get(`${one} ${id}`) ?? known?.of({ kind: one, ref: id }).label ?? id;
  live.on("configuration", () => reload(), signal);
  const add = may(`${of.resource}:manage`) && linkButton(t("common.add"), `${of.path}/+`, { sign: "plus", kind: "primary" });
  const many = may(`${of.resource}:manage`) && importable(kind) && linkButton(t("admin.import.short"), `/office/import?kind=${kind}`, { sign: "table" });
  return [
    head({ title: t(`kinds.${kind}.title`), text: has(`kinds.${kind}.text`) ? t(`kinds.${kind}.text`) : "", actions: [many, add, ...(of.actions?.() ?? [])] }),
    table({
      label: `kinds.${kind}.title`,
      rows,
      sort: of.columns[0],
      key: (row) => row.id,
      href: (row) => `${of.path}/${encodeURIComponent(row.id)}`,
      empty: nothing(of.icon, t("admin.list.none"), t(`kinds.${kind}.text`), add),
      columns: of.columns.map((name, at) => ({
        name,
        label: name === "id" ? of.idField : (fieldOf(kind, name)?.label ?? `fields.${name}`),
        wide: Array.isArray(rows[0]?.[name]),
        value: (row) => (typeof row[name] === "number" ? row[name] : shown(kind, name, row[name], names) || (at === 0 ? titleOf(row) : "")),
        cell: (row) => cell(kind, name, row, names, at),
      })),
    }).element,
  ];
}

function cell(kind, name, row, names, at) {
  const value = row[name];
  if (name === "enabled") return value ? badge(t("options.enabled.yes"), "good", { dot: true }) : badge(t("options.enabled.no"), "", { dot: true });
  if (name === "on") return value ? badge(t("options.on.yes"), "warn", { dot: true }) : badge(t("options.on.no"), "", { dot: true });
  if (name === "status") return badge(shown(kind, name, value, names), { online: "good", dnd: "bad", away: "warn" }[value] ?? "", { dot: true });
  const text = shown(kind, name, value, names);
  if (text.length > 90) return h("span", { title: text }, `${text.slice(0, 88)} …`);
  return text || (at === 0 ? titleOf(row) : "");
}
