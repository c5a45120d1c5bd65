// The banner of a box on stand-by: what is done here is taken over, calls are made at the other one.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import * as live from "./live.js";
import { may } from "./session.js";

export function standbyBanner() {
  const place = h("div", { role: "status", "aria-live": "polite" });
  const draw = async () => {
    const found = await api.get("/standby").catch(() => null);
    fill(place, found?.configured && !found.active && h("div.banner.note", icon("network"), h("span", t("common.standby", { address: found.address.split("/")[0] }))));
  };
  if (may("box:read")) {
    live.on("standby", draw);
    live.onReturn(draw);
    draw();
  }
  return place;
}
