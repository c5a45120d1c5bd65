// One desk phone: how it is, its keys, what it is told, and what can be done with it.

import * as api from "../../js/api.js";
import { askDelete, open, tell, toast, toastDeleted, toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { deleteDocument, form, saveDocument } from "../../js/form.js";
import { moment, t } from "../../js/i18n.js";
import { button, card, facts, head, notice } from "../../js/parts.js";
import { KINDS } from "./kinds.js";
import { state, VENDORS, written } from "./phones.js";

export default async function page({ params, signal, go, reload }) {
  const before = await api.get(api.documentPath("phone", params.id));
  const now = (await api.get("/phones")).find((one) => one.id === before.id);
  const keys = KINDS.phone_template.fields.find((one) => one.name === "keys");
  const labelled = (field) => ({ label: `fields.${field.name}`, ...field, ...(field.fields ? { fields: field.fields.map(labelled) } : {}) });
  const made = form({
    signal,
    value: before,
    fields: [
      { title: "phones.settings_of", fields: [
        { name: "name", type: "text", label: "fields.name", max: 80 },
        { name: "enabled", type: "switch", label: "fields.enabled" },
        { name: "devices", type: "refs", kind: "device", label: "phones.devices", help: "phones.devices_help" },
        { name: "transport", type: "select", label: "fields.transport", options: ["udp", "tcp", "tls"].map((value) => ({ value, key: `options.transport.${value}` })) },
        { name: "language", type: "select", nullable: true, none: "options.language.site", label: "fields.language", options: [{ value: "de", key: "common.language.de" }, { value: "en", key: "common.language.en" }] },
        { name: "template", type: "ref", kind: "phone_template", nullable: true, label: "phones.template" },
      ] },
      { title: "phones.keys_own", help: "phones.keys_help", fields: [labelled(keys)] },
    ],
    save: (changed) => saveDocument("phone", before, changed),
    saved: (document) => {
      Object.assign(before, document);
      made.reset(document);
      toastSaved();
      return reload();
    },
    more: button(t("common.delete"), async () => {
      if (!(await askDelete(before.name || written(before.mac)))) return;
      try {
        await deleteDocument("phone", before.id);
        toastDeleted();
        go("/office/phones", { force: true });
      } catch (error) {
        tell(error);
      }
    }, { sign: "trash", kind: "quiet bad" }),
  });
  const act = (verb, said) => async () => {
    try {
      await api.post(`/phones/${before.mac}/${verb}`);
      toast(t(said));
      if (verb === "open") await reload();
    } catch (error) {
      tell(error);
    }
  };
  const shown = [
    [t("phones.state"), state(now)],
    [t("phones.numbers"), now.numbers.join(", ")],
    [t("phones.kind"), [VENDORS[now.vendor], now.model].filter(Boolean).join(" ")],
    [t("phones.version"), now.version],
    [t("phones.mac"), h("span.code", written(now.mac))],
    [t("phones.address"), now.address],
    [t("phones.fetched"), now.fetched && moment(now.fetched)],
    [t("phones.open_until"), now.open_until && moment(now.open_until)],
    [t("phones.pinned"), now.pinned],
  ];
  return [
    head({
      title: before.name || [now.numbers.join(", "), VENDORS[now.vendor], now.model].filter(Boolean).join(" "),
      back: { href: "/office/phones", label: t("phones.title") },
      actions: [
        button(t("phones.preview"), () => preview(before.mac), { sign: "eye" }),
        button(t("phones.resync"), act("resync", "phones.told"), { sign: "refresh" }),
        button(t("phones.reboot"), act("reboot", "phones.told"), { sign: "undo" }),
        button(t("phones.open_again"), act("open", "phones.opened"), { sign: "key" }),
      ],
    }),
    h("div.stack",
      now.refused && notice(t("phones.refused", { address: now.refused_from, time: moment(now.refused) }), "warn"),
      card(t("phones.now"), facts(shown)),
      made.element),
  ];
}

async function preview(mac) {
  try {
    const found = await api.get(`/phones/${mac}/preview`);
    await open(found.file, () => [found.left_out.map((one) => notice(one, "warn")), h("pre", { tabindex: "0" }, found.text)], { wide: true });
  } catch (error) {
    tell(error);
  }
}
