// A DECT base that was seen in the network becomes part of a system, an existing one or its own.

import { documents } from "../../js/controls.js";
import { open, toast } from "../../js/dialog.js";
import { createDocument, form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";

/** Ask which system, and add it. */
export async function adoptBase(seen, reload) {
  const systems = (await documents("dect_system", { fresh: true })).filter((one) => one.family === seen.vendor);
  const mac = seen.mac.toUpperCase();
  await open(t("phones.base.adopt"), (close) => form({
    guard: false,
    fresh: true,
    label: "phones.base.adopt",
    value: { system: systems[0]?.id ?? "", name: "", location: "", pin: "" },
    fields: [
      { name: "system", type: "select", label: "phones.base.system", options: [...systems.map((one) => ({ value: one.id, label: one.name || one.id })), { value: "", label: t("phones.base.new") }] },
      { name: "name", type: "text", label: "phones.base.name", max: 80 },
      { name: "location", type: "text", label: "phones.base.location", max: 80 },
      { name: "pin", type: "text", label: "phones.base.pin", help: "phones.base.pin_help", inputmode: "numeric", short: true, max: 8, required: true, when: (now) => !now.system },
    ],
    save: (_changed, { system, name, location, pin }) => {
      const base = { mac, name, location, model: seen.model || "" };
      const before = systems.find((one) => one.id === system);
      if (before) return saveDocument("dect_system", before, { bases: [...before.bases, base] });
      return createDocument("dect_system", { id: `dect-${seen.mac.slice(-6)}`, family: seen.vendor, name, pin, bases: [{ ...base, manager: true }] });
    },
    saved: async () => {
      close(true);
      toast(t("phones.base.adopted"));
      await reload();
    },
  }).element);
}
