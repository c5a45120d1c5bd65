// The pages of whoever installs the box and looks after it.

const WORDS = ["system"];

export default [
  { path: "/system/overview", title: "system.overview.title", area: "installer", icon: "overview", right: "box:read", words: [...WORDS, "kinds"], refresh: true, load: () => import("./overview.js") },
  { path: "/setup", title: "system.setup.title", area: "installer", icon: "wizard", right: "office:manage", words: WORDS, load: () => import("./setup.js") },
  { path: "/system/calls", title: "system.calls.title", area: "installer", icon: "pulse", right: "calls:read", words: WORDS, refresh: true, load: () => import("./calls.js") },
  { path: "/system/journal", title: "system.journal.title", area: "installer", icon: "history", right: "records:read", words: WORDS, load: () => import("./journal.js") },
  { path: "/system/hardware", title: "system.hardware.title", area: "installer", icon: "hardware", right: "devices:manage", words: WORDS, load: () => import("./hardware.js") },
  { path: "/system/diagnostics", title: "system.diagnostics.title", area: "installer", icon: "search", right: "box:manage", words: WORDS, load: () => import("./diagnostics.js") },
  { path: "/system/network", title: "system.network.title", area: "installer", icon: "network", right: "box:read", words: WORDS, load: () => import("./network.js") },
  { path: "/system/cloud", title: "system.cloud.title", area: "installer", icon: "link", right: "box:read", words: WORDS, refresh: true, load: () => import("./cloud.js") },
  { path: "/system/outages", title: "system.outages.title", area: "installer", icon: "history", right: "box:read", words: WORDS, load: () => import("./outages.js") },
  { path: "/system/standby", title: "system.standby.title", area: "installer", icon: "rotation", right: "box:read", words: WORDS, refresh: true, load: () => import("./standby.js") },
  { path: "/system/backup", title: "system.backup.title", area: "installer", icon: "backup", right: "box:manage", words: WORDS, load: () => import("./backup.js") },
  { path: "/system/update", title: "system.update.title", area: "installer", icon: "upload", right: "box:read", words: WORDS, load: () => import("./update.js") },
];
