// Pages that everybody has.

export default [
  { path: "/account", title: "common.account.title", area: "own", icon: "person", menu: false, words: ["account"], load: () => import("./account.js") },
];
