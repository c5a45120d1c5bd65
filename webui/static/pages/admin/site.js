// What holds for the whole office: name, place, holidays, emergency numbers.

import * as api from "../../js/api.js";
import { optionsOf } from "../../js/controls.js";
import { toastSaved } from "../../js/dialog.js";
import { form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { head } from "../../js/parts.js";
import { promptOptions } from "./parts/prompts.js";

const REGIONS = ["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"];

export default async function page({ signal }) {
  const site = await api.get(api.documentPath("site", "main"));
  const made = form({
    signal,
    value: site,
    fields: [
      { title: "admin.site.office", fields: [
        { name: "name", type: "text", label: "fields.site_name", max: 80 },
        { name: "language", type: "select", label: "fields.language", options: [{ value: "de", key: "common.language.de" }, { value: "en", key: "common.language.en" }] },
        { name: "timezone", type: "text", label: "fields.timezone", suggest: () => Intl.supportedValuesOf("timeZone") },
        { name: "music_on_hold", type: "select", label: "fields.music_on_hold", options: () => promptOptions("music") },
      ] },
      { title: "admin.site.place", help: "admin.site.place_help", fields: [
        { name: "country", type: "text", label: "fields.country", max: 2, short: true, suggest: () => ["DE", "AT", "CH"] },
        { name: "region", type: "text", label: "fields.region", short: true, help: "admin.site.region_help", suggest: () => REGIONS },
        { name: "area_code", type: "text", label: "fields.area_code", short: true, help: "admin.site.area_help" },
        { name: "outside_prefix", type: "text", label: "fields.outside_prefix", short: true, help: "admin.site.prefix_help" },
      ] },
      { title: "admin.site.calls", fields: [
        { name: "default_caller_number", type: "select", nullable: true, label: "fields.default_caller_number", options: () => optionsOf("number", (one) => one.number) },
        { name: "class_of_service", type: "ref", kind: "class_of_service", nullable: true, label: "fields.class_of_service" },
        { name: "announce_mobile", type: "switch", label: "fields.announce_mobile" },
      ] },
      { title: "admin.site.rewriting", help: "admin.site.rewriting_help", fields: [
        { name: "rewriting", type: "rows", label: "fields.rewriting", unlabelled: true, wide: true, add: "admin.add.rewriting", flow: true, fresh: () => ({ pattern: "", name: "", strip: 0, prepend: "", enabled: true }), fields: [
          { name: "pattern", type: "phone", label: "fields.pattern", help: "help.patterns", required: true },
          { name: "strip", type: "number", label: "fields.strip", help: "help.strip" },
          { name: "prepend", type: "phone", label: "fields.prepend" },
          { name: "name", type: "text", label: "fields.name", max: 80 },
          { name: "enabled", type: "switch", label: "fields.enabled" }] },
      ] },
      { title: "admin.site.emergency", help: "admin.site.emergency_help", fields: [
        { name: "emergency_numbers", type: "texts", label: "fields.emergency_numbers" },
        { name: "emergency_trunks", type: "refs", kind: "trunk", label: "fields.emergency_trunks" },
      ] },
      { title: "admin.site.alarms", help: "admin.site.alarms_help", fields: [
        { name: "alarm_emails", type: "texts", label: "fields.alarm_emails", add: "admin.add.email" },
        { name: "alarm_numbers", type: "texts", label: "fields.alarm_numbers" },
      ] },
    ],
    save: (changed) => saveDocument("site", site, changed),
    saved: (document) => {
      Object.assign(site, document);
      made.reset(document);
      toastSaved();
    },
  });
  return [head({ title: t("admin.site.title"), text: t("admin.site.text") }), made.element];
}
