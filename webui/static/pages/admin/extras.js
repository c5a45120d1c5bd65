// What stands below the forms of some kinds: the devices of an extension, the state of a trunk, a password.

import * as api from "../../js/api.js";
import { documents } from "../../js/controls.js";
import { toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { current, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, card, facts, linkButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { registeredBadge, registrationLines } from "./parts/registrations.js";

export const EXTRAS = { extension, trunk, account, mail, device, dect_system: bases };

async function extension(before, { signal }) {
  const place = h("div");
  const draw = async () => {
    const [devices, mobiles, analog, registered, numbers] = await Promise.all([
      documents("device", { fresh: true }), documents("mobile").catch(() => []), documents("analog").catch(() => []), api.get("/registrations").catch(() => []), documents("number").catch(() => []),
    ]);
    const mine = devices.filter((one) => one.extension === before.id);
    const here = (one) => registered.filter((of) => of.aor === one.username);
    fill(place,
      h("div.columns.below",
        h("section.card", h("div.card-head", h("h2", t("admin.extension.devices")), may("devices:manage") && linkButton(t("common.add"), `/office/devices/+?extension=${encodeURIComponent(before.id)}`, { sign: "plus", kind: "small" })),
          h("ul.plain-list",
            mine.map((one) => h("li", h("a", { href: `/office/devices/${encodeURIComponent(one.id)}` }, one.name || one.username), registeredBadge(here(one)), registrationLines(here(one), draw))),
            mobiles.filter((one) => one.extension === before.id).map((one) => h("li", h("a", { href: `/office/mobiles/${encodeURIComponent(one.id)}` }, one.name || one.number), badge(t("admin.extension.mobile")))),
            analog.filter((one) => one.extension === before.id).map((one) => h("li", h("span", one.name || one.port), badge(t("admin.extension.analog"))))),
          !mine.length && h("p.soft", t("admin.extension.no_devices"))),
        card(t("admin.extension.numbers"), h("ul.plain-list", numbers.filter((one) => JSON.stringify([one.steps, one.scenarios]).includes(JSON.stringify({ kind: "extension", ref: before.id }).slice(1, -1))).map((one) => h("li", h("a", { href: `/office/numbers/${encodeURIComponent(one.id)}` }, one.number), h("span", one.name)))), h("p.soft.small", t("admin.extension.numbers_text")))));
  };
  await draw();
  live.on("registration", () => draw().catch(() => {}), signal);
  return place;
}

async function device(before, { signal }) {
  if (!may("registrations:read")) return null;
  const place = h("div.below");
  const draw = async () => {
    const here = (await api.get("/registrations").catch(() => [])).filter((one) => one.aor === before.username);
    fill(place, card(t("admin.registration.title"), h("ul.plain-list", here.map((one) => h("li", registrationLines([one], draw)))), !here.length && registeredBadge(here)));
  };
  await draw();
  live.on("registration", () => draw().catch(() => {}), signal);
  return place;
}

/** Where the bases of a DECT system fetch, and where one sees how they are. */
async function bases(before) {
  const shown = (await api.get("/dect")).find((one) => one.system === before.id);
  return h("div.below", card(t("admin.dect.title"),
    before.family === "mitel" && shown && [h("p.soft", t("admin.dect.ipdect_text")), h("div.row", await startFile(before.id))],
    shown?.address && [h("p.soft", t("admin.dect.address_text")), h("p.code.wrap", shown.address)],
    h("p.soft", t("admin.dect.state_text")), h("div.row", linkButton(t("admin.dect.state"), "/system/hardware", { sign: "hardware" }), linkButton(t("kinds.dect_handset.title"), "/office/handsets", { sign: "mobile" }))));
}

/** What an OMM reads at its start, to be taken away as a file. */
async function startFile(system) {
  const { name, content } = await api.get("/dect/ipdect", { system });
  const address = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  return h("a.button", { href: address, download: name }, icon("upload"), name);
}

async function trunk(before, { signal }) {
  const place = h("div.below");
  const draw = async () => {
    const found = (await api.get("/trunks")).find((one) => one.id === before.id);
    if (!found) return;
    const kind = { registered: "good", reachable: "good", disabled: "", trying: "warn" }[found.status] ?? "bad";
    fill(place, card(t("admin.trunk.state"), facts([[t("admin.trunk.status"), badge(t(`options.trunk_status.${found.status}`), kind, { dot: true })], [t("admin.trunk.detail"), found.detail], [t("admin.trunk.since"), found.since ? moment(found.since) : ""]])));
  };
  await draw();
  live.on("trunk", () => draw().catch(() => {}), signal);
  return place;
}

function mail() {
  const said = h("pre.code");
  const made = form({
    guard: false,
    label: "admin.mail.send",
    fields: [{ name: "recipient", type: "email", label: "admin.mail.to", wide: true }],
    save: (_changed, all) => api.post("/mail/test", { ...all, language: current() }),
    saved: (found) => fill(said, [...found.dialogue, found.error].filter(Boolean).join("\n")),
  });
  const place = card(t("admin.mail.test"), h("p.soft", t("admin.mail.text")), made.element, said);
  place.classList.add("below", "narrow");
  return place;
}

function account(before) {
  const made = form({
    guard: false,
    label: "admin.account.set",
    fields: [{ name: "password", type: "secret", label: "account.password.new", help: "account.password.help", wide: true }],
    save: (_changed, all) => api.put(`/accounts/${encodeURIComponent(before.id)}/password`, all),
    saved: () => {
      made.reset({});
      toast(t("admin.account.done"));
    },
  });
  const place = card(t("admin.account.password"), h("p.soft", t("admin.account.text")), made.element);
  place.classList.add("below", "narrow");
  return place;
}
