// Tokens: how programs get in, with the rights they need and no more.

import * as api from "../../js/api.js";
import { askDelete, open, tell, toastDeleted } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { moment, t } from "../../js/i18n.js";
import { button, head, iconButton, nothing, notice } from "../../js/parts.js";
import { session } from "../../js/session.js";
import { table } from "../../js/table.js";

export default async function page({ reload }) {
  const rows = await api.get("/tokens");
  const add = button(t("admin.tokens.add"), () => open(t("admin.tokens.add"), (close) => form({
    guard: false,
    fresh: true,
    label: "admin.tokens.make",
    value: { name: "", scopes: ["records:read"], days: 365 },
    fields: [
      { name: "name", type: "text", label: "fields.name", required: true, help: "admin.tokens.name_help", wide: true },
      { name: "scopes", type: "refs", label: "admin.tokens.scopes", help: "admin.tokens.scopes_help", options: () => ["*", ...Object.keys(session().rights)] },
      { name: "days", type: "number", label: "admin.tokens.days", unit: "common.unit.days", help: "admin.tokens.days_help" },
    ],
    save: (_changed, all) => api.post("/tokens", all),
    saved: async (made) => {
      close(true);
      await open(t("admin.tokens.made"), (done) => [notice(t("admin.tokens.once"), "warn"), h("input.code", { type: "text", readOnly: true, value: made.token, "aria-label": t("admin.tokens.made"), onfocus: (event) => event.target.select() }), h("div.actions", button(t("common.ok"), () => done(), { kind: "primary" }))]);
      await reload();
    },
  }).element), { sign: "plus", kind: "primary" });
  const time = (value) => (value ? moment(new Date(value * 1000)) : "");
  return [
    head({ title: t("admin.tokens.title"), text: t("admin.tokens.text"), actions: [add] }),
    table({
      label: "admin.tokens.title",
      rows,
      sort: "name",
      search: false,
      empty: nothing("link", t("admin.tokens.none"), t("admin.tokens.none_text")),
      columns: [
        { name: "name", label: "fields.name", value: (row) => row.name },
        { name: "account", label: "common.login.account", value: (row) => row.account },
        { name: "scopes", label: "admin.tokens.scopes", wide: true, value: (row) => row.scopes.join(", "), cell: (row) => h("span.code", row.scopes.join(", ")) },
        { name: "created", label: "admin.tokens.created", value: (row) => row.created ?? 0, cell: (row) => time(row.created) },
        { name: "expires", label: "admin.tokens.expires", value: (row) => row.expires ?? 0, cell: (row) => time(row.expires) || t("admin.tokens.never") },
        { name: "used", label: "admin.tokens.used", value: (row) => row.used ?? 0, cell: (row) => time(row.used) },
      ],
      actions: (row) => iconButton("trash", t("common.delete"), async () => {
        if (!(await askDelete(row.name))) return;
        try {
          await api.remove(`/tokens/${encodeURIComponent(row.id)}`);
          toastDeleted();
          await reload();
        } catch (error) {
          tell(error);
        }
      }),
    }).element,
  ];
}
