// What happened while the office was cut off: each outage on one page.

import * as api from "../../js/api.js";
import { h } from "../../js/dom.js";
import { has, moment, number, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, card, facts, head, linkButton, nothing } from "../../js/parts.js";

export default async function page({ signal, reload }) {
  const found = await api.get("/outages");
  live.on("outage_report", () => reload(), signal);
  live.on("internet", () => reload(), signal);
  return [
    head({ title: t("system.outages.title"), text: t("system.outages.text") }),
    found.length ? h("div.stack", found.map(outage)) : h("div.empty", nothing("history", t("system.outages.none"), t("system.outages.text"))),
  ];
}

function outage(one) {
  const ended = one.ended ? moment(one.ended) : t("system.outages.lasts");
  const minutes = one.ended ? Math.max(1, Math.round((new Date(one.ended) - new Date(one.began)) / 60000)) : null;
  const fact = (name, value) => [t(`system.outages.${name}`), value];
  const records = (counts) => Object.entries(counts).map(([kind, count]) => `${number(count)} ${has(`system.outages.kind.${kind}`) ? t(`system.outages.kind.${kind}`) : kind}`).join(", ");
  return card(`${moment(one.began)} – ${ended}`, h("div.stack",
    h("p", one.internet && badge(t("system.outages.internet"), one.ended ? "" : "bad"), " ", one.exchange && badge(t("system.outages.exchange"), one.ended ? "" : "bad"), " ",
      minutes && h("span.soft", t("system.outages.minutes", { count: minutes }))),
    facts([fact("node", one.node), ...(one.why ? [fact("why", one.why)] : []),
      fact("outside", number(one.outside)), fact("failed", number(one.failed)), fact("by_gsm", number(one.by_gsm)), fact("cost", number(Math.round(one.cost / 100) / 100)),
      fact("missed", number(one.missed)), fact("elsewhere", number(one.elsewhere)), fact("elsewhere_missed", number(one.elsewhere_missed)),
      fact("edits_here", number(one.edits_here)), fact("edits_elsewhere", number(one.edits_elsewhere)), fact("conflicts", number(one.conflicts)),
      ...(Object.keys(one.sent).length ? [fact("sent", records(one.sent))] : []), ...(Object.keys(one.taken).length ? [fact("taken", records(one.taken))] : [])]),
    one.edits.length > 0 && h("details", h("summary", t("system.outages.edits")), h("ul.plain.lines", one.edits.map(edit))),
    one.conflicts > 0 && h("p", linkButton(t("system.outages.settle"), "/system/cloud"))));
}

function edit(one) {
  return h("li.line", h("span.party", h("span", `${one.kind} ${one.id}`, " ", h("span.soft", one.fields.join(", ") || t("system.outages.deleted"))),
    h("small.soft", `${moment(one.at)} · ${one.who} · ${one.node}`)));
}
