// What all desk phones have in common, and what the router can tell them.

import * as api from "../../js/api.js";
import { toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { createDocument, form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { card, head } from "../../js/parts.js";
import { table } from "../../js/table.js";
import { VENDORS } from "./phones.js";

const USUAL = { id: "main", enabled: true, pnp: true, https: false, server: "", cloud: "", cloud_transport: "tls", ntp_server: "pool.ntp.org", admin_password: "", transport: "udp", resync_hour: 3, ring_internal: 1, ring_external: 2 };

export default async function page({ signal }) {
  const [all, hints] = await Promise.all([api.get(api.documentPath("provisioning")), api.get("/phone-dhcp")]);
  let before = all[0] ?? null;
  const transport = (name, label) => ({ name, type: "select", label, options: ["udp", "tcp", "tls"].map((value) => ({ value, key: `options.transport.${value}` })) });
  const made = form({
    signal,
    value: before ?? USUAL,
    fields: [
      { title: "phones.finding", fields: [
        { name: "enabled", type: "switch", label: "phones.set_up" },
        { name: "pnp", type: "switch", label: "phones.pnp", help: "phones.pnp_help" },
        { name: "https", type: "switch", label: "phones.https", help: "phones.https_help" },
        { name: "server", type: "text", label: "phones.server", help: "phones.server_help" },
      ] },
      { title: "phones.told_all", fields: [
        transport("transport", "phones.transport_new"),
        { name: "cloud", type: "text", label: "phones.cloud", help: "phones.cloud_help" },
        { ...transport("cloud_transport", "phones.cloud_transport"), when: (now) => now.cloud !== "" },
        { name: "ntp_server", type: "text", label: "phones.ntp" },
        { name: "admin_password", type: "secret", label: "phones.password", help: "phones.password_help" },
        { name: "resync_hour", type: "number", label: "phones.hour", help: "phones.hour_help" },
        { name: "ring_internal", type: "number", label: "phones.ring_internal" },
        { name: "ring_external", type: "number", label: "phones.ring_external" },
      ] },
    ],
    save: (changed) => (before ? saveDocument("provisioning", before, changed) : createDocument("provisioning", { id: "main", ...changed })),
    saved: (document) => {
      before = { ...(before ?? USUAL), ...document };
      made.reset(before);
      toastSaved();
    },
  });
  return [
    head({ title: t("phones.settings"), text: t("phones.settings_text"), back: { href: "/office/phones", label: t("phones.title") } }),
    h("div.stack", made.element, card(t("phones.dhcp"), h("p", t("phones.dhcp_text")), table({
      label: "phones.dhcp",
      rows: hints,
      search: false,
      columns: [
        { name: "vendor", label: "phones.vendor", value: (row) => VENDORS[row.vendor] },
        { name: "option", label: "phones.option", value: (row) => row.option, number: true },
        { name: "value", label: "phones.value", wide: true, value: (row) => row.value, cell: (row) => [h("span.code", row.value), row.encoded && h("div.code", row.encoded)] },
      ],
    }).element)),
  ];
}
