// Feature codes: what is dialled for what, and other codes instead.

import * as api from "../../js/api.js";
import { documents } from "../../js/controls.js";
import { open, toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { createDocument, form, saveDocument } from "../../js/form.js";
import { has, t } from "../../js/i18n.js";
import { badge, head } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";

export default async function page({ reload }) {
  const [plan, own] = await Promise.all([api.get("/numbers"), documents("feature_code", { fresh: true })]);
  const rows = plan.codes.map((one) => ({ id: one.action, code: one.code, usual: one.usual, enabled: Boolean(one.code) }));
  const name = (row) => (has(`options.feature.${row.id}`) ? t(`options.feature.${row.id}`) : row.id);
  const edit = may("office:change") ? (row) => change(row, own.find((one) => one.id === row.id), name(row), reload) : null;
  return [
    head({ title: t("admin.codes.title"), text: t("admin.codes.text") }),
    table({
      label: "admin.codes.title",
      rows,
      sort: "code",
      key: (row) => row.id,
      open: edit,
      columns: [
        { name: "code", label: "fields.code", value: (row) => row.code, cell: (row) => h("code.code", row.code || "–") },
        { name: "name", label: "admin.codes.does", value: name },
        { name: "own", label: "admin.codes.state", value: (row) => (own.some((one) => one.id === row.id) ? 1 : 0), cell: (row) => (row.enabled === false ? badge(t("options.enabled.no")) : own.some((one) => one.id === row.id) ? badge(t("admin.codes.own"), "accent") : "") },
      ],
    }).element,
  ];
}

function change(row, before, title, reload) {
  open(title, (close) => form({
    guard: false,
    fresh: !before,
    value: before ?? { id: row.id, code: row.code, enabled: true },
    fields: [
      { name: "code", type: "text", label: "fields.code", short: true, help: "admin.codes.help" },
      { name: "enabled", type: "switch", label: "fields.enabled" },
    ],
    save: (changed, all) => (before ? saveDocument("feature_code", before, changed) : createDocument("feature_code", { ...all, id: row.id })),
    saved: async () => {
      close(true);
      toastSaved();
      await reload();
    },
  }).element);
}
