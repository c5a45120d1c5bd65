// One document of a kind: its form, made of what kinds.js says.

import * as api from "../../js/api.js";
import { documents, forget, titleOf } from "../../js/controls.js";
import { askDelete, tell, toastDeleted, toastSaved } from "../../js/dialog.js";
import { createDocument, deleteDocument, form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { button, head } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { EXTRAS } from "./extras.js";
import { KINDS } from "./kinds.js";

export default async function page({ page: route, params, go, reload, signal, query }) {
  const kind = route.kind;
  const of = KINDS[kind];
  const found = params.id === "+" ? null : await read(kind, of, params.id);
  const fresh = found === null;
  const before = found ?? { ...of.fresh, ...query };
  const labelled = (field) => ({ label: `fields.${field.name}`, ...field, ...(field.type === "secret" && may("secrets:read") && !fresh ? { reveal: () => reveal(kind, before.id, field.name) } : {}), ...(field.fields ? { fields: field.fields.map(labelled) } : {}) });
  const sections = (of.sections ?? [{ fields: of.fields }]).map((one) => ({ ...one, fields: one.fields.map(labelled) }));
  if (fresh && !of.idFrom && !of.single) sections[0] = { ...sections[0], fields: [...(of.idField ? [{ name: "id", type: "text", label: of.idField, required: true, max: 64 }] : []), ...sections[0].fields] };
  const made = form({
    signal,
    fresh,
    value: before,
    fields: sections,
    save: async (changed, all) => (fresh ? createDocument(kind, { ...all, id: all.id || of.fresh.id || (await idOf(kind, of, all)) }) : saveDocument(kind, before, changed)),
    saved: (document) => {
      toastSaved();
      if (fresh && of.single) reload();
      else if (fresh) go(`${of.path}/${encodeURIComponent(document.id)}`, { replace: true, force: true });
      else {
        Object.assign(before, document);
        made.reset(document);
      }
    },
    cancel: fresh && !of.single ? () => go(of.path, { force: true }) : null,
    more: !fresh && !of.single && may(`${of.resource}:manage`) && button(t("common.delete"), async () => {
      if (!(await askDelete(titleOf(before)))) return;
      try {
        await deleteDocument(kind, before.id);
        toastDeleted();
        go(of.path, { force: true });
      } catch (error) {
        tell(error);
      }
    }, { sign: "trash", kind: "quiet bad" }),
  });
  return [
    of.single ? head({ title: t(`kinds.${kind}.title`), text: t(`kinds.${kind}.text`) }) : head({ title: fresh ? t(`kinds.${kind}.new`) : titleOf(before), back: { href: of.path, label: t(`kinds.${kind}.title`) } }),
    made.element,
    !fresh && EXTRAS[kind] && (await EXTRAS[kind](before, { signal, go, reload })),
  ];
}

/** The document; null: there is none yet, of those of which there is but one. */
async function read(kind, of, id) {
  try {
    return await api.get(api.documentPath(kind, of.single ? of.fresh.id : id));
  } catch (error) {
    if (of.single && error.status === 404) return null;
    throw error;
  }
}

async function reveal(kind, id, name) {
  try {
    return (await api.get(api.documentPath(kind, id), { reveal: "true" }))[name];
  } catch (error) {
    tell(error);
    return undefined;
  }
}

/** An id that nobody has: of the number, else of the name. */
async function idOf(kind, of, all) {
  const stem = String(all[of.idFrom] || all.name || kind).normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/ß/g, "ss").toLowerCase().replace(/[^a-z0-9._+*-]+/g, "-").replace(/^[^a-z0-9]+|-+$/g, "").slice(0, 40) || kind.replace("_", "-");
  if (of.idFrom) return stem;
  forget(kind);
  const taken = new Set((await documents(kind)).map((one) => one.id));
  let id = stem;
  for (let at = 2; taken.has(id); at += 1) id = `${stem}-${at}`;
  return id;
}
