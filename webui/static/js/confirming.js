// The page opened at a new address of the box: network settings on trial are kept by the token in its address.

import { ApiError, post } from "./api.js";
import { errorText } from "./dialog.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { notice } from "./parts.js";

const AGAIN_MS = 1500;
const MOST = 60;
const WAITED_FOR = new Set(["network.not_yet", "web.unreachable"]);

/** The token in the address; empty: none. It is taken out, so that it is nowhere kept. */
export function token() {
  const found = /^#confirm=([\w-]{20,64})$/.exec(location.hash)?.[1] ?? "";
  if (found) history.replaceState(null, "", location.pathname);
  return found;
}

/** Confirm, as soon as the box can be asked, and say how it went. */
export async function confirming(secret) {
  const place = h("div.stack");
  fill(document.body, h("div.login-page", h("div.banner-place"), h("main.login-card", h("h1", t("common.network.title")), place)));
  fill(place, h("div.waiting", h("span.spinner", { "aria-hidden": "true" }), h("span", t("common.network.trying"))));
  for (let round = 0; round < MOST; round += 1) {
    try {
      await post("/network/confirmation", { token: secret });
      fill(place, notice(t("common.network.kept"), "good"), h("a.button.primary", { href: location.pathname }, icon("right"), t("common.network.on")));
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || !(error.status === 503 || WAITED_FOR.has(error.id))) {
        fill(place, notice(errorText(error), "bad"), h("a.button", { href: location.pathname }, t("common.network.on")));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  fill(place, notice(t("common.network.lost"), "bad"));
}
