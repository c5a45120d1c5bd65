// The own calls in progress, with what one can do about them; kept fresh by events.

import * as api from "../../js/api.js";
import { askText, tell } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { duration, t } from "../../js/i18n.js";
import * as live from "../../js/live.js";
import { badge, button, card } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { mine, nameOf, party, seconds } from "./own.js";

const KIND = { ringing: "accent", calling: "", talking: "good", held: "warn" };

/** A card with the calls in progress; it is not there while there are none. */
export async function callList({ people, signal }) {
  const calls = new Map();
  const list = h("ul.plain.lines");
  const element = card(t("user.now.title"), list);
  element.classList.add("now");
  const take = (one) => {
    if (one.extension !== mine().id) return;
    if (one.state === "ended") calls.delete(one.leg);
    else calls.set(one.leg, one);
  };
  const ask = async () => {
    try {
      const found = await api.get("/calls/parties");
      calls.clear();
      for (const one of found) take(one);
      draw();
    } catch (error) {
      if (error.status !== 503) tell(error);
    }
  };

  /** One line for each call, however many telephones of one's own ring. */
  function lines() {
    const ringing = new Map();
    for (const one of calls.values()) if (one.state === "ringing" && !ringing.get(one.call)?.answers) ringing.set(one.call, one);
    return [...calls.values()].filter((one) => one.state !== "ringing" || ringing.get(one.call) === one);
  }

  function draw() {
    element.hidden = calls.size === 0;
    fill(list, lines().map((one) => h("li.line.call-line",
      party(one.number, nameOf(one.number, one.name, people)),
      badge(t(`user.doing.${one.state}`), KIND[one.state] || ""),
      h("time.soft.number", { dataset: { since: one.since } }, duration(seconds(one.since, new Date().toISOString()))),
      may("calls:change@own") && h("span.row.acts", acts(one)))));
  }

  function acts(one) {
    const others = [...calls.values()].filter((other) => other.call !== one.call && other.state !== "ringing");
    const act = (name, label, more = {}) => button(t(label), () => steer(one, name, more), { kind: name === "hangup" || name === "reject" ? "small danger" : name === "answer" ? "small primary" : "small" });
    if (one.state === "ringing") return [one.answers ? act("answer", "user.act.answer") : h("span.soft.small", t("user.act.lift")), act("reject", "user.act.reject")];
    return [
      one.state === "talking" && act("hold", "user.act.hold"),
      one.state === "held" && act("resume", "user.act.resume"),
      one.state !== "calling" && button(t("user.act.transfer"), () => transfer(one), { kind: "small" }),
      one.state !== "calling" && others.length > 0 && act("join", "user.act.join", { other: others[0].call }),
      act("hangup", "user.act.hangup"),
    ];
  }

  async function steer(one, act, more) {
    try {
      await api.post(`/calls/${encodeURIComponent(one.call)}`, { act, extension: mine().number, ...more });
    } catch (error) {
      tell(error);
    }
  }

  async function transfer(one) {
    const to = await askText(t("user.act.transfer"), t("user.act.transfer_to"), { type: "tel", yes: t("user.act.transfer"), suggest: people.map((each) => ({ value: each.number, label: each.name })) });
    if (to) await steer(one, "transfer", { to });
  }

  live.every(1000, () => {
    const now = new Date().toISOString();
    for (const one of list.querySelectorAll("time[data-since]")) one.textContent = duration(seconds(one.dataset.since, now));
  }, signal);
  live.on("party", (one) => { take(one); draw(); }, signal);
  live.onReturn(ask, signal);
  await ask();
  return element;
}
