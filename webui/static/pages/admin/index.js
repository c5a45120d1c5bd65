// The pages of the administrator: the office.

import { KINDS } from "./kinds.js";

const WORDS = ["admin", "fields", "options", "kinds", "help", "account", "user"];

/** Section → pages; a word alone is a kind whose pages are made of data. */
const SECTIONS = [
  ["admin.nav.numbers", [
    { path: "/office/numbers", title: "admin.numbers.title", icon: "number", right: "office:read", load: () => import("./numbers.js"), inner: () => import("./number.js") },
    "switch", "rotation",
    { path: "/office/explain", title: "admin.explain.title", icon: "help", right: "office:read", load: () => import("./explain.js") },
  ]],
  ["admin.nav.people", ["extension", 
    { path: "/office/phones", title: "phones.title", icon: "phone", right: "devices:manage", words: [...WORDS, "phones"], load: () => import("./phones.js"), inner: () => import("./phone.js") },
    { path: "/office/phone-settings", title: "phones.settings", icon: "settings", right: "devices:manage", words: [...WORDS, "phones"], menu: false, under: "/office/phones", load: () => import("./phone-settings.js") },
    "dect_system", "dect_handset", "analog", "device", "mobile", "phone_template", "pickup_group", "paging_group",
    { path: "/office/import", title: "admin.import.title", icon: "table", right: "extensions:manage", load: () => import("./import.js") }]],
  ["admin.nav.answers", ["voicemail_box", "menu", "conference_room", "fax_box",
    { path: "/office/audio", title: "admin.audio.title", icon: "music", right: "audio:manage", load: () => import("./audio.js") },
    "announcement"]],
  ["admin.nav.out", ["trunk", "gsm_module", "block", "route", "class_of_service", "limit"]],
  ["admin.nav.functions", [
    { path: "/office/codes", title: "admin.codes.title", icon: "code", right: "office:read", load: () => import("./codes.js") },
    "speed_dial", "park_lot", "callthrough", "service", "recording_rule", "recording"]],
  ["admin.nav.access", ["account", "permission_group",
    { path: "/office/tokens", title: "admin.tokens.title", icon: "link", right: "tokens:read@own", load: () => import("./tokens.js") },
    { path: "/office/webhooks", title: "admin.webhooks.title", icon: "webhook", right: "webhooks:read", load: () => import("./webhooks.js") }]],
  ["admin.nav.office", [
    { path: "/office/site", title: "admin.site.title", icon: "settings", right: "office:change", load: () => import("./site.js") },
    "mail", "journal", "backup",
    { path: "/office/log", title: "admin.log.title", icon: "history", right: "history:read", load: () => import("./log.js") }]],
];

function ofKind(kind, section) {
  const { path, icon, resource, single } = KINDS[kind];
  const both = { area: "admin", words: WORDS, kind, icon };
  if (single) return [{ ...both, path, title: `kinds.${kind}.title`, section, right: `${resource}:change`, load: () => import("./document.js") }];
  return [
    { ...both, path, title: `kinds.${kind}.title`, section, right: `${resource}:change`, load: () => import("./documents.js") },
    { ...both, path: `${path}/:id`, title: `kinds.${kind}.title`, menu: false, under: path, right: `${resource}:change`, load: () => import("./document.js") },
  ];
}

export default SECTIONS.flatMap(([section, pages]) => pages.flatMap((one) => {
  if (typeof one === "string") return ofKind(one, section);
  const { inner, ...page } = one;
  const made = { area: "admin", words: WORDS, section, ...page };
  return inner ? [made, { ...made, path: `${page.path}/:id`, menu: false, under: page.path, load: inner }] : [made];
}));
