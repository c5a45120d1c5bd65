// Calls in progress: their legs, codecs and how they sound.

import * as api from "../../js/api.js";
import { ask, tell, toast } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { duration, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, head, iconButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { heard } from "./heard.js";

const EVERY_MS = 3000;

export default async function page({ signal }) {
  const get = () => api.get("/calls");
  const since = (row) => (Date.now() - new Date(row.answered || row.started)) / 1000;
  const made = table({
    label: "system.calls.title",
    rows: await get(),
    key: (row) => row.call,
    columns: [
      { name: "from", label: "system.calls.from", value: (row) => row.caller_number, cell: (row) => [row.caller_name, row.caller_number].filter(Boolean).join(" · ") || t("system.calls.withheld") },
      { name: "to", label: "system.calls.to", value: (row) => row.called || row.dialled },
      { name: "state", label: "system.calls.state", value: (row) => (row.answered ? "b" : "a"), cell: (row) => badge(t(row.answered ? "system.calls.talking" : "system.calls.ringing"), row.answered ? "good" : "accent") },
      { name: "length", label: "system.calls.length", number: true, value: since, cell: (row) => duration(since(row)) },
      { name: "legs", label: "system.calls.legs", sort: false, value: (row) => row.legs.map((leg) => leg.endpoint).join(" "), cell: (row) => h("ul.plain", row.legs.map(leg)) },
    ],
    actions: may("calls:change") && ((row) => iconButton("close", t("system.calls.end"), async () => {
      if (!(await ask(t("system.calls.end"), t("system.calls.end_text"), { yes: t("system.calls.end"), danger: true }))) return;
      try {
        await api.remove(`/calls/${encodeURIComponent(row.call)}`);
        toast(t("system.calls.ended"));
      } catch (error) {
        tell(error);
      }
    })),
    empty: [icon("pulse"), h("p", t("system.calls.none"))],
  });
  const renew = () => get().then((found) => made.update(found), () => {});
  const soon = live.soon(150, renew, signal);
  for (const topic of ["call", "leg"]) live.on(topic, soon, signal);
  live.every(EVERY_MS, renew, signal);
  return [head({ title: t("system.calls.title"), text: t("system.calls.text") }), made.element];
}

function leg(one) {
  return h("li", h("span", one.party || one.endpoint), " ", h("small.soft", [one.endpoint, ...heard(one.media)].join(" · ")));
}
