// Address books: the office's and the own one.

import * as api from "../../js/api.js";
import { askDelete, errorText, open, tell, toast, toastDeleted, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { textOf } from "../../js/files.js";
import { form } from "../../js/form.js";
import { has, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { badge, button, head, iconButton, notice } from "../../js/parts.js";
import { hasExtension, may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { preview } from "../admin/parts/preview.js";
import { call, mine } from "./own.js";

const PAGE = 100;
const KINDS = ["work", "mobile", "home", "fax", "other"];
const OFFICE = "global";

export default async function page() {
  let query = "";
  let last;
  const ask = async (after) => {
    const found = await api.get("/contacts", { query, after, limit: PAGE });
    last = found.length === PAGE ? found.at(-1)?.id : null;
    return found;
  };
  const books = [hasExtension() && mine().number, may("contacts:change") && OFFICE].filter(Boolean);
  const made = table({
    label: "user.contacts.title",
    rows: await ask(),
    key: (row) => row.id,
    find: (text) => { query = text; return ask(); },
    more: async () => (last ? ask(last) : []),
    open: (row) => edit(row),
    columns: [
      { name: "name", label: "user.name", value: (row) => row.name || row.company },
      { name: "company", label: "user.contacts.company", value: (row) => (row.name ? row.company : "") },
      { name: "numbers", label: "user.contacts.numbers", value: (row) => row.numbers.map((one) => one.number).join(" "), cell: (row) => h("span.row", row.numbers.slice(0, 3).map((one) => h("button.quiet.small.number", { type: "button", title: t(`user.contacts.kind.${one.kind}`), disabled: !may("calls:change@own") || !hasExtension(), onclick: () => call(one.number) }, one.number))) },
      { name: "book", label: "user.contacts.book", value: (row) => row.book, cell: (row) => badge(t(row.book === OFFICE ? "user.contacts.office" : "user.contacts.own"), row.book === OFFICE ? "" : "accent") },
    ],
    tools: books.length > 0 && [
      button(t("user.contacts.add"), () => edit(null), { sign: "plus", kind: "primary small" }),
      may("contacts:manage@own") && button(t("user.contacts.import"), () => bring(books, renew), { sign: "upload", kind: "small" }),
      button(t("user.contacts.export"), () => api.download("/contacts/export", "contacts.vcf", { book: books[0], format: "vcard" }).catch(tell), { sign: "backup", kind: "small" }),
    ],
    empty: [icon("book"), h("p", t("user.contacts.empty"))],
  });
  const renew = async () => made.update(await ask());

  async function edit(row) {
    const own = !row || books.includes(row.book);
    const done = await open(row ? row.name || row.company : t("user.contacts.add"), (close) => [
      form({
        guard: false,
        fresh: !row,
        value: row ?? { book: books[0], numbers: [{ number: "", kind: "work" }] },
        fields: [
          ...(books.length > 1 && !row ? [{ name: "book", type: "select", label: "user.contacts.book", options: books.map((one) => ({ value: one, key: one === OFFICE ? "user.contacts.office" : "user.contacts.own" })) }] : []),
          { name: "name", type: "text", label: "user.name", max: 120 },
          { name: "company", type: "text", label: "user.contacts.company", max: 120 },
          { name: "numbers", type: "rows", label: "user.contacts.numbers", add: "user.contacts.add_number", wide: true, fresh: () => ({ number: "", kind: "mobile" }), fields: [
            { name: "number", type: "phone", label: "user.calls.number" },
            { name: "kind", type: "select", label: "user.contacts.kind", options: KINDS.map((kind) => ({ value: kind, key: `user.contacts.kind.${kind}` })) },
          ] },
          { name: "emails", type: "texts", label: "user.contacts.emails", wide: true },
          { name: "address", type: "text", label: "user.contacts.address", wide: true, max: 300 },
          { name: "note", type: "area", label: "user.contacts.note", wide: true, max: 2000 },
        ],
        save: (_changed, all) => {
          if (!own) throw new api.ApiError(403, { id: "web.forbidden", message: t("user.contacts.not_own") });
          const { name = "", company = "", numbers = [], emails = [], address = "", note = "" } = all;
          return api.post("/contacts", { book: row?.book ?? all.book ?? books[0], contact: row?.id ?? "", name, company, numbers: numbers.filter((one) => one.number), emails, address, note });
        },
        saved: () => {
          toastSaved();
          close(true);
        },
      }).element,
      row && own && may("contacts:manage@own") && h("div.actions", iconButton("trash", t("common.delete"), async () => {
        if (!(await askDelete(row.name || row.company))) return;
        try {
          await api.remove(`/contacts/${encodeURIComponent(row.id)}`);
          toastDeleted();
          close(true);
        } catch (error) {
          tell(error);
        }
      })),
    ], { side: true });
    if (done) await renew();
  }

  return [head({ title: t("user.contacts.title"), text: t("user.contacts.text") }), made.element];
}

function fieldName(field) {
  if (field === "name") return t("user.name");
  return has(`user.contacts.${field}`) ? t(`user.contacts.${field}`) : "";
}

function bring(books, renew) {
  return open(t("user.contacts.import"), (close) => {
    const result = h("div.stack", { "aria-live": "polite" });
    const input = h("input#contacts-file", { type: "file", accept: ".vcf,.csv,.xlsx,text/vcard,text/csv", onchange: () => look() });
    const book = books.length > 1 ? h("select#contacts-book", { onchange: () => look() }, books.map((one) => h("option", { value: one }, t(one === OFFICE ? "user.contacts.office" : "user.contacts.own")))) : null;
    let looks = 0;

    async function look() {
      const mine = (looks += 1);
      fill(result);
      if (!input.files.length) return;
      let shown;
      try {
        const asked = { book: book?.value ?? books[0], text: await textOf(input.files[0]) };
        shown = told(await api.post("/contacts/import", { ...asked, dry_run: true, rows: true }), () => take(asked));
      } catch (error) {
        shown = notice(errorText(error), "bad");
      }
      if (mine === looks) fill(result, shown);
    }

    function told(found, taken) {
      const rows = new Map(found.rows.map((one) => [one.where, one.row]));
      return preview(found, {
        good: t("user.contacts.good", { made: found.made, changed: found.changed }),
        row: "user.contacts.place",
        where: (problem) => [rows.has(problem.where) && `${t("user.contacts.place")} ${rows.get(problem.where)}`, fieldName(problem.field)].filter(Boolean).join(", "),
        take: taken,
        columns: [
          { name: "name", label: "user.name", wide: true, value: (row) => row.name },
          { name: "numbers", label: "user.contacts.numbers", value: (row) => row.numbers.join(", ") },
        ],
      });
    }

    async function take(asked) {
      try {
        const answer = await api.post("/contacts/import", asked);
        toast(t("user.contacts.imported", { count: answer.made + answer.changed }));
        close(true);
        await renew();
      } catch (error) {
        tell(error);
      }
    }

    return h("div.stack",
      book && h("div.field", h("label", { for: "contacts-book" }, t("user.contacts.book")), book),
      h("div.field", h("label", { for: "contacts-file" }, t("user.contacts.file")), input),
      result);
  }, { wide: true });
}
