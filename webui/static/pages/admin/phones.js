// Desk phones: those that were seen and wait, those that the box sets up, and how they are.

import * as api from "../../js/api.js";
import { documents } from "../../js/controls.js";
import { open, tell, toast } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { moment, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, button, card, head, iconButton, linkButton, nothing } from "../../js/parts.js";
import { table } from "../../js/table.js";
import { adoptBase } from "./dect-base.js";

export const VENDORS = { snom: "Snom", yealink: "Yealink", gigaset: "Gigaset", grandstream: "Grandstream", panasonic: "Panasonic", mitel: "Mitel", poly: "Poly", fanvil: "Fanvil" };

/** A MAC address as it stands on a phone. */
export const written = (mac) => mac.toUpperCase().match(/../g).join(":");

export default async function page({ reload, signal }) {
  const [waiting, phones] = await Promise.all([api.get("/phones/discovered"), api.get("/phones")]);
  const kind = (row) => [VENDORS[row.vendor] ?? row.vendor, row.model].filter(Boolean).join(" ");
  const seen = table({
    label: "phones.waiting",
    rows: waiting,
    search: false,
    key: (row) => row.mac,
    empty: nothing("search", t("phones.nobody"), t("phones.nobody_text")),
    columns: [
      { name: "mac", label: "phones.mac", value: (row) => row.mac, cell: (row) => h("span.code", written(row.mac)) },
      { name: "kind", label: "phones.kind", value: kind },
      { name: "address", label: "phones.address", value: (row) => row.address },
      { name: "how", label: "phones.how", value: (row) => t(`phones.how.${row.how}`) },
      { name: "last", label: "phones.last", value: (row) => row.last, cell: (row) => moment(row.last) },
    ],
    actions: (row) => [
      row.dect ? [badge(t("phones.dect")), button(t("phones.base.adopt"), () => adoptBase(row, reload), { kind: "small primary" })] : button(t("phones.adopt"), () => adopt(row, reload), { kind: "small primary" }),
      iconButton("trash", t("phones.forget"), async () => {
        try {
          await api.remove(`/phones/discovered/${row.mac}`);
          await reload();
        } catch (error) {
          tell(error);
        }
      }),
    ],
  });
  const known = table({
    label: "phones.known",
    rows: phones,
    sort: "numbers",
    key: (row) => row.mac,
    href: (row) => `/office/phones/${row.id}`,
    empty: nothing("phone", t("phones.none"), t("phones.none_text")),
    columns: [
      { name: "numbers", label: "phones.numbers", value: (row) => row.numbers.join(", ") },
      { name: "name", label: "fields.name", value: (row) => row.name },
      { name: "kind", label: "phones.kind", value: kind },
      { name: "mac", label: "phones.mac", value: (row) => row.mac, cell: (row) => h("span.code", written(row.mac)) },
      { name: "state", label: "phones.state", value: (row) => row.registered.length, cell: state },
      { name: "version", label: "phones.version", value: (row) => row.version },
      { name: "fetched", label: "phones.fetched", value: (row) => row.fetched ?? "", cell: (row) => (row.fetched ? moment(row.fetched) : "") },
    ],
  });
  for (const topic of ["phone", "registration"]) live.on(topic, () => refresh(), signal);
  let asked = false;
  async function refresh() {
    if (asked) return;
    asked = true;
    setTimeout(async () => {
      asked = false;
      if (signal.aborted) return;
      try {
        seen.update(await api.get("/phones/discovered", {}, { signal }));
        known.update(await api.get("/phones", {}, { signal }));
      } catch (error) {
        tell(error);
      }
    }, 300);
  }
  return [
    head({
      title: t("phones.title"), text: t("phones.text"),
      actions: [linkButton(t("phones.settings"), "/office/phone-settings", { sign: "settings" }), button(t("phones.add"), () => adopt(null, reload), { sign: "plus", kind: "primary" })],
    }),
    h("div.stack", card(t("phones.waiting"), seen.element), card(t("phones.known"), known.element)),
  ];
}

/** How a phone is: registered, waiting for it to fetch, or away. */
export function state(row) {
  if (row.enabled === false) return badge(t("options.enabled.no"));
  if (row.registered.length) return badge(t("phones.registered"), "good", { dot: true });
  if (row.open_until) return badge(t("phones.open"), "warn", { dot: true });
  return badge(t(row.fetched ? "phones.away" : "phones.never"), "bad", { dot: true });
}

async function adopt(seen, reload) {
  const extensions = await documents("extension");
  const options = extensions.map((one) => ({ value: one.number, label: [one.number, one.name].filter(Boolean).join(" ") }));
  await open(t("phones.adopt"), (close) => form({
    guard: false,
    fresh: true,
    label: "phones.adopt",
    value: { mac: seen?.mac ?? "", extension: options[0]?.value ?? "", vendor: seen?.vendor ?? "", template: null, minutes: 60 },
    fields: [
      { name: "mac", type: "text", label: "phones.mac", required: true, help: "phones.mac_help", disabled: Boolean(seen) },
      { name: "vendor", type: "select", label: "phones.vendor", options: [{ value: "", label: "–" }, ...Object.entries(VENDORS).map(([value, label]) => ({ value, label }))] },
      { name: "extension", type: "select", label: "phones.extension", options, help: "phones.extension_help" },
      { name: "template", type: "ref", kind: "phone_template", nullable: true, label: "phones.template" },
      { name: "minutes", type: "number", label: "phones.minutes", unit: "phones.unit", help: "phones.minutes_help" },
    ],
    save: (_changed, all) => api.post("/phones", { ...all, mac: seen?.mac ?? all.mac, template: all.template ?? "" }),
    saved: async (made) => {
      close(true);
      toast(t(made.told ? "phones.adopted_told" : "phones.adopted"));
      await reload();
    },
  }).element);
}
