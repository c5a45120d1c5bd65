// The software: what runs, a new bundle, when it is installed.

import * as api from "../../js/api.js";
import { ask, askFile, open, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { has, moment, number, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, button, card, facts, head, notice, nothing } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 3000;

export default async function page({ signal }) {
  const place = h("div");
  const draw = async () => {
    let now;
    try {
      now = await api.get("/update");
    } catch (error) {
      if (error.id !== "update.not_running") throw error;
      fill(place, h("div.empty", nothing("info", t("system.update.not_here"), t("system.update.not_here_text"))));
      return false;
    }
    fill(place,
      now.error && notice(now.error, "bad"),
      card(t("system.update.runs"), facts([
        [t("system.update.version"), now.version],
        [t("system.update.slot"), now.slot],
        [t("system.update.phase"), badge(has(`system.update.phase.${now.phase}`) ? t(`system.update.phase.${now.phase}`) : now.phase, now.phase === "idle" ? "good" : "accent")],
        [t("system.update.new"), now.new_version],
        [t("system.update.due"), now.due && moment(now.due)],
        [t("system.update.waits"), now.waits_for],
        [t("system.update.fetched"), now.size ? `${number(Math.round(now.fetched / 1e6))} / ${number(Math.round(now.size / 1e6))} MB` : ""],
      ]),
      may("box:manage") && h("div.actions",
        now.new_version && button(t("system.update.cancel"), () => act(() => api.remove("/update"), draw), { kind: "quiet" }),
        now.new_version && button(t("system.update.install"), async () => {
          if (await ask(t("system.update.install"), t("system.update.install_text"))) await act(() => api.post("/update/install", {}), draw);
        }, { kind: "primary" }))),
      may("box:manage") && h("div.actions", button(t("system.update.file"), () => byFile(draw), { sign: "upload" }), button(t("system.update.web"), () => byWeb(draw), { sign: "external" })));
    return true;
  };
  if (await draw()) {
    live.every(EVERY_MS, draw, signal);
  }
  return [head({ title: t("system.update.title"), text: t("system.update.text") }), place];
}

async function act(what, draw) {
  try {
    await what();
    await draw();
  } catch (error) {
    tell(error);
  }
}

async function byFile(draw) {
  const file = await askFile(t("system.update.file"), t("system.update.bundle"), { yes: t("system.update.file") });
  if (!file) return;
  toast(t("system.update.sending"));
  await act(async () => api.post("/update/stage", { upload: (await api.upload("update", file)).upload }), draw);
}

function byWeb(draw) {
  return open(t("system.update.web"), (close) => form({
    guard: false,
    fresh: true,
    label: "system.update.web",
    fields: [
      { name: "url", type: "text", label: "system.update.url", wide: true },
      { name: "sha256", type: "text", label: "system.update.sha256", wide: true },
    ],
    save: (_changed, all) => api.post("/update/fetch", all),
    saved: async () => {
      close(true);
      await draw();
    },
  }).element);
}
