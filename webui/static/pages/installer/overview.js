// How the box is: what is wrong, internet, trunks, what is in use.

import * as api from "../../js/api.js";
import { tell } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { has, moment, number, said, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, facts, head, linkButton, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 10_000;
const KIND = { online: "good", degraded: "warn", cut_off: "bad", registered: "good", ready: "good", failed: "bad", rejected: "bad" };

export default async function page({ signal }) {
  const place = h("div");
  const draw = async () => {
    const [status, alarms, trunks, survival, problems] = await Promise.all([
      api.get("/status"), api.get("/alarms"), may("connections:read") ? api.get("/trunks") : [],
      api.get("/survival"), may("office:read") ? api.get("/configuration/problems") : [],
    ]);
    fill(place,
      alarms.active.length === 0 && h("div.notice.good", icon("check"), h("div", t("system.overview.fine"))),
      alarms.active.map((one) => h("div.notice", { class: one.severity === "warning" ? "warn" : "bad", role: "alert" }, icon("warning"), h("div", one.text, " ", h("small", moment(one.at))))),
      status.warnings.map((one) => notice(one, "warn")),
      h("div.tiles", tile("phone", status.calls, "system.overview.calls", "/system/calls"), tile("device", status.edge.contacts, "system.overview.registered"),
        tile("person", status.extensions, "system.overview.extensions", may("extensions:read") && "/office/extensions"), tile("number", status.numbers, "system.overview.numbers", "/office/numbers")),
      h("div.columns.below",
        h("div.stack",
          card(t("system.overview.internet"), h("div.row", badge(said(`system.internet.${survival.internet}`, survival.internet), KIND[survival.internet] || "", { dot: true }), survival.why && h("span.soft", survival.why)),
            survival.outages.length > 0 && h("ul.plain.lines", survival.outages.slice(-3).reverse().map((one) => h("li.line", h("span", moment(one.began)), h("span.soft", one.ended ? t("system.overview.until", { at: moment(one.ended) }) : t("system.overview.now")))))),
          trunks.length > 0 && card(t("system.overview.trunks"), h("ul.plain.lines", trunks.map((one) => h("li.line", h("span.party", h("span", one.name || one.id), one.detail && h("small.soft", one.detail)), badge(said(`system.trunk.${one.status}`, one.status), KIND[one.status] || "", { dot: true }))))),
          problems.length > 0 && card(t("system.overview.problems"), h("ul.plain.lines", problems.slice(0, 8).map((one) => h("li.line", h("span.party", h("span", `${whose(one.where)}: ${one.message}`), one.remedy && h("small.soft", one.remedy))))))),
        h("div.stack",
          card(t("system.overview.box"), facts([
            [t("system.overview.name"), status.node],
            [t("system.overview.since"), moment(status.started)],
            [t("system.overview.edge"), badge(t(status.edge.up ? "system.up" : "system.down"), status.edge.up ? "good" : "bad")],
            [t("system.overview.memory"), t("system.megabytes", { count: number(Math.round(status.process.rss_bytes / 1_000_000)) })],
            [t("system.overview.legs"), `${number(status.legs)} / ${number(status.max_legs)}`],
            [t("system.overview.mail"), status.mail.enabled ? status.mail.error || t("system.overview.mail_on") : t("system.overview.mail_off")],
            [t("system.overview.revision"), number(status.revision)],
          ])),
          card(t("system.emergency.title"), h("p.soft", t("system.emergency.text")), emergency()))));
  };
  const soon = live.soon(500, () => draw().catch(tell), signal);
  for (const topic of ["alarm", "trunk", "internet", "edge", "call", "registration"]) if (heardBy(topic)) live.on(topic, soon, signal);
  live.every(EVERY_MS, draw, signal);
  await draw();
  return [head({ title: t("system.overview.title"), actions: may("office:manage") && linkButton(t("system.setup.title"), "/setup", { sign: "wizard" }) }), place];
}

function heardBy(topic) {
  return may({ trunk: "connections:read", call: "calls:read@own", registration: "registrations:read@own" }[topic] || "box:read");
}

function tile(sign, count, label, href) {
  const inside = [h("span", icon(sign)), h("strong", number(count)), h("span", t(label))];
  return href ? h("a.tile", { href }, inside) : h("div.tile", inside);
}

/** The document that a problem names ("extension 21") as people call it. */
function whose(where) {
  const [, kind, of] = /^(\w+) (.+)$/.exec(where) || [];
  return kind && has(`kinds.${kind}.one`) ? `${t(`kinds.${kind}.one`)} ${of}` : where;
}

/** Prove, without calling, that emergency calls would find their way. */
function emergency() {
  const result = h("div");
  return [h("div.actions", button(t("system.emergency.test"), async () => {
    try {
      const found = await api.post("/emergency/test");
      fill(result, h("ul.plain.lines", found.numbers.map((one) => h("li.line",
        h("span.party", h("span.number", one.number), h("small.soft", one.routes.map((route) => route.trunk).join(" → ") || t("system.emergency.no_way"))),
        badge(t(one.usable ? "system.emergency.good" : "system.emergency.bad"), one.usable ? "good" : "bad", { dot: true })))));
    } catch (error) {
      tell(error);
    }
  }, { sign: "shield" })), result];
}
