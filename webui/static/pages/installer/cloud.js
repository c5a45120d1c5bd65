// The other places of this office: how exchange goes, and edits made at two places at once.

import * as api from "../../js/api.js";
import { askText, open, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { has, moment, number, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, facts, head, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 5000;
const SILENT_S = 60;
const LEFT_OUT = new Set(["state", "detail", "twin", "nodes", "peers"]);

export default async function page({ signal }) {
  const state = h("div");
  const conflicts = h("div");
  const links = h("div");
  const draw = async () => {
    const [found, list, nodes] = await Promise.all([api.get("/sync"), may("history:read") ? api.get("/sync/conflicts") : [], api.get("/nodes")]);
    fill(links, nodes.nodes.length ? h("ul.plain.lines", nodes.nodes.map(link)) : h("p.soft", t("system.cloud.no_links")));
    const places = found.peers ?? [];
    fill(state, h("p", badge(t(`system.cloud.state.${found.state.replace(" ", "_")}`), found.state === "connected" ? "good" : found.state === "off" ? "" : "bad", { dot: true }), " ", h("span.soft", found.detail || "")),
      found.twin && notice(t("system.cloud.twin"), "bad"),
      facts(Object.entries(found).filter(([name, value]) => !LEFT_OUT.has(name) && value !== null && typeof value !== "object" && value !== "").map(fact)),
      places.length > 0 && [h("h3", t("system.cloud.places")), h("ul.plain.lines", places.map(place))]);
    fill(conflicts, list.length ? h("ul.plain.lines", list.map((one) => conflict(one, draw))) : h("p.soft", t("system.cloud.no_conflicts")));
  };
  live.every(EVERY_MS, draw, signal);
  await draw();
  return [
    head({ title: t("system.cloud.title"), text: t("system.cloud.text"), actions: may("box:change") && button(t("system.cloud.code"), code, { sign: "plus" }) }),
    h("div.stack", card(t("system.cloud.exchange"), state), card(t("system.cloud.links"), links), card(t("system.cloud.conflicts"), conflicts)),
  ];
}

function fact([name, value]) {
  const title = has(`system.cloud.fact.${name}`) ? t(`system.cloud.fact.${name}`) : name.replaceAll("_", " ");
  return [title, name === "since" ? moment(value) : typeof value === "number" ? number(value) : String(value)];
}

function place(one) {
  const silent = one.heard_s > SILENT_S;
  const state = silent ? badge(t("system.cloud.not_heard"), "bad") : badge(t(one.equal ? "system.cloud.equal" : "system.cloud.unequal"), one.equal ? "good" : "warn");
  return h("li.line", icon("network"), h("span.party", h("span", one.node, " ", h("span.soft", one.version)), h("small.soft", t("system.cloud.heard", { count: Math.round(one.heard_s) }))), state);
}

function link(one) {
  const about = [one.since && t(one.up ? "system.cloud.up_since" : "system.cloud.down_since", { at: moment(one.since) }), one.up && t("system.cloud.calls", { count: number(one.calls) }),
    one.extensions.length > 0 && t("system.cloud.telephones", { list: one.extensions.join(", ") }), one.detail].filter(Boolean);
  return h("li.line", icon("network"), h("span.party", h("span", one.node), about.map((text) => h("small.soft", text))),
    badge(t(one.up ? "system.cloud.up" : "system.cloud.down"), one.up ? "good" : "bad", { dot: true }));
}

function shown(side) {
  if (!side) return t("system.cloud.default");
  if (side.deleted) return t("system.cloud.deleted");
  return typeof side.value === "string" ? side.value : JSON.stringify(side.value);
}

function conflict(one, draw) {
  const settle = async (take) => {
    try {
      await api.post("/sync/conflicts/settle", { kind: one.kind, id: one.id, field: one.field, take });
      toast(t("system.cloud.settled"));
      await draw();
    } catch (error) {
      tell(error);
    }
  };
  return h("li.line.call-line", icon("warning"),
    h("span.party", h("span", [one.kind, one.id, one.field].filter(Boolean).join(" · ")),
      h("small.soft", t("system.cloud.holds", { value: shown(one.holds), who: one.holds?.who ?? "", node: one.holds?.node ?? "" })),
      one.lost.map((side) => h("small.soft", t("system.cloud.lost", { value: shown(side), who: side.who, node: side.node })))),
    may("history:change") && h("span.row.acts", one.lost.map((side) => button(t("system.cloud.take", { value: shown(side).slice(0, 40) }), () => settle(side.operation), { kind: "small" })), button(t("system.cloud.keep"), () => settle(null), { kind: "small" })));
}

async function code() {
  const node = await askText(t("system.cloud.code"), t("system.cloud.node"), { text: t("system.cloud.code_text") });
  if (!node) return;
  try {
    const made = await api.post("/sync/codes", { node });
    await open(t("system.cloud.code"), () => [h("p", t("system.cloud.code_made", { node: made.node })), h("p.big-number", made.code), h("p", t("system.cloud.enrol")), h("pre", ["ortsamt", "sync", "enrol", location.host, made.code].join(" "))]);
  } catch (error) {
    tell(error);
  }
}
