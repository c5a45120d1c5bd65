// Many extensions at once: a table goes in, is shown as it would be, and is taken or not.

import * as api from "../../js/api.js";
import { forget } from "../../js/controls.js";
import { errorText, problemText, tell, toast } from "../../js/dialog.js";
import { fill, h, newId } from "../../js/dom.js";
import { current, has, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { badge, button, card, head, notice } from "../../js/parts.js";
import { table } from "../../js/table.js";

export default function page({ go }) {
  const result = h("div.stack.below", { "aria-live": "polite" });
  const id = newId("table");
  const area = h(`textarea#${id}.code`, { rows: 7, spellcheck: "false", placeholder: t("admin.import.example") });
  const file = h("input", { type: "file", accept: ".csv,text/csv,text/plain", class: "unseen", id: newId("file"), onchange: () => file.files[0] && read(file.files[0]) });
  const drop = h("div.drop", {
    ondragover: (event) => { event.preventDefault(); drop.classList.add("over"); },
    ondragleave: () => drop.classList.remove("over"),
    ondrop: (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer.files[0]) read(event.dataTransfer.files[0]);
    },
  }, icon("upload"), h("span", t("admin.import.drop")), h("label.button.small", { for: file.id }, t("admin.import.choose")), file);

  async function read(chosen) {
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      text = new TextDecoder("windows-1252").decode(bytes);
    }
    area.value = text;
    await look();
  }

  async function look() {
    try {
      show(await api.post("/configuration/import-table", { text: area.value, dry_run: true }));
    } catch (error) {
      fill(result, notice(errorText(error), "bad"));
      if (!error.problems) throw error;
    }
  }

  function show(found) {
    const good = found.problems.length === 0;
    const count = (action) => found.rows.filter((one) => one.action === action).length;
    fill(result,
      good ? notice(t("admin.import.good", { created: count("create"), changed: count("change"), same: found.rows.length - count("create") - count("change") }), "good")
        : notice([h("strong", t("admin.import.bad", { count: found.problems.length })), h("ul", found.problems.slice(0, 50).map((one) => h("li", `${one.where}: ${[one.field, problemText(one)].filter(Boolean).join(": ")}`)))], "bad"),
      table({
        label: "admin.import.preview",
        rows: found.rows,
        columns: [
          { name: "row", label: "admin.import.row", number: true, value: (row) => row.row },
          { name: "number", label: "fields.number", value: (row) => row.number },
          { name: "documents", label: "admin.import.documents", wide: true, value: (row) => row.documents.map(documentName).join(", ") },
          { name: "action", label: "admin.import.action", value: (row) => t(`admin.import.does.${row.action}`), cell: (row) => badge(t(`admin.import.does.${row.action}`), { create: "good", change: "accent", error: "bad" }[row.action] ?? "") },
        ],
      }).element,
      good && h("div.actions", button(t("admin.import.take"), take, { sign: "check", kind: "primary" })));
  }

  async function take() {
    try {
      const found = await api.post("/configuration/import-table", { text: area.value });
      forget();
      toast(t("admin.import.taken", { count: found.rows.length }));
      await go("/office/extensions");
    } catch (error) {
      tell(error);
    }
  }

  const save = async () => {
    try {
      const found = await api.get("/configuration/export-table", { language: current() });
      api.save(new Blob(["\ufeff", found.text], { type: "text/csv" }), `${t("admin.import.file")}.csv`);
    } catch (error) {
      tell(error);
    }
  };
  return [
    head({ title: t("admin.import.title"), text: t("admin.import.text"), actions: [button(t("admin.import.export"), save, { sign: "backup" })] }),
    card("", h("div.stack", drop, h("div.field", h("label", { for: id }, t("admin.import.paste")), area), h("div.row", button(t("admin.import.look"), look, { sign: "eye", kind: "primary" })))),
    result,
  ];
}

/** "extension 21" as people say it. */
function documentName(text) {
  const [kind, ...id] = text.split(" ");
  return has(`kinds.${kind}.one`) ? `${t(`kinds.${kind}.one`)} ${id.join(" ")}` : text;
}
