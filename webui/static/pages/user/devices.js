// Own telephones: what is registered, apps by QR code, mobiles that ring along, which one dials.

import * as api from "../../js/api.js";
import { ask, askDelete, open, tell, toast, toastDeleted, toastSaved } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { createDocument, deleteDocument, form, saveDocument } from "../../js/form.js";
import { moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, head, iconButton, linkButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { chooser, extension, mine } from "./own.js";

export default async function page({ reload, signal }) {
  const list = (kind) => api.get(api.documentPath(kind)).then((found) => found.filter((one) => one.extension === mine().id));
  const [me, devices, analog, handsets, mobiles] = await Promise.all([extension(), list("device"), list("analog"), list("dect_handset"), list("mobile")]);
  return [
    head({ title: t("user.devices.title"), text: t("user.devices.text"), actions: [chooser(reload)] }),
    h("div.columns",
      h("div.stack", await telephones(devices, analog, handsets, signal), dialOut(me, devices, mobiles)),
      h("div.stack", mobileCard(mobiles, reload))),
  ];
}

async function telephones(devices, analog, handsets, signal) {
  const place = h("ul.plain.lines");
  const draw = async () => {
    let registered = [];
    try {
      registered = may("registrations:read@own") ? await api.get("/registrations") : [];
    } catch {
      // the edge is away for a moment: shown as not there
    }
    fill(place,
      devices.map((one) => {
        const there = registered.find((row) => row.aor === one.username);
        return h("li.line", icon("device"), h("span.party", h("span", one.name || one.username), h("small.soft", there ? there.user_agent || there.source_ip : one.username)),
          badge(t(there ? "user.devices.there" : "user.devices.away"), there ? "good" : "", { dot: true }),
          iconButton("qr", `${t("user.devices.app")}: ${one.name || one.username}`, () => app(one)));
      }),
      analog.map((one) => h("li.line", icon("phone"), h("span.party", h("span", one.name || one.id), h("small.soft", t("user.devices.analog"))))),
      handsets.map((one) => h("li.line", icon("mobile"), h("span.party", h("span", one.name || one.id), h("small.soft", t("user.devices.dect"))))),
      !devices.length && !analog.length && !handsets.length && h("li.soft", t("user.devices.none")));
  };
  await draw();
  live.on("registration", draw, signal);
  live.onReturn(draw, signal);
  return card(t("user.devices.telephones"), place, devices.length > 0 && h("div.actions", linkButton(t("user.keys.title"), "/my/keys", { sign: "keys" })));
}

async function app(device) {
  const renew = await ask(t("user.devices.app"), t("user.devices.app_text"), { yes: t("user.devices.app_make") });
  if (!renew) return;
  try {
    const link = await api.post(`/softphones/${encodeURIComponent(device.id)}/link`, { app: "linphone", renew: true, host: location.hostname });
    await open(t("user.devices.app"), () => [
      h("p", t("user.devices.app_scan")),
      link.qr && h("img.qr", { src: link.qr, alt: t("user.devices.app_qr"), width: 240, height: 240 }),
      h("p.soft.small", t("user.devices.app_until", { at: moment(link.expires) })),
      h("details", h("summary", t("user.devices.app_link")), h("p.small", h("code", link.url || link.link))),
    ]);
  } catch (error) {
    tell(error);
  }
}

function dialOut(me, devices, mobiles) {
  let now = me;
  const value = (of) => (of.device ? `device:${of.device}` : of.number ? `number:${of.number}` : "");
  const options = [
    { value: "", label: t("user.devices.all") },
    ...devices.map((one) => ({ value: `device:${one.id}`, label: one.name || one.username })),
    ...mobiles.map((one) => ({ value: `number:${one.number}`, label: one.name ? `${one.name} · ${one.number}` : one.number })),
  ];
  const chosen = value(me.dial_out);
  if (chosen && !options.some((one) => one.value === chosen)) options.push({ value: chosen, label: chosen.split(":")[1] });
  const select = h("select#dial-out", { onchange: async () => {
    const [kind, of] = select.value.split(/:(.*)/);
    try {
      now = (await saveDocument("extension", now, { dial_out: { device: kind === "device" ? of : null, number: kind === "number" ? of : null } })) ?? now;
      toastSaved();
    } catch (error) {
      tell(error);
    }
    select.value = value(now.dial_out);
  } }, options.map((one) => h("option", { value: one.value, selected: one.value === chosen }, one.label)));
  return card(t("user.devices.dial_out"), h("div.field", h("label", { for: "dial-out" }, t("user.devices.dial_out_label")), select, h("p.field-help", t("user.devices.dial_out_help"))),
    "registerProtocolHandler" in navigator && [h("p.soft.below", t("user.devices.links_text")), h("div.actions", button(t("user.devices.links"), () => {
      navigator.registerProtocolHandler("tel", `${location.origin}/dial?number=%s`);
      toast(t("user.devices.links_asked"));
    }, { sign: "link" }))]);
}

function mobileCard(mobiles, reload) {
  const edit = (one) => open(one ? one.name || one.number : t("user.mobile.add"), (close) => form({
    guard: false,
    fresh: !one,
    value: one ?? { number: "", name: "", rings: true, reverse: false },
    fields: [
      { name: "number", type: "phone", label: "user.mobile.number", placeholder: "+491701234567", required: true },
      { name: "name", type: "text", label: "user.name", max: 80 },
      { name: "rings", type: "switch", label: "user.mobile.rings", help: "user.mobile.rings_help", wide: true },
      { name: "reverse", type: "switch", label: "user.mobile.reverse", help: "user.mobile.reverse_help", wide: true },
    ],
    save: (changed, all) => (one ? saveDocument("mobile", one, changed) : createDocument("mobile", { ...all, id: `${mine().id}-${crypto.randomUUID().slice(0, 8)}`, extension: mine().id })),
    saved: () => {
      toastSaved();
      close(true);
    },
  }).element).then((done) => done && reload());
  const drop = async (one) => {
    if (!(await askDelete(one.name || one.number))) return;
    try {
      await deleteDocument("mobile", one.id);
      toastDeleted();
      await reload();
    } catch (error) {
      tell(error);
    }
  };
  const callBack = async (one) => {
    try {
      await api.post("/callbacks", { extension: mine().number, mobile: one.id });
      toast(t("user.calling", { number: one.number }));
    } catch (error) {
      tell(error);
    }
  };
  const writes = may("devices:manage@own");
  return card(t("user.mobile.title"), h("p.soft", t("user.mobile.text")),
    h("ul.plain.lines", mobiles.map((one) => h("li.line", icon("mobile"), h("span.party", h("span", one.name || one.number), h("small.soft.number", one.number)),
      one.rings && badge(t("user.mobile.rings_short"), "good"),
      may("calls:change@own") && iconButton("incoming", t("user.mobile.call_back"), () => callBack(one)),
      writes && iconButton("edit", t("user.mobile.edit", { name: one.name || one.number }), () => edit(one)),
      writes && iconButton("trash", `${t("common.delete")}: ${one.name || one.number}`, () => drop(one)))), !mobiles.length && h("li.soft", t("user.mobile.none"))),
    writes && h("div.actions", button(t("user.mobile.add"), () => edit(null), { sign: "plus" })));
}
