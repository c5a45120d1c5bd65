// Backups: made, taken away, put back; and forgetting everything.

import * as api from "../../js/api.js";
import { askDelete, askFile, open, tell, toast, toastDeleted } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { has, moment, number, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { button, card, head, iconButton, notice } from "../../js/parts.js";
import { table } from "../../js/table.js";

export default async function page() {
  const found = await api.get("/backups");
  const made = table({
    label: "system.backup.title",
    search: false,
    rows: found.backups,
    key: (row) => row.backup,
    columns: [
      { name: "made", label: "system.backup.made", value: (row) => row.made, cell: (row) => moment(row.made) },
      { name: "node", label: "system.overview.name", value: (row) => row.node },
      { name: "kinds", label: "system.backup.kinds", value: (row) => row.kinds.map(kindName).join(", ") },
      { name: "bytes", label: "system.backup.size", number: true, value: (row) => row.bytes, cell: (row) => t("system.kilobytes", { count: number(Math.ceil(row.bytes / 1000)) }) },
    ],
    actions: (row) => [
      iconButton("backup", `${t("system.backup.fetch")}: ${row.backup}`, () => api.download(`/backups/${encodeURIComponent(row.backup)}/content`, row.backup).catch(tell)),
      iconButton("undo", `${t("system.backup.restore")}: ${row.backup}`, () => restore({ backup: row.backup, kinds: row.kinds })),
      iconButton("trash", `${t("common.delete")}: ${row.backup}`, async () => {
        if (!(await askDelete(row.backup))) return;
        try {
          await api.remove(`/backups/${encodeURIComponent(row.backup)}`);
          toastDeleted();
          await renew();
        } catch (error) {
          tell(error);
        }
      }),
    ],
    empty: [icon("backup"), h("p", t("system.backup.none"))],
  });
  const renew = async () => made.update((await api.get("/backups")).backups);
  return [
    head({ title: t("system.backup.title"), text: t("system.backup.text"), actions: [
      button(t("system.backup.bring"), () => bring(found.kinds), { sign: "upload" }),
      button(t("system.backup.make"), () => make(found.kinds, renew), { sign: "backup", kind: "primary" }),
    ] }),
    made.element,
    h("section.below", card(t("system.reset.title"), h("p.soft", t("system.reset.text")), h("div.actions", button(t("system.reset.settings"), () => reset("settings"), { kind: "quiet bad" }), button(t("system.reset.all"), () => reset("all"), { kind: "danger" })))),
  ];
}

function kindName(kind) {
  return has(`system.backup.kind.${kind}`) ? t(`system.backup.kind.${kind}`) : kind;
}

const kindsField = (kinds) => ({ name: "kinds", type: "choices", label: "system.backup.kinds", wide: true, options: kinds.map((one) => ({ value: one, label: kindName(one) })) });

function make(kinds, renew) {
  return open(t("system.backup.make"), (close) => form({
    guard: false,
    fresh: true,
    label: "system.backup.make",
    value: { kinds },
    fields: [
      { name: "passphrase", type: "secret", label: "system.backup.passphrase", help: "system.backup.passphrase_help", wide: true },
      kindsField(kinds),
    ],
    save: (_changed, all) => api.post("/backups", all),
    saved: async () => {
      close(true);
      toast(t("system.backup.done"));
      await renew();
    },
  }).element);
}

async function bring(kinds) {
  const file = await askFile(t("system.backup.bring"), t("system.backup.file"), { accept: ".ortsamt", yes: t("system.setup.next") });
  if (!file) return;
  try {
    const { upload } = await api.upload("backup", file);
    await restore({ upload, kinds });
  } catch (error) {
    tell(error);
  }
}

function restore({ kinds, ...which }) {
  return open(t("system.backup.restore"), (close) => {
    const preview = h("div");
    const part = form({
      guard: false,
      fresh: true,
      label: "system.backup.look",
      value: { kinds },
      fields: [{ name: "passphrase", type: "secret", label: "system.backup.passphrase", wide: true, autocomplete: "off" }, kindsField(kinds)],
      save: (_changed, all) => api.post("/restores", { ...which, ...all, dry_run: true }),
      saved: (found, all) => {
        fill(preview,
          notice(t("system.backup.of", { node: found.node, at: moment(found.made), version: found.version })),
          found.problems.length > 0 && notice(h("ul", found.problems.map((one) => h("li", [one.where, one.message].filter(Boolean).join(": ")))), "bad"),
          h("p", t("system.backup.changes", { count: found.changes.length })),
          h("ul.plain.small", Object.entries(found.files).map(([kind, count]) => h("li", `${kindName(kind)}: ${number(typeof count === "number" ? count : 0)}`))),
          found.problems.length === 0 && h("div.actions", button(t("system.backup.restore_now"), async () => {
            try {
              await api.post("/restores", { ...which, ...all, dry_run: false });
              close(true);
              toast(t("system.backup.restored"));
            } catch (error) {
              tell(error);
            }
          }, { kind: "danger" })));
      },
    });
    return [part.element, preview];
  }, { wide: true });
}

async function reset(scope) {
  const { node } = await api.get("/status");
  await open(t(`system.reset.${scope}`), (close) => [
    notice(t(`system.reset.${scope}_text`), "bad"),
    form({
      guard: false,
      fresh: true,
      label: "system.reset.now",
      fields: [{ name: "confirm", type: "text", label: "system.reset.confirm", placeholder: node, wide: true }],
      save: (_changed, all) => api.post("/factory-reset", { scope, confirm: all.confirm }),
      saved: () => {
        close(true);
        toast(t("system.reset.done"));
      },
    }).element,
  ]);
}
