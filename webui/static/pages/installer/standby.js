// The second box on site: which one is active, whether both are in step, pairing and handing over.

import * as api from "../../js/api.js";
import { ask, askText, open, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { number, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, button, card, facts, head, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 2000;

export default async function page({ signal, reload }) {
  const found = await api.get("/standby");
  if (!found.configured) {
    return [
      head({ title: t("system.standby.title"), text: t("system.standby.text") }),
      card(t("system.standby.alone"), h("p", t("system.standby.how")), h("pre", '[standby]\naddress = "192.168.1.10/24"')),
    ];
  }
  const here = h("div");
  const there = h("div");
  const draw = (now) => {
    fill(here, boxOf(now.node, now.active, now.ill ? t("system.standby.ill") : ""),
      facts([
        [t("system.standby.address"), now.address],
        [t("system.standby.back"), now.standing_back ? t(`system.standby.why.${now.standing_back}`) : ""],
      ]));
    fill(there, now.paired ? pairOf(now) : h("p.soft", t("system.standby.unpaired")),
      !now.running && notice(t("system.standby.not_running"), "warn"));
  };
  draw(found);
  live.every(EVERY_MS, async () => draw(await api.get("/standby")), signal);
  return [
    head({ title: t("system.standby.title"), text: t("system.standby.text"), actions: actions(found, reload) }),
    h("div.stack", card(t("system.standby.this"), here), card(t("system.standby.other"), there)),
  ];
}

function boxOf(name, active, trouble) {
  return h("p", h("strong", name), " ", badge(t(active ? "system.standby.active" : "system.standby.standby"), active ? "good" : "accent", { dot: true }), trouble && [" ", badge(trouble, "bad")]);
}

function pairOf(now) {
  if (!now.connected) {
    return [h("p", h("strong", now.peer), " ", badge(t("system.standby.away"), "bad", { dot: true })), h("p.soft", now.detail)];
  }
  const step = now.equal && !now.waiting && !now.records_waiting;
  return [
    boxOf(now.peer, now.peer_active, now.peer_can_call ? "" : t("system.standby.ill")),
    facts([
      [t("system.standby.own"), now.peer_address],
      [t("system.standby.step"), badge(t(step ? "system.standby.in_step" : "system.standby.behind"), step ? "good" : "warn")],
      [t("system.standby.waiting"), number(now.waiting)],
      [t("system.standby.records"), number(now.records_waiting)],
      [t("system.standby.calls"), number(now.peer_calls)],
      [t("system.standby.version"), now.peer_version],
    ]),
  ];
}

function actions(found, reload) {
  const done = async (work) => {
    try {
      await work();
      toast(t("system.standby.done"));
      await reload();
    } catch (error) {
      tell(error);
    }
  };
  const handOver = async () => {
    if (await ask(t("system.standby.hand_over"), t("system.standby.hand_over_text"), { yes: t("system.standby.hand_over") })) await done(() => api.post("/standby/hand-over", {}));
  };
  const join = async () => {
    const address = await askText(t("system.standby.join"), t("system.standby.join_address"), { text: t("system.standby.join_text") });
    const code = address && await askText(t("system.standby.join"), t("system.standby.join_code"));
    if (code) await done(() => api.post("/standby/pair", { address, code }));
  };
  const forget = async () => {
    if (await ask(t("system.standby.forget"), t("system.standby.forget_text", { name: found.peer }), { yes: t("system.standby.forget"), danger: true })) await done(() => api.remove("/standby"));
  };
  return [
    found.paired && may("box:manage") && button(t("system.standby.hand_over"), handOver, { sign: "switch" }),
    !found.paired && may("box:change") && button(t("system.standby.code"), code, { sign: "plus" }),
    !found.paired && may("box:change") && button(t("system.standby.join"), join, { sign: "link" }),
    found.paired && may("box:manage") && button(t("system.standby.forget"), forget, { kind: "quiet" }),
  ];
}

async function code() {
  try {
    const made = await api.post("/standby/codes", {});
    await open(t("system.standby.code"), () => [h("p", t("system.standby.code_text", { name: made.node })), h("p.big-number", made.code)]);
  } catch (error) {
    tell(error);
  }
}
