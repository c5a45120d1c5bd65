// What a table or file would do before it is taken: how many, what is wrong, and what becomes of each row.

import { problemText } from "../../../js/dialog.js";
import { h } from "../../../js/dom.js";
import { t } from "../../../js/i18n.js";
import { badge, button, notice } from "../../../js/parts.js";
import { table } from "../../../js/table.js";

const SHOWN = 50;

/** found: {rows: [{row, action, …}], problems}; good: said when nothing is wrong; where(problem): its place in words; take(): takes it; row: what a row is called. */
export function preview(found, { good, columns, where, take, row = "admin.import.row" }) {
  const fine = found.problems.length === 0;
  const does = (row) => t(`admin.import.does.${row.action}`);
  return [
    fine ? notice(good, "good")
      : notice([h("strong", t("admin.import.bad", { count: found.problems.length })), h("ul", found.problems.slice(0, SHOWN).map((one) => h("li", [where(one), problemText(one)].filter(Boolean).join(": "))))], "bad"),
    table({
      label: "admin.import.preview",
      rows: found.rows,
      columns: [
        { name: "row", label: row, number: true, value: (one) => one.row },
        ...columns,
        { name: "action", label: "admin.import.action", value: does, cell: (row) => badge(does(row), { create: "good", change: "accent", error: "bad" }[row.action] ?? "") },
      ],
    }).element,
    fine && h("div.actions", button(t("admin.import.take"), take, { sign: "check", kind: "primary" })),
  ];
}
