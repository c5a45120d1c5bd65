// Many documents at once: a table goes in, is shown as it would be, and is taken or not.

import * as api from "../../js/api.js";
import { forget } from "../../js/controls.js";
import { errorText, tell, toast } from "../../js/dialog.js";
import { fill, h, newId } from "../../js/dom.js";
import { textOf } from "../../js/files.js";
import { current, has, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { button, card, head, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { importable, KINDS } from "./kinds.js";
import { preview } from "./parts/preview.js";

const PEOPLE = "extension";
const NUMBERS = { path: "/office/numbers", resource: "office", columns: ["number", "name", "enabled"] };

export default function page({ go, query }) {
  const kinds = [...Object.entries(KINDS).filter(([kind]) => importable(kind) && kind !== PEOPLE), ["number", NUMBERS]]
    .filter(([, of]) => may(`${of.resource}:manage`));
  const ways = new Map([...(may("extensions:manage") ? [[PEOPLE, KINDS.extension]] : []), ...kinds]);
  const chosen = newId("kind");
  const what = h(`select#${chosen}`, { onchange: () => adapt() }, [...ways.keys()]
    .map((kind) => ({ kind, title: t(kind === PEOPLE ? "admin.import.people" : has(`kinds.${kind}.title`) ? `kinds.${kind}.title` : `kinds.${kind}.one`) }))
    .map(({ kind, title }) => h("option", { value: kind, selected: kind === query.kind }, title)));
  const ask = (dry) => (what.value === PEOPLE
    ? api.post("/configuration/import-table", { text: area.value, dry_run: dry })
    : api.post("/configuration/table", { kind: what.value, text: area.value, dry_run: dry }));
  const result = h("div.stack.below", { "aria-live": "polite" });
  const id = newId("table");
  const area = h(`textarea#${id}.code`, { rows: 7, spellcheck: "false", value: "" });
  const file = h("input", { type: "file", accept: ".csv,.xlsx,text/csv,text/plain", class: "unseen", id: newId("file"), onchange: () => file.files[0] && read(file.files[0]) });
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
    try {
      area.value = await textOf(chosen);
    } catch (error) {
      fill(result, notice(errorText(error), "bad"));
      if (!error.problems) throw error;
      return;
    }
    await look();
  }

  async function look() {
    try {
      show(await ask(true));
    } catch (error) {
      fill(result, notice(errorText(error), "bad"));
      if (!error.problems) throw error;
    }
  }

  function show(found) {
    const count = (action) => found.rows.filter((one) => one.action === action).length;
    fill(result, preview(found, {
      good: t("admin.import.good", { created: count("create"), changed: count("change"), same: found.rows.length - count("create") - count("change") }),
      where: (problem) => `${problem.where}: ${label(problem.field)}`,
      take,
      columns: [
        { name: "number", label: "fields.number", value: (row) => row.number },
        { name: "documents", label: "admin.import.documents", wide: true, value: (row) => row.documents.map(documentName).join(", ") },
      ],
    }));
  }

  async function take() {
    try {
      const found = await ask(false);
      forget();
      toast(t("admin.import.taken", { count: found.rows.length }));
      await go(ways.get(what.value).path);
    } catch (error) {
      tell(error);
    }
  }

  const save = async () => {
    try {
      if (what.value !== PEOPLE) {
        await api.download("/configuration/table", `${what.value}.xlsx`, { kind: what.value, format: "xlsx", language: current() });
        return;
      }
      const found = await api.get("/configuration/export-table", { language: current() });
      api.save(new Blob(["\ufeff", found.text], { type: "text/csv" }), `${t("admin.import.file")}.csv`);
    } catch (error) {
      tell(error);
    }
  };
  const text = h("p.soft");
  function adapt() {
    fill(result);
    const people = what.value === PEOPLE;
    fill(text, t(people ? "admin.import.text_people" : "admin.import.text_kind"));
    area.placeholder = people ? t("admin.import.example") : ways.get(what.value).columns.join(";");
  }
  adapt();
  return [
    head({ title: t("admin.import.title"), text: t("admin.import.text"), actions: [button(t("admin.import.export"), save, { sign: "backup" })] }),
    card("", h("div.stack", h("div.field.short-field", h("label", { for: chosen }, t("admin.import.what")), what), text, drop, h("div.field", h("label", { for: id }, t("admin.import.paste")), area), h("div.row", button(t("admin.import.look"), look, { sign: "eye", kind: "primary" })))),
    result,
  ];
}

/** A column as people call it; headers of a table stay as they are. */
function label(field) {
  return has(`fields.${field}`) ? t(`fields.${field}`) : field;
}

/** "extension 21" as people say it. */
function documentName(text) {
  const [kind, ...id] = text.split(" ");
  return has(`kinds.${kind}.one`) ? `${t(`kinds.${kind}.one`)} ${id.join(" ")}` : text;
}
