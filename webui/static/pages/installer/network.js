// The network of the box: what there is, what it shall be. A change is tried first: who does not confirm it in
// time, because the way to the box is gone, has the old one back.

import * as api from "../../js/api.js";
import { errorText, tell, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { moment, number, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { badge, button, card, facts, head, notice } from "../../js/parts.js";
import { may } from "../../js/session.js";

const EVERY_MS = 2000;
const TOKEN = "network-trial";
const STATE = { configured: "good", configuring: "warn", failed: "bad" };

export default async function page({ signal }) {
  const place = h("div.stack");
  const draw = async () => {
    const shown = await api.get("/network");
    if (!shown.seconds_left) sessionStorage.removeItem(TOKEN);
    fill(place, [
      shown.seconds_left ? onTrial(shown, draw, signal) : afterwards(shown),
      shown.facts.interfaces.map(connection),
      clock(shown.facts.time),
      !shown.managed && notice(t("system.network.not_managed")),
      shown.managed && may("box:manage") && !shown.seconds_left && settings(shown, draw, signal),
    ]);
  };
  await draw();
  return [head({ title: t("system.network.title"), text: t("system.network.text") }), place];
}

function afterwards(shown) {
  if (!shown.reverted) return null;
  return notice([t(`system.network.reverted.${shown.reverted}`), shown.detail].filter(Boolean).join(" "), "warn");
}

function connection(one) {
  const speed = one.link && one.speed ? t("system.network.speed", { speed: number(one.speed) }) : "";
  const other = one.neighbours.map((each) => [each.name, each.port].filter(Boolean).join(" ")).join(", ");
  return card("",
    h("div.card-head", icon("network"), h("h2", one.vlan ? t("system.network.vlan_on", { vlan: one.vlan, device: one.device }) : one.name),
      badge(t(one.link ? "system.network.link" : "system.network.no_link"), one.link ? "good" : "", { dot: true }),
      one.state in STATE && badge(t(`system.network.state.${one.state}`), STATE[one.state])),
    facts([
      [t("system.network.addresses"), one.addresses.map((each) => h("div", `${each.address} (${t(`system.network.source.${each.source}`)})`))],
      [t("system.network.gateway"), one.gateways.join(", ")],
      [t("system.network.dns"), one.dns.join(", ")],
      [t("system.network.wire"), [speed, t("system.network.mtu_is", { mtu: String(one.mtu) }), one.mac].filter(Boolean).join(" · ")],
      [t("system.network.neighbour"), other],
    ]));
}

function clock(time) {
  const set = time.synchronised;
  return card(t("system.network.clock"),
    set === false && notice(t("system.network.clock_wrong"), "warn"),
    facts([
      [t("system.network.time"), moment(time.now)],
      [t("system.network.set_by"), set ? time.server || t("common.yes") : ""],
      [t("system.network.set_at"), time.since && moment(time.since)],
    ]));
}

function settings(shown, draw, signal) {
  const wires = shown.facts.interfaces.filter((one) => !one.vlan).map((one) => one.device);
  const given = shown.kept.connections;
  const fresh = (device, vlan = 0) => ({ device, vlan, ipv4: "dhcp", address: "", gateway: "", ipv6: "auto", address6: "", gateway6: "", dns: [], domains: [], mtu: 0, way_out: !vlan });
  const missing = wires.filter((wire) => !given.some((one) => one.device === wire && !one.vlan)).map((wire) => fresh(wire));
  const known = [...new Set([...wires, ...given.map((one) => one.device)])];
  const fixed = (value) => value.ipv4 === "static";
  const fixed6 = (value) => value.ipv6 === "static";
  const text = (name, more) => ({ name, type: "text", label: `system.network.${name}`, ...more });
  const made = form({
    signal,
    label: "system.network.try",
    value: { ...shown.kept, connections: [...given, ...missing] },
    fields: [
      { title: "system.network.connections", help: "system.network.connections_help", fields: [
        { name: "connections", type: "rows", label: "system.network.connections", unlabelled: true, wide: true, ordered: false, add: "system.network.add_vlan", fresh: () => fresh(known[0] || "", 20), fields: [
          { name: "device", type: "select", label: "system.network.device", options: known },
          { name: "vlan", type: "number", label: "system.network.vlan", help: "system.network.vlan_help", min: 0, max: 4094 },
          { name: "ipv4", type: "select", label: "system.network.ipv4", options: modes("dhcp", "static", "off") },
          text("address", { when: fixed, reset: "", required: true, placeholder: "192.168.1.10/24" }),
          text("gateway", { when: fixed, reset: "", placeholder: "192.168.1.1" }),
          { name: "ipv6", type: "select", label: "system.network.ipv6", options: modes("auto", "static", "off") },
          text("address6", { when: fixed6, reset: "", required: true, placeholder: "2001:db8::10/64" }),
          text("gateway6", { when: fixed6, reset: "", placeholder: "fe80::1" }),
          { name: "dns", type: "texts", label: "system.network.dns", help: "system.network.dns_help" },
          { name: "domains", type: "texts", label: "system.network.domains" },
          { name: "mtu", type: "number", label: "system.network.mtu", help: "system.network.mtu_help", min: 0, max: 9200 },
          { name: "way_out", type: "switch", label: "system.network.way_out", help: "system.network.way_out_help" },
        ] },
      ] },
      { title: "system.network.common", fields: [
        text("host_name", { help: "system.network.host_name_help", placeholder: shown.facts.host_name }),
        { name: "ntp", type: "texts", label: "system.network.ntp", help: "system.network.ntp_help" },
      ] },
    ],
    save: async (_changed, all) => {
      const answer = await api.post("/network/trial", all);
      sessionStorage.setItem(TOKEN, answer.token);
      return answer;
    },
    saved: draw,
  });
  return card(t("system.network.change"), made.element);
}

function modes(...names) {
  return names.map((value) => ({ value, key: `system.network.mode.${value}` }));
}

/** Counts down; whether the box still answers here decides what is offered. */
function onTrial(shown, draw, signal) {
  const token = sessionStorage.getItem(TOKEN);
  const until = Date.now() + shown.seconds_left * 1000;
  const left = h("strong", { role: "timer" });
  const say = h("p", { role: "status" });
  const ways = h("div.actions");
  const links = addresses(shown.settings, shown.facts.host_name).map((host) => Object.assign(new URL(location.origin), { hostname: host }).origin);
  const stays = h("div.actions",
    token && button(t("system.network.keep"), keep, { kind: "primary", sign: "check" }),
    button(t("system.network.take_back"), async () => {
      try {
        await api.remove("/network/trial");
      } catch (error) {
        tell(error);
      }
      await draw();
    }, { kind: "quiet", sign: "undo" }));
  if (token) fill(ways, links.map((link) => h("a.button", { href: `${link}/system/network#confirm=${token}`, target: "_blank", rel: "noopener" }, icon("external"), link)));

  async function keep() {
    try {
      await api.post("/network/confirmation", { token });
      sessionStorage.removeItem(TOKEN);
      toastSaved();
      await draw();
    } catch (error) {
      fill(say, errorText(error));
    }
  }

  let asking = false;
  async function look() {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    fill(left, seconds > 0 ? t("system.network.seconds", { count: seconds }) : t("system.network.over"));
    if (asking) return;
    asking = true;
    try {
      // Straight, not over api: that the box is gone here is nothing to be told above the page.
      const answer = await fetch("/api/v1/network", { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (!now.seconds_left) {
        stop();
        await draw();
        return;
      }
      stays.hidden = false;
      fill(say, t("system.network.still_here"));
    } catch {
      stays.hidden = true;
      fill(say, t(seconds > 0 ? "system.network.gone_there" : "system.network.comes_back"));
    } finally {
      asking = false;
    }
  }
  stays.hidden = true;
  const timer = setInterval(look, EVERY_MS / 2);
  const stop = () => clearInterval(timer);
  signal.addEventListener("abort", stop, { once: true });
  look();
  return h("section.card", h("h2", t("system.network.on_trial")), h("p", t("system.network.on_trial_text"), " ", left), say, token && links.length > 0 && [h("p", t("system.network.go_there")), ways], stays);
}

/** Where the box may be found with these settings. */
function addresses(wanted, name) {
  const found = wanted.connections.flatMap((one) => [one.address && one.address.split("/")[0], one.address6 && `[${one.address6.split("/")[0]}]`]).filter(Boolean);
  return [...found, `${wanted.host_name || name}.local`];
}
