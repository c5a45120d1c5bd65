// The telephones that are registered with a device: what and where they are, and to forget one.

import * as api from "../../../js/api.js";
import { ask, tell, toast } from "../../../js/dialog.js";
import { h } from "../../../js/dom.js";
import { t } from "../../../js/i18n.js";
import { badge, iconButton } from "../../../js/parts.js";
import { may } from "../../../js/session.js";

/** Lines of registrations: [{aor, uri, user_agent, source_ip, source_port, transport}]; `again` after one is gone. */
export function registrationLines(rows, again) {
  const drops = may("registrations:manage");
  return rows.map((one) => {
    const name = one.user_agent || one.source_ip;
    return h("span.row", h("small.soft", one.user_agent), h("small.soft.number", `${one.source_ip}:${one.source_port} ${one.transport}`),
      drops && iconButton("trash", `${t("admin.registration.drop")}: ${name}`, () => drop(one, name, again)));
  });
}

/** Whether anybody is registered. */
export function registeredBadge(rows) {
  return rows.length ? badge(t("admin.extension.registered"), "good", { dot: true }) : badge(t("admin.extension.away"), "", { dot: true });
}

async function drop(one, name, again) {
  const sure = await ask(t("admin.registration.drop"), t("admin.registration.drop_text", { name }), { yes: t("admin.registration.drop"), danger: true });
  if (!sure) return;
  try {
    await api.post("/registrations/drop", { aor: one.aor, uri: one.uri });
    toast(t("admin.registration.dropped"));
  } catch (error) {
    tell(error);
  }
  await again();
}
