// Where tel: links of the browser lead to: one question, then the own telephone rings.

import { head, button, card, notice } from "../../js/parts.js";
import { h } from "../../js/dom.js";
import { t } from "../../js/i18n.js";
import { call, chooser } from "./own.js";

export default function page({ query, reload, go }) {
  const wanted = query.number || "";
  const shown = wanted.replace(/^(tel|sip|callto):/i, "");
  if (!shown) return [head({ title: t("user.dial.title") }), notice(t("user.dial.nothing"), "warn")];
  return [
    head({ title: t("user.dial.title"), actions: [chooser(reload)] }),
    card("", h("p", t("user.dial.text")), h("p.big-number", shown), h("div.actions",
      button(t("common.cancel"), () => go("/my/phone"), { kind: "quiet" }),
      button(t("user.call"), async () => {
        await call(wanted);
        await go("/my/phone");
      }, { kind: "primary", sign: "phone" }))),
  ];
}
