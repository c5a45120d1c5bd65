// Webhooks: where events are posted to, and what became of that.

import * as api from "../../js/api.js";
import { askDelete, open, tell, toastDeleted, toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { moment, t } from "../../js/i18n.js";
import { badge, button, head, iconButton, nothing, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";

const TOPICS = ["call", "leg", "line", "registration", "trunk", "voicemail", "fax", "sms", "alarm", "internet", "outage", "outage_report", "recording", "configuration", "ban"];

export default async function page({ reload }) {
  const rows = await api.get("/webhooks");
  const manage = may("webhooks:manage");
  const add = manage && button(t("admin.webhooks.add"), () => edit(null, reload), { sign: "plus", kind: "primary" });
  return [
    head({ title: t("admin.webhooks.title"), text: t("admin.webhooks.text"), actions: [add] }),
    table({
      label: "admin.webhooks.title",
      rows,
      sort: "id",
      search: false,
      open: manage ? (row) => edit(row, reload) : null,
      empty: nothing("webhook", t("admin.webhooks.none"), t("admin.webhooks.none_text")),
      columns: [
        { name: "id", label: "admin.webhooks.id", value: (row) => row.id },
        { name: "url", label: "admin.webhooks.url", wide: true, value: (row) => row.url, cell: (row) => h("span.code", row.url) },
        { name: "topics", label: "admin.webhooks.topics", value: (row) => row.topics.join(", ") || t("admin.webhooks.all") },
        { name: "enabled", label: "fields.enabled", value: (row) => Number(row.enabled), cell: (row) => (row.enabled ? badge(t("options.enabled.yes"), "good", { dot: true }) : badge(t("options.enabled.no"), "", { dot: true })) },
      ],
      actions: (row) => [
        iconButton("history", t("admin.webhooks.deliveries"), () => deliveries(row)),
        manage && iconButton("trash", t("common.delete"), async () => {
          if (!(await askDelete(row.id))) return;
          try {
            await api.remove(`/webhooks/${encodeURIComponent(row.id)}`);
            toastDeleted();
            await reload();
          } catch (error) {
            tell(error);
          }
        }),
      ],
    }).element,
  ];
}

function edit(before, reload) {
  open(before ? before.id : t("admin.webhooks.add"), (close) => form({
    guard: false,
    fresh: true,
    value: before ?? { id: "", url: "", topics: ["call"], enabled: true },
    fields: [
      ...(before ? [] : [{ name: "id", type: "text", label: "admin.webhooks.id", required: true, help: "admin.webhooks.id_help" }]),
      { name: "url", type: "text", label: "admin.webhooks.url", required: true, wide: true, help: "admin.webhooks.url_help" },
      { name: "topics", type: "choices", label: "admin.webhooks.topics", help: "admin.webhooks.topics_help", options: TOPICS, wide: true },
      { name: "enabled", type: "switch", label: "fields.enabled" },
    ],
    save: (_changed, all) => api.put(`/webhooks/${encodeURIComponent(before?.id ?? all.id)}`, { url: all.url, topics: all.topics, enabled: all.enabled }),
    saved: async (made) => {
      close(true);
      toastSaved();
      if (made.secret) await open(t("admin.webhooks.secret"), (done) => [notice(t("admin.webhooks.once"), "warn"), h("input.code", { type: "text", readOnly: true, value: made.secret, "aria-label": t("admin.webhooks.secret") }), h("div.actions", button(t("common.ok"), () => done(), { kind: "primary" }))]);
      await reload();
    },
  }).element);
}

async function deliveries(row) {
  try {
    const found = await api.get(`/webhooks/${encodeURIComponent(row.id)}/deliveries`, { limit: 100 });
    await open(t("admin.webhooks.deliveries"), () => table({
      label: "admin.webhooks.deliveries",
      search: false,
      rows: found,
      columns: [
        { name: "at", label: "admin.log.at", value: (one) => one.created, cell: (one) => moment(new Date(one.created * 1000)) },
        { name: "topic", label: "admin.webhooks.topic", value: (one) => one.topic },
        { name: "state", label: "admin.webhooks.state", value: (one) => t(`options.delivery.${one.state}`) },
        { name: "error", label: "admin.webhooks.error", value: (one) => one.error },
      ],
    }).element, { wide: true });
  } catch (error) {
    tell(error);
  }
}
