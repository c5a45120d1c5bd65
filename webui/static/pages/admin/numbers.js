// Public numbers: who rings now, and today as a bar.

import * as api from "../../js/api.js";
import { documents } from "../../js/controls.js";
import { h } from "../../js/dom.js";
import { t } from "../../js/i18n.js";
import { badge, head, linkButton, nothing } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import * as live from "../../js/live.js";
import { targets } from "./parts/targets.js";
import { stepsLine } from "./parts/steps.js";
import { dayBar } from "./parts/week.js";

export default async function page({ signal, reload }) {
  const [numbers, weeks, plan, known] = await Promise.all([
    documents("number", { fresh: true }), api.post("/numbers/week", { days: 1 }), api.get("/numbers"), targets(),
  ]);
  const today = new Map(weeks.numbers.map((one) => [one.id, one]));
  const free = plan.public.filter((one) => one.free).length;
  const add = may("office:manage") && linkButton(t("admin.number.add"), "/office/numbers/+", { sign: "plus", kind: "primary" });
  live.on("configuration", () => reload(), signal);
  return [
    head({ title: t("admin.numbers.title"), text: t("admin.numbers.text"), actions: [add] }),
    table({
      label: "admin.numbers.title",
      rows: numbers,
      sort: "number",
      key: (row) => row.id,
      href: (row) => `/office/numbers/${encodeURIComponent(row.id)}`,
      tools: free > 0 && h("span.soft", t("admin.numbers.free", { count: free })),
      empty: nothing("number", t("admin.numbers.none"), t("admin.numbers.none_text"), add),
      columns: [
        { name: "number", label: "fields.number", value: (row) => row.number },
        { name: "name", label: "fields.name", value: (row) => row.name },
        { name: "now", label: "admin.numbers.now", value: (row) => nowOf(row).name, cell: (row) => nowBadge(row) },
        { name: "rings", label: "admin.numbers.rings", wide: true, value: (row) => nowOf(row).steps.length, text: (row) => nowOf(row).steps.flatMap((step) => step.targets.map((one) => known.of(one).label)).join(" "), cell: (row) => (nowOf(row).steps.length ? stepsLine(nowOf(row).steps, known) : h("span.soft", t("admin.numbers.nobody"))) },
        { name: "today", label: "admin.numbers.today", sort: false, minor: true, value: () => "", cell: (row) => dayBar(today.get(row.id)?.days[0] ?? { spans: [] }, row.scenarios.map((one) => one.name)) },
      ],
    }).element,
  ];

  function nowOf(row) {
    const name = today.get(row.id)?.now ?? "";
    return row.scenarios.find((one) => one.name === name) ?? { name: "", steps: row.steps };
  }

  function nowBadge(row) {
    const now = nowOf(row);
    if (row.override) return badge(now.name || t("admin.number.otherwise"), "warn");
    return now.name ? badge(now.name, "accent") : badge(t("admin.number.otherwise"));
  }
}
