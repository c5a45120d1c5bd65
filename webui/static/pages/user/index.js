// The pages of a user: everything of one's own.

import { hasExtension, may } from "../../js/session.js";

const WORDS = ["user"];
const own = (right) => () => hasExtension() && may(`${right}@own`);

export default [
  { path: "/my/phone", title: "user.start.title", area: "user", icon: "phone", right: own("extensions:read"), words: WORDS, refresh: true, load: () => import("./start.js") },
  { path: "/my/calls", title: "user.calls.title", area: "user", icon: "history", right: own("records:read"), words: WORDS, load: () => import("./calls.js") },
  { path: "/my/messages", title: "user.messages.title", area: "user", icon: "voicemail", right: own("voicemail:read"), words: WORDS, load: () => import("./messages.js") },
  { path: "/my/recordings", title: "user.recordings.title", area: "user", icon: "play", right: own("recordings:read"), words: WORDS, load: () => import("./recordings.js") },
  { path: "/my/faxes", title: "user.fax.title", area: "user", icon: "fax", right: own("fax:read"), words: WORDS, load: () => import("./faxes.js") },
  { path: "/my/contacts", title: "user.contacts.title", area: "user", icon: "book", right: "contacts:read@own", words: ["user", "admin"], load: () => import("./contacts.js") },
  { path: "/my/reach", title: "user.reach.title", area: "user", icon: "route", right: own("extensions:change"), words: ["user", "admin"], load: () => import("./reach.js") },
  { path: "/my/devices", title: "user.devices.title", area: "user", icon: "device", right: own("devices:read"), words: WORDS, load: () => import("./devices.js") },
  { path: "/my/keys", title: "user.keys.title", area: "user", icon: "keys", right: own("devices:read"), words: ["user", "options"], menu: false, under: "/my/devices", load: () => import("./keys.js") },
  { path: "/my/settings", title: "user.settings.title", area: "user", icon: "settings", right: own("extensions:change"), words: WORDS, load: () => import("./settings.js") },
  { path: "/dial", title: "user.dial.title", area: "user", icon: "phone", right: own("calls:change"), words: WORDS, menu: false, under: "/my/phone", load: () => import("./dial.js") },
];
