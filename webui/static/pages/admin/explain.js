// Try it: any call, imagined.

import { t } from "../../js/i18n.js";
import { card, head } from "../../js/parts.js";
import { tryBox } from "./parts/tryit.js";

export default function page({ query }) {
  const box = tryBox({ caller: query.caller || "" });
  return [head({ title: t("admin.explain.title"), text: t("admin.explain.text") }), card("", box.element)];
}
