// The documents of the office as data: what a list shows, what a form asks. Pages of a kind need no code of their own.
//
// A kind: {path, icon, resource, columns, sections or fields, fresh, single?, idFrom?, extra?(document, context) → nodes}
// Fields without a label have that of their name in the catalogue `fields`.

import * as api from "../../js/api.js";
import { documents, optionsOf } from "../../js/controls.js";
import { compare, t } from "../../js/i18n.js";
import { drawn } from "../../js/random.js";
import { greetingOptions, promptOptions } from "./parts/prompts.js";
import { menuOptions } from "./parts/menu.js";
import { macControl } from "./parts/mac.js";
import { targetControl, targetsControl } from "./parts/target.js";
import { whenControl } from "./parts/when.js";
import { callsField, EVERY } from "../user/forwarding.js";

const LANGUAGE = { name: "language", type: "select", nullable: true, none: "options.language.site", options: [{ value: "de", key: "common.language.de" }, { value: "en", key: "common.language.en" }] };
const NAME = { name: "name", type: "text", max: 80 };
const ENABLED = { name: "enabled", type: "switch" };
const NUMBER = { name: "number", type: "phone", short: true, required: true };

/** Options of an enumeration whose words are in the catalogue `options`. */
function words(name, values) {
  return values.map((value) => ({ value, key: `options.${name}.${value}` }));
}

const DESTINATIONS = words("destination", ["internal", "local", "national", "mobile", "international", "premium", "short"]);
const WHEN = { name: "when", wide: true, control: whenControl({ none: "admin.when.always" }) };
const extensions = (name, more = {}) => ({ name, type: "refs", kind: "extension", ...more });

const RULE = [
  { name: "name", type: "text", max: 80 },
  { name: "permission", type: "select", options: words("permission", ["allow", "bar", "pin"]) },
  { name: "destinations", type: "choices", options: DESTINATIONS, wide: true },
  { name: "numbers", type: "texts", help: "help.patterns", add: "admin.add.pattern" },
  { name: "enabled", type: "switch" },
];

export const KINDS = {
  extension: {
    path: "/office/extensions", icon: "person", resource: "extensions", idFrom: "number",
    columns: ["number", "name", "status", "caller_number", "class_of_service"],
    fresh: { number: "", name: "", call_waiting: true, ring_seconds: 120, waiting_seconds: 300, status: "online", diverting_shows: "own", voicemail: false, global_contacts: true },
    sections: [
      { title: "kinds.extension.who", fields: [NUMBER, NAME, LANGUAGE,
        { name: "status", type: "select", options: words("status", ["online", "away", "dnd", "unreachable"]) },
        { name: "status_text", type: "text", max: 80 }] },
      { title: "kinds.extension.out", help: "kinds.extension.out_help", fields: [
        { name: "caller_number", type: "select", nullable: true, none: "options.caller_number.site", options: () => optionsOf("number", (one) => one.number) },
        { name: "class_of_service", type: "ref", kind: "class_of_service", nullable: true, none: "options.class.site" },
        { name: "withhold", type: "switch" },
        { name: "may_show", type: "texts", help: "help.may_show", add: "admin.add.number", placeholder: "+49221…" },
        { name: "cost_centre", type: "text", max: 80, help: "help.cost_centre" },
        { name: "pin", type: "secret", autocomplete: "off", help: "help.pin" }] },
      { title: "kinds.extension.in", fields: [
        { name: "ring_seconds", type: "number", unit: "common.unit.seconds" },
        { name: "call_waiting", type: "switch" },
        { name: "voicemail", type: "switch", help: "help.voicemail" },
        { name: "global_contacts", type: "switch", help: "help.global_contacts" },
        { name: "precedence", type: "switch", help: "help.precedence" },
        { name: "waiting_seats", type: "number", help: "help.waiting_seats" },
        { name: "waiting_seconds", type: "number", unit: "common.unit.seconds" },
        { name: "music_on_hold", type: "select", options: () => promptOptions("music") }] },
      { title: "kinds.extension.divert", fold: true, fields: [
        { name: "diverting_shows", type: "select", options: words("shown", ["own", "caller"]) },
        { name: "diverting_number", type: "select", nullable: true, none: "options.caller_number.site", options: () => optionsOf("number", (one) => one.number) }] },
    ],
  },
  device: {
    path: "/office/devices", icon: "device", resource: "devices", idFrom: "username",
    columns: ["username", "name", "extension"],
    fresh: { extension: "", username: "", secret: "", name: "", max_calls: 8, srtp: "optional" },
    fields: [
      { name: "extension", type: "ref", kind: "extension", required: true }, NAME,
      { name: "username", type: "text", required: true },
      { name: "secret", type: "secret", make: makeSecret },
      { name: "max_calls", type: "number" },
      { name: "home", type: "ref", kind: "extension", nullable: true, help: "help.home" },
      { name: "srtp", type: "select", options: words("srtp", ["off", "optional", "mandatory"]) },
    ],
  },
  dect_system: {
    path: "/office/dect", icon: "network", resource: "devices",
    columns: ["name", "family", "bases", "enabled"],
    fresh: { name: "", family: "gigaset", enabled: true, host: "", port: 0, username: "", secret: "", pin: "", enrol_seconds: 120, bases: [], cluster: false, licence: false, firmware: "", firmware_url: "", node: "", fingerprint: "", module: "" },
    sections: [
      { title: "kinds.dect_system.about", fields: [NAME,
        { name: "family", type: "select", label: "kinds.dect_system.family", options: words("dect_family", ["gigaset", "yealink", "snom", "grandstream", "mitel", "cmbs"]) }, ENABLED,
        { name: "host", type: "text", label: "kinds.dect_system.host", when: (now) => now.family === "mitel", help: "help.dect_host" },
        { name: "module", type: "text", label: "kinds.dect_system.module", when: (now) => now.family === "cmbs", help: "help.dect_module" },
        { name: "username", type: "text", when: (now) => now.family === "mitel", help: "help.dect_username" },
        { name: "secret", type: "secret", label: "kinds.dect_system.secret", when: (now) => now.family !== "cmbs", keep: true, make: makeSecret, help: "help.dect_secret" },
        { name: "licence", type: "switch", when: (now) => now.family === "mitel", help: "help.dect_licence" }] },
      { title: "kinds.dect_system.enrol", help: "kinds.dect_system.enrol_help", fields: [
        { name: "pin", type: "secret", required: true, autocomplete: "off", help: "help.dect_pin" },
        { name: "enrol_seconds", type: "number", unit: "common.unit.seconds" }] },
      { title: "kinds.dect_system.bases", help: "kinds.dect_system.bases_help", fields: [
        { name: "bases", type: "rows", wide: true, unlabelled: true, add: "admin.add.base", flow: true, fresh: () => ({ mac: "", name: "", location: "", emergency_number: null, model: "", manager: false, sync_level: 0 }), fields: [
          { name: "mac", control: macControl }, NAME,
          { name: "location", type: "text", max: 80, help: "help.dect_location" },
          { name: "emergency_number", type: "select", nullable: true, none: "options.caller_number.usual", options: () => optionsOf("number", (one) => one.number) },
          { name: "sync_level", type: "number", help: "help.dect_sync" },
          { name: "manager", type: "switch" }] }] },
      { title: "kinds.dect_system.more", fold: true, fields: [
        { name: "cluster", type: "switch", help: "help.dect_cluster" },
        { name: "firmware_url", type: "text", help: "help.dect_firmware" },
        { name: "firmware", type: "text" },
        { name: "port", type: "number", when: (now) => now.family === "mitel", help: "help.port" },
        { name: "fingerprint", type: "text", when: (now) => now.family === "mitel", help: "help.dect_fingerprint" },
        { name: "node", type: "text", help: "help.dect_node" }] },
    ],
  },
  dect_handset: {
    path: "/office/handsets", icon: "mobile", resource: "devices",
    columns: ["extension", "name", "system", "ipei", "blocked"],
    fresh: { extension: "", system: "", name: "", ipei: "", slot: 0, blocked: false },
    fields: [
      { name: "extension", type: "ref", kind: "extension", required: true },
      { name: "system", type: "ref", kind: "dect_system", required: true },
      { name: "name", type: "text", max: 80, help: "help.handset_name" },
      { name: "ipei", type: "text", help: "help.ipei" },
      { name: "blocked", type: "switch", help: "help.handset_blocked" },
      { name: "home", type: "ref", kind: "extension", nullable: true, help: "help.home" },
      { name: "slot", type: "number", help: "help.handset_slot" }],
  },
  analog: {
    path: "/office/analog", icon: "phone", resource: "devices", idFrom: "port",
    columns: ["port", "name", "extension", "kind"],
    fresh: { extension: "", port: "", name: "", kind: "phone", hot_line: "", hot_line_seconds: 0, dialling: "both", flash_least_ms: 60, flash_most_ms: 600, caller_id: true, message_lamp: true, polarity: false, fax_box: null },
    sections: [
      { title: "kinds.analog.about", fields: [
        { name: "extension", type: "ref", kind: "extension", required: true }, NAME,
        { name: "port", type: "text", label: "kinds.analog.port", required: true, help: "help.analog_port", suggest: () => api.get("/analog/ports").then((found) => found.map((one) => one.port), () => []) },
        { name: "kind", type: "select", label: "kinds.analog.kind", options: words("port_kind", ["phone", "fax", "hotline"]) },
        { name: "hot_line", type: "phone", when: (now) => now.kind === "hotline", help: "help.hot_line" },
        { name: "hot_line_seconds", type: "number", unit: "common.unit.seconds", when: (now) => now.kind === "hotline", help: "help.hot_line_seconds" },
        { name: "fax_box", type: "ref", kind: "fax_box", nullable: true, when: (now) => now.kind === "fax", help: "help.analog_fax_box", reset: null }] },
      { title: "kinds.analog.line", fold: true, fields: [
        { name: "dialling", type: "select", options: words("dialling", ["both", "tone"]) },
        { name: "caller_id", type: "switch" }, { name: "message_lamp", type: "switch" }, { name: "polarity", type: "switch", help: "help.polarity" },
        { name: "flash_least_ms", type: "number", unit: "common.unit.milliseconds" }, { name: "flash_most_ms", type: "number", unit: "common.unit.milliseconds" }] },
    ],
  },
  mobile: {
    path: "/office/mobiles", icon: "mobile", resource: "devices",
    columns: ["name", "number", "extension"],
    fresh: { extension: "", number: "", needs_pin: true, reverse_seconds: 40 },
    fields: [{ name: "extension", type: "ref", kind: "extension", required: true }, NAME, { name: "number", type: "phone", required: true, help: "help.e164" },
      { name: "rings", type: "switch" }, { name: "needs_pin", type: "switch" }, { name: "reverse", type: "switch", help: "help.reverse" }, { name: "reverse_seconds", type: "number", unit: "common.unit.seconds" }],
  },
  trunk: {
    path: "/office/trunks", icon: "trunk", resource: "connections",
    columns: ["name", "host", "username", "priority"],
    fresh: { name: "", kind: "registering", profile: "generic", host: "", username: "", secret: "", transport: "udp", srtp: "off", priority: 10, max_calls: 30, register_seconds: 300, enabled: true },
    sections: [
      { title: "kinds.trunk.account", fields: [NAME, ENABLED,
        { name: "kind", type: "select", options: words("trunk_kind", ["registering", "static", "gsm"]) },
        { name: "profile", type: "select", options: words("profile", ["generic", "national", "international", "sipgate", "telekom", "nfon", "dts"]), when: (now) => now.kind !== "gsm", keep: true, help: "help.profile" },
        { name: "host", type: "text", when: (now) => now.kind !== "gsm", help: "help.host" },
        { name: "username", type: "text", when: (now) => now.kind !== "gsm" },
        { name: "secret", type: "secret", when: (now) => now.kind === "registering", keep: true },
        { name: "auth_username", type: "text", when: (now) => now.kind === "registering", help: "help.auth_username" },
        { name: "peers", type: "texts", when: (now) => now.kind === "static", help: "help.peers", add: "admin.add.address" },
        { name: "module", type: "ref", kind: "gsm_module", nullable: true, when: (now) => now.kind === "gsm" }] },
      { title: "kinds.trunk.calls", fields: [
        { name: "default_number", type: "phone", nullable: true, help: "help.default_number" },
        { name: "max_calls", type: "number" },
        { name: "priority", type: "number", help: "help.priority" },
        { name: "no_screening", type: "switch", help: "help.no_screening" }] },
      { title: "kinds.trunk.more", fold: true, fields: [
        { name: "transport", type: "select", options: words("transport", ["udp", "tcp", "tls"]) },
        { name: "port", type: "number", help: "help.port" },
        { name: "srtp", type: "select", options: words("srtp", ["off", "optional", "mandatory"]) },
        { name: "t38", type: "switch", when: (now) => now.kind !== "gsm", reset: false, help: "help.t38" },
        { name: "outbound_proxy", type: "text" },
        { name: "register_seconds", type: "number", unit: "common.unit.seconds" },
        { name: "rates", type: "rows", help: "help.rates", add: "admin.add.rate", fresh: () => ({ destinations: [], numbers: [], per_minute: 0, per_call: 0, when: [] }), fields: [
          { name: "destinations", type: "choices", options: DESTINATIONS }, { name: "numbers", type: "texts", add: "admin.add.pattern" },
          { name: "per_minute", type: "number" }, { name: "per_call", type: "number" }] }] },
    ],
  },
  gsm_module: {
    path: "/office/modules", icon: "signal", resource: "connections",
    columns: ["name", "number", "imei", "enabled"],
    fresh: { name: "", imei: "", usb_path: "", pin: "", number: null, enabled: true, roaming: false, balance_code: "", mail_to: [], sms_per_day: 100 },
    fields: [NAME, ENABLED, { name: "imei", type: "text", help: "help.imei" }, { name: "usb_path", type: "text", help: "help.usb_path" },
      { name: "pin", type: "secret", label: "kinds.gsm_module.pin", autocomplete: "off" }, { name: "number", type: "phone", nullable: true, help: "help.e164" },
      { name: "roaming", type: "switch" }, { name: "balance_code", type: "text", help: "help.balance_code" },
      { name: "mail_to", type: "texts", add: "admin.add.address" }, { name: "sms_per_day", type: "number", help: "help.sms_per_day" }],
  },
  block: {
    path: "/office/blocks", icon: "number", resource: "connections",
    columns: ["first", "size", "name", "trunk"],
    fresh: { first: "+49", size: 10, trunk: "", name: "" },
    fields: [{ name: "first", type: "phone", required: true, help: "help.e164" },
      { name: "size", type: "select", options: words("block_size", [10, 100, 500, 1000]), numeric: true },
      { name: "trunk", type: "ref", kind: "trunk", required: true }, NAME],
  },
  route: {
    path: "/office/routes", icon: "route", resource: "connections",
    columns: ["order", "name", "destinations", "trunks", "enabled"],
    fresh: { name: "", order: 10, enabled: true, destinations: [], numbers: [], trunks: [], when: [] },
    fields: [NAME, { name: "order", type: "number", help: "help.order" }, ENABLED,
      { name: "destinations", type: "choices", options: DESTINATIONS, wide: true },
      { name: "numbers", type: "texts", help: "help.patterns", add: "admin.add.pattern" },
      { name: "trunks", type: "refs", kind: "trunk" },
      { name: "cheapest", type: "switch" }, { name: "only", type: "switch", help: "help.only" }, WHEN],
  },
  limit: {
    path: "/office/limits", icon: "shield", resource: "connections",
    columns: ["name", "minutes_per_day", "calls_per_day", "cost_per_day", "enabled"],
    fresh: { name: "", enabled: true, warn_percent: 80 },
    fields: [NAME, ENABLED, extensions("extensions", { help: "help.limit_each" }), { name: "trunks", type: "refs", kind: "trunk" },
      { name: "minutes_per_day", type: "number", help: "help.limit_zero" }, { name: "foreign_minutes_per_day", type: "number" },
      { name: "calls_per_day", type: "number" }, { name: "calls_at_once", type: "number" },
      { name: "cost_per_day", type: "number", help: "help.cents" }, { name: "warn_percent", type: "number" }],
  },
  class_of_service: {
    path: "/office/classes", icon: "shield", resource: "office",
    columns: ["name", "otherwise", "rules"],
    fresh: { name: "", otherwise: "allow", rules: [], when_cut_off: true },
    fields: [NAME, { name: "pin", type: "secret", autocomplete: "off", help: "help.class_pin" },
      { name: "rules", type: "rows", help: "help.rules", add: "admin.add.rule", fresh: () => ({ name: "", permission: "allow", destinations: [], numbers: [], when: [], enabled: true }), fields: RULE },
      { name: "otherwise", type: "select", options: words("permission", ["allow", "bar", "pin"]) },
      { name: "when_cut_off", type: "switch", help: "help.when_cut_off" }],
  },
  switch: {
    path: "/office/switches", icon: "switch", resource: "office", columns: ["name", "number", "on"],
    fresh: { name: "", number: "", on: false },
    fields: [NAME, { name: "number", type: "phone", short: true, help: "help.switch_number" }, { name: "on", type: "switch" }],
  },
  rotation: {
    path: "/office/rotations", icon: "rotation", resource: "office", columns: ["name", "period", "members"],
    fresh: { name: "", members: [], period: "week", first: "", hand_over: "08:00", substitutes: [] },
    fields: [NAME, { name: "period", type: "select", options: words("period", ["day", "week"]) },
      { name: "first", type: "date", help: "help.rotation_first" }, { name: "hand_over", type: "time" },
      { name: "members", wide: true, control: targetsControl(["extension", "external"]) },
      { name: "substitutes", type: "rows", add: "admin.add.substitute", fresh: () => ({ first: "", last: "", target: null }), ordered: false, fields: [
        { name: "first", type: "date" }, { name: "last", type: "date" }, { name: "target", control: targetControl(["extension", "external"]) }] }],
  },
  voicemail_box: {
    path: "/office/voicemail", icon: "voicemail", resource: "voicemail", columns: ["number", "name", "owners", "emails"],
    fresh: { name: "", number: "", owners: [], emails: [], greetings: [], attach: true, takes_messages: true, max_messages: 100, max_minutes: 60, max_seconds: 180, min_seconds: 2, silence_seconds: 5 },
    sections: [
      { title: "kinds.voicemail_box.who", fields: [NAME, { name: "number", type: "phone", short: true }, extensions("owners"), { name: "pin", type: "secret", autocomplete: "off" }, LANGUAGE, { name: "trust_phones", type: "switch", help: "help.trust_phones" }] },
      { title: "kinds.voicemail_box.mail", fields: [{ name: "emails", type: "texts", add: "admin.add.email" }, { name: "attach", type: "switch" }, { name: "delete_after_mail", type: "switch" }] },
      { title: "kinds.voicemail_box.messages", fields: [{ name: "greeting", type: "select", options: greetingOptions }, { name: "takes_messages", type: "switch" }, { name: "max_messages", type: "number" }, { name: "max_minutes", type: "number" }, { name: "max_seconds", type: "number", unit: "common.unit.seconds" }, { name: "min_seconds", type: "number", unit: "common.unit.seconds" }, { name: "silence_seconds", type: "number", unit: "common.unit.seconds" }, { name: "retention_days", type: "number", help: "help.retention" }] },
      { title: "fields.greetings", help: "help.greetings", fold: true, fields: [
        { name: "greetings", type: "rows", wide: true, unlabelled: true, add: "admin.add.greeting", fresh: () => ({ greeting: "", scenario: "", calls: EVERY, enabled: true }), fields: [
          { name: "greeting", type: "select", options: greetingOptions },
          { name: "scenario", type: "select", options: scenarioOptions },
          ENABLED,
          callsField(whenControl({ none: "user.only.always" }))] }] },
    ],
  },
  fax_box: {
    path: "/office/faxes", icon: "fax", resource: "fax", columns: ["number", "name", "extension", "recipients"],
    fresh: { name: "", number: "", recipients: [], senders: [], ecm: true, fine: true, attempts: 5, retention_days: 90 },
    fields: [NAME, { name: "number", type: "phone", short: true }, { name: "extension", type: "ref", kind: "extension", nullable: true },
      { name: "caller_number", type: "select", nullable: true, none: "options.caller_number.site", options: () => optionsOf("number", (one) => one.number) },
      { name: "recipients", type: "texts", add: "admin.add.email" }, { name: "senders", type: "texts", add: "admin.add.email", help: "help.senders" },
      { name: "ident", type: "text" }, { name: "header", type: "text" }, LANGUAGE, { name: "attempts", type: "number" }, { name: "retention_days", type: "number", help: "help.retention" }, { name: "ecm", type: "switch" }, { name: "fine", type: "switch" }],
  },
  menu: {
    path: "/office/menus", icon: "menu", resource: "office", columns: ["number", "name", "options"],
    fresh: { name: "", number: "", options: [], prompts: [], greeting: [], direct: [], directory: [], tries: 3, wait_seconds: 6, barge_in: true },
    sections: [
      { title: "kinds.menu.about", fields: [NAME, { name: "number", type: "phone", short: true, help: "help.menu_number" }, LANGUAGE] },
      { title: "kinds.menu.keys", help: "kinds.menu.keys_help", fields: [menuOptions()] },
      { title: "kinds.menu.says", fields: [{ name: "greeting", type: "refs", options: () => promptList("announcement") }, { name: "prompts", type: "refs", options: () => promptList("announcement"), help: "help.menu_prompts" }, { name: "barge_in", type: "switch" }] },
      { title: "kinds.menu.else", fields: [{ name: "otherwise", control: targetControl(), help: "help.menu_otherwise" }, { name: "tries", type: "number" }, { name: "wait_seconds", type: "number", unit: "common.unit.seconds" },
        { name: "direct", type: "choices", options: DESTINATIONS, help: "help.menu_direct", wide: true }, extensions("directory", { help: "help.menu_directory" }), { name: "pin", type: "secret", autocomplete: "off" }] },
    ],
  },
  conference_room: {
    path: "/office/conferences", icon: "room", resource: "conferences", columns: ["number", "name", "owner"],
    fresh: { name: "", number: "", announce: "tone", max_participants: 100, may_unmute: true, without_moderator: "goes_on" },
    sections: [
      { title: "kinds.conference_room.about", fields: [NUMBER, NAME, { name: "owner", type: "ref", kind: "extension", nullable: true }, LANGUAGE] },
      { title: "kinds.conference_room.who", fields: [{ name: "pin", type: "secret", autocomplete: "off" }, { name: "pin_from", type: "moment", help: "help.pin_time" }, { name: "pin_until", type: "moment", help: "help.pin_time" }, { name: "moderator_pin", type: "secret", autocomplete: "off" }, { name: "wait_for_moderator", type: "switch" }, { name: "without_moderator", type: "select", options: words("without_moderator", ["goes_on", "waits", "ends"]) }, { name: "max_participants", type: "number" }, { name: "locked", type: "switch" }] },
      { title: "kinds.conference_room.sound", fields: [{ name: "announce", type: "select", options: words("announce", ["tone", "name", "nothing"]) }, { name: "music", type: "select", options: () => promptOptions("music") }, { name: "muted", type: "switch" }, { name: "may_unmute", type: "switch" }, { name: "record", type: "switch" }] },
    ],
  },
  pickup_group: { path: "/office/pickup", icon: "people", resource: "office", columns: ["name", "members"], fresh: { name: "", members: [] }, fields: [NAME, extensions("members", { required: true })] },
  paging_group: { path: "/office/paging", icon: "announcement", resource: "office", columns: ["number", "name", "members"], fresh: { name: "", number: "", members: [] }, fields: [NUMBER, NAME, extensions("members", { required: true })] },
  announcement: {
    path: "/office/bells", icon: "bell", resource: "office", columns: ["name", "group", "times", "enabled"], fresh: { name: "", group: "", prompt: "", times: [], weekdays: [], enabled: true },
    fields: [NAME, ENABLED, { name: "group", type: "ref", kind: "paging_group", required: true }, { name: "prompt", type: "select", options: () => promptOptions("announcement") },
      { name: "times", type: "texts", add: "admin.add.time", placeholder: "07:30" }, { name: "weekdays", type: "choices", options: words("weekday", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), help: "help.weekdays" }],
  },
  park_lot: { path: "/office/parking", icon: "pause", resource: "office", columns: ["first", "count", "recall_seconds"], fresh: { first: "", count: 9, recall_seconds: 120 }, idFrom: "first", fields: [{ name: "first", type: "phone", short: true, required: true, label: "kinds.park_lot.first" }, { name: "count", type: "number" }, { name: "recall_seconds", type: "number", unit: "common.unit.seconds" }] },
  speed_dial: { path: "/office/speed-dials", icon: "star", resource: "office", columns: ["number", "name", "dial"], fresh: { name: "", number: "", dial: "" }, idFrom: "number", fields: [NUMBER, NAME, { name: "dial", type: "phone", required: true }] },
  service: {
    path: "/office/services", icon: "info", resource: "office", columns: ["number", "name", "application"], fresh: { name: "", number: "", application: "echo", prompt: "" },
    fields: [NUMBER, NAME, { name: "application", type: "select", options: words("application", ["announcement", "call_back", "callthrough", "clock", "conference", "consent", "echo", "line_test", "mailbox", "menu", "page", "voicemail", "wake_up"]) }, { name: "prompt", type: "select", options: () => promptOptions("announcement") }, LANGUAGE],
  },
  callthrough: { path: "/office/callthrough", icon: "mobile", resource: "office", columns: ["name", "callback", "anywhere"], fresh: { name: "", anywhere: [], callback_seconds: 5 }, fields: [NAME, extensions("anywhere", { help: "help.anywhere" }), { name: "callback", type: "switch" }, { name: "callback_seconds", type: "number", unit: "common.unit.seconds" }, LANGUAGE] },
  phone_template: {
    path: "/office/key-templates", icon: "keys", resource: "devices", columns: ["name", "keys", "fixed"], fresh: { name: "", fixed: false, offered: true, keys: [] },
    fields: [NAME, { name: "fixed", type: "switch", help: "help.template_fixed" }, { name: "offered", type: "switch", help: "help.template_offered" }, { name: "keys", type: "rows", ordered: false, add: "admin.add.key", fresh: () => ({ place: 1, kind: "blf", number: "", label: "", line: 1 }), flow: true, fields: [
      { name: "place", type: "number" }, { name: "kind", type: "select", label: "kinds.phone_template.kind", options: words("key_kind", ["line", "blf", "park", "speed_dial", "switch", "dnd", "forward", "profile"]) },
      { name: "number", type: "text", when: (now) => ["blf", "park", "speed_dial", "switch", "profile"].includes(now.kind), reset: "" }, { name: "label", type: "text", max: 80 },
      { name: "line", type: "number", when: (now) => now.kind === "line", keep: true }] }],
  },
  recording_rule: {
    path: "/office/recording", icon: "stop", resource: "office", columns: ["name", "directions", "extensions", "consent", "enabled"], fresh: { name: "", enabled: true, consent: "announce", directions: [] },
    fields: [NAME, ENABLED, { name: "consent", type: "select", options: words("consent", ["announce", "agree", "none"]) }, { name: "directions", type: "choices", options: words("direction", ["inbound", "outbound", "internal"]) }, extensions("extensions"), { name: "trunks", type: "refs", kind: "trunk" }, { name: "numbers", type: "texts", add: "admin.add.pattern" }],
  },
  backup: {
    path: "/office/backup-plan", icon: "backup", resource: "box", single: true,
    fresh: { id: "main", folder: "", passphrase: "", hour: 3, every_days: 1, keep: 14 },
    fields: [{ name: "folder", type: "text", help: "help.backup_folder", placeholder: "/media/backup" }, { name: "passphrase", type: "secret", help: "help.backup_passphrase" },
      { name: "hour", type: "number", help: "help.backup_hour" }, { name: "every_days", type: "number", unit: "common.unit.days" }, { name: "keep", type: "number", help: "help.backup_keep" }],
  },
  mail: {
    path: "/office/mail", icon: "mail", resource: "mail", single: true,
    fresh: { id: "main", enabled: true, host: "", port: 0, tls: "starttls", verify: true, username: "", secret: "", sender: "", per_hour: 20 },
    fields: [ENABLED, { name: "host", type: "text", required: true, label: "kinds.mail.host" }, { name: "sender", type: "email", required: true },
      { name: "tls", type: "select", options: words("tls", ["starttls", "tls", "none"]) }, { name: "port", type: "number", help: "help.port" },
      { name: "username", type: "text" }, { name: "secret", type: "secret" }, { name: "verify", type: "switch", help: "help.verify" }, { name: "per_hour", type: "number", help: "help.per_hour" }],
  },
  recording: {
    path: "/office/recording-settings", icon: "settings", resource: "office", single: true,
    fresh: { id: "main", may_record: [], may_delete: false, sides: "mixed", coding: "pcm", keep_days: 30, keep_count: 1000, free_mb: 200, exchange: true },
    fields: [extensions("may_record", { help: "help.may_record" }), { name: "may_delete", type: "switch" }, { name: "keep_days", type: "number", unit: "common.unit.days" }, { name: "keep_count", type: "number" },
      { name: "exchange", type: "switch", help: "help.exchange" }, { name: "free_mb", type: "number", help: "help.free_mb" }, { name: "sides", type: "select", options: words("sides", ["mixed", "stereo"]) }, { name: "coding", type: "select", options: words("coding", ["pcm", "alaw"]) }],
  },
  journal: {
    path: "/office/journal-settings", icon: "shield", resource: "office", single: true,
    fresh: { id: "main", keep_days: 0, hidden_digits: 0 },
    fields: [{ name: "keep_days", type: "number", unit: "common.unit.days", help: "help.retention" }, { name: "hidden_digits", type: "number", help: "help.hidden_digits" }],
  },
  account: {
    path: "/office/accounts", icon: "key", resource: "accounts", idField: "kinds.account.id", columns: ["id", "name", "role", "extensions", "enabled"],
    fresh: { name: "", role: "user", extensions: [], groups: [], enabled: true, language: null },
    fields: [NAME, { name: "role", type: "select", options: ["user", "team", "operator", "administrator", "extended_administrator"].map((value) => ({ value, key: `common.role.${value}` })) },
      extensions("extensions"), { name: "groups", type: "refs", kind: "permission_group" }, LANGUAGE, ENABLED],
    extra: "password",
  },
  permission_group: {
    path: "/office/permissions", icon: "shield", resource: "accounts", columns: ["name", "grants", "extensions"], fresh: { name: "", grants: [], extensions: [] },
    fields: [NAME, { name: "grants", type: "rows", ordered: false, add: "admin.add.grant", fresh: () => ({ resource: "records", action: "read", scope: "any" }), flow: true, fields: [
      { name: "resource", type: "select", options: words("resource", ["accounts", "audio", "box", "calls", "certificate", "conferences", "connections", "devices", "extensions", "fax", "history", "logins", "mail", "notes", "notifications", "office", "recordings", "records", "registrations", "security", "sms", "tokens", "voicemail", "wake_ups", "webhooks"]) },
      { name: "action", type: "select", options: words("action", ["read", "change", "manage"]) },
      { name: "scope", type: "select", options: words("scope", ["own", "team", "any"]) }] },
      extensions("extensions", { help: "help.team" })],
  },
};

async function promptList(use) {
  return (await promptOptions(use)).filter((one) => one.value);
}

/** The scenarios of all public numbers by their names. */
async function scenarioOptions() {
  const numbers = await documents("number").catch(() => []);
  const names = new Set(numbers.flatMap((one) => one.scenarios.map((scenario) => scenario.name)));
  return [{ value: "", key: "options.scenario.any" }, ...[...names].filter(Boolean).sort(compare)];
}

/** A password that can be typed. */
export function makeSecret() {
  return drawn("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20);
}

/** The words for a value in a list. */
export function shown(kind, name, value, names) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((one) => shown(kind, name, one, names)).filter(Boolean).join(", ");
  if (value === true) return t("common.yes");
  if (value === false) return t("common.no");
  if (typeof value === "object") return value.name || names(value.kind, value.ref) || value.key || t(`options.resource.${value.resource}`);
  const field = fieldOf(kind, name);
  if (field?.type === "ref" || field?.type === "refs") return names(field.kind, value);
  const option = Array.isArray(field?.options) && field.options.find((one) => one.value === value);
  return option?.key ? t(option.key) : String(value);
}

export function fieldOf(kind, name) {
  const of = KINDS[kind];
  return (of.fields ?? of.sections.flatMap((one) => one.fields)).find((one) => one.name === name);
}

/** Whether documents of a kind come as tables; accounts have rights that no table gives. */
export function importable(kind) {
  return !KINDS[kind].single && !["account", "permission_group"].includes(kind);
}
