// Announcements and music: uploaded or spoken by the box, heard here.

import * as api from "../../js/api.js";
import { askDelete, open, problemText, tell, toast, toastDeleted, toastSaved } from "../../js/dialog.js";
import { fill, h, newId } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { current, duration, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { badge, button, head, iconButton, nothing } from "../../js/parts.js";
import { table } from "../../js/table.js";

/** As large as the box takes: it would have to refuse the whole file after it came. */
const MOST_BYTES = 64 * 2 ** 20;
const USES = ["announcement", "music", "greeting"];

export default async function page({ reload }) {
  const rows = (await api.get("/audio")).filter((one) => USES.includes(one.use));
  const player = h("audio", { controls: true, hidden: true });
  let address = "";
  const play = async (row) => {
    try {
      const sound = await api.request("GET", `/audio/${encodeURIComponent(row.id)}/content`, { blob: true });
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(new Blob([sound], { type: "audio/wav" }));
      player.src = address;
      player.hidden = false;
      await player.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.problems) tell(error);
    }
  };
  const remove = async (row) => {
    if (!(await askDelete(row.name || row.id))) return;
    try {
      await api.remove(`/audio/${encodeURIComponent(row.id)}`);
      toastDeleted();
      await reload();
    } catch (error) {
      tell(error);
    }
  };
  const add = (spoken) => button(t(spoken ? "admin.audio.speak" : "admin.audio.upload"), () => create(spoken, rows, reload), { sign: spoken ? "message" : "upload", kind: spoken ? "" : "primary" });
  return [
    head({ title: t("admin.audio.title"), text: t("admin.audio.text"), actions: [add(true), add(false)] }),
    h("div.player", player),
    table({
      label: "admin.audio.title",
      rows,
      sort: "name",
      key: (row) => row.id,
      empty: nothing("music", t("admin.audio.none"), t("admin.audio.none_text")),
      columns: [
        { name: "name", label: "fields.name", value: (row) => row.name || row.id },
        { name: "use", label: "admin.audio.use", value: (row) => t(`options.audio_use.${row.use}`), cell: (row) => badge(t(`options.audio_use.${row.use}`)) },
        { name: "length", label: "admin.audio.length", number: true, value: (row) => row.length_ms || 0, cell: (row) => duration((row.length_ms || 0) / 1000) },
        { name: "words", label: "admin.audio.words", wide: true, minor: true, value: (row) => row.text },
      ],
      actions: (row) => [iconButton("play", t("admin.audio.play"), () => play(row)), iconButton("trash", t("common.delete"), () => remove(row))],
    }).element,
  ];
}

function create(spoken, rows, reload) {
  open(t(spoken ? "admin.audio.speak" : "admin.audio.upload"), (close) => {
    let file = null;
    const name = h("strong");
    const id = newId("file");
    const made = form({
      guard: false,
      fresh: true,
      label: spoken ? "admin.audio.speak_now" : "admin.audio.take",
      value: { use: "announcement", language: current() },
      fields: [
        ...(spoken ? [{ name: "text", type: "area", label: "admin.audio.words", max: 2000, rows: 4, wide: true }, { name: "language", type: "select", label: "fields.language", options: [{ value: "de", key: "common.language.de" }, { value: "en", key: "common.language.en" }] }]
          : [{ name: "file", label: "admin.audio.file", help: "admin.audio.file_help", wide: true, control: (_field, _value, changed) => {
            const input = h(`input#${id}`, { type: "file", accept: "audio/*", onchange: () => { file = input.files[0] ?? null; fill(name, file?.name ?? ""); changed(); } });
            return { element: h("div.drop", { ondragover: (event) => event.preventDefault(), ondrop: (event) => { event.preventDefault(); input.files = event.dataTransfer.files; input.dispatchEvent(new Event("change")); } }, icon("upload"), input, name), for: id, get: () => file?.name ?? "", set: () => {}, input };
          } }]),
        { name: "name", type: "text", label: "fields.name", required: true, max: 80 },
        { name: "use", type: "select", label: "admin.audio.use", options: USES.map((use) => ({ value: use, key: `options.audio_use.${use}` })) },
      ],
      save: async (_changed, all) => {
        const body = { id: freeId(all.name || file?.name || all.use, rows), use: all.use, name: all.name, create: true };
        if (spoken) return api.post("/audio", { ...body, text: all.text, language: all.language });
        const wrong = !file ? "admin.audio.no_file" : !file.size ? "admin.audio.empty" : file.size > MOST_BYTES ? "admin.audio.too_large" : "";
        if (wrong) throw new api.ApiError(422, { field: "file", message: t(wrong) });
        const { upload } = await api.upload("audio", file);
        return api.post("/audio", { ...body, upload });
      },
      saved: async (answer) => {
        close(true);
        toastSaved();
        for (const one of answer.notes ?? []) toast(problemText(one), { kind: "warn" });
        await reload();
      },
    });
    return made.element;
  });
}

function freeId(name, rows) {
  const stem = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/\.[a-z0-9]+$/, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40) || "audio";
  let id = stem;
  for (let at = 2; rows.some((one) => one.id === id); at += 1) id = `${stem}-${at}`;
  return id;
}
