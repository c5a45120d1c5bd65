// Recordings to choose from: own ones and the built-in prompts that fit.

import * as api from "../../../js/api.js";
import { t } from "../../../js/i18n.js";

const asked = new Map();

/** Places for greetings that owners speak at the telephone. */
export function spokenOptions() {
  return Array.from({ length: 9 }, (_, at) => ({ value: `recorded/${at + 1}`, label: t("user.box.recorded", { number: at + 1 }) }));
}

/** Options for the greeting of a voicemail box. */
export async function greetingOptions() {
  const [, ...own] = await promptOptions("greeting");
  return [{ value: "", label: t("user.box.usual") }, ...spokenOptions(), ...own];
}

/** Options for a field that names a recording of this use. */
export async function promptOptions(use) {
  if (!asked.has(use)) {
    asked.set(use, api.get("/audio", { use }).catch(() => []));
    setTimeout(() => asked.delete(use), 5000);
  }
  const own = await asked.get(use);
  return [
    { value: "", label: t("admin.prompt.none") },
    ...(use === "music" ? [{ value: "music/default", label: t("admin.prompt.default_music") }] : []),
    ...own.map((one) => ({ value: one.named, label: one.name || one.id })),
  ];
}
