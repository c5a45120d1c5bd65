// From an empty box to the first call: office, line, people, try it. Each step is saved as one goes on.

import * as api from "../../js/api.js";
import { documents, forget } from "../../js/controls.js";
import { tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { createDocument, form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, card, head, linkButton, notice } from "../../js/parts.js";
import { drawn } from "../../js/random.js";

const STEPS = ["office", "line", "numbers", "people", "try"];
const PROFILES = ["generic", "national", "international", "sipgate", "telekom", "nfon", "dts"];
const SIZES = [1, 10, 100, 500, 1000];

export default async function page({ query, signal, go }) {
  const at = STEPS.includes(query.step) ? query.step : "office";
  const place = h("div");
  const next = () => go(`/setup?step=${STEPS[STEPS.indexOf(at) + 1]}`);
  fill(place, await { office, line, numbers, people, try: attempt }[at]({ next, signal }));
  const here = STEPS.indexOf(at);
  return [
    head({ title: t("system.setup.title"), text: t("system.setup.text") }),
    h("nav.steps", { "aria-label": t("system.setup.title") }, h("ol", STEPS.map((one, index) => h("li", { class: index < here ? "done" : "", "aria-current": index === here ? "step" : null },
      h("a", { href: `/setup?step=${one}` }, h("span.step-sign", index < here ? icon("check") : String(index + 1)), h("span", t(`system.setup.${one}`))))))),
    place,
  ];
}

const skip = (next) => h("button.quiet", { type: "button", onclick: next }, t("system.setup.skip"));

async function office({ next, signal }) {
  const sites = await documents("site", { fresh: true });
  let site = sites.find((one) => one.id === "main") ?? null;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return form({
    signal,
    fresh: true,
    label: "system.setup.next",
    value: site ?? { name: "", country: "DE", area_code: "", timezone: zone, language: document.documentElement.lang === "en" ? "en" : "de", region: "" },
    fields: [{ title: "system.setup.office", help: "system.setup.office_help", fields: [
      { name: "name", type: "text", label: "system.site.name", max: 80 },
      { name: "language", type: "select", label: "system.site.language", help: "system.site.language_help", options: [{ value: "de", key: "common.language.de" }, { value: "en", key: "common.language.en" }] },
      { name: "country", type: "text", label: "system.site.country", help: "system.site.country_help", short: true, max: 2 },
      { name: "area_code", type: "text", label: "system.site.area_code", help: "system.site.area_code_help", short: true, inputmode: "numeric" },
      { name: "timezone", type: "text", label: "system.site.timezone", suggest: () => Intl.supportedValuesOf?.("timeZone") ?? [] },
      { name: "region", type: "text", label: "system.site.region", help: "system.site.region_help", short: true, max: 6 },
    ] }],
    save: async (changed, all) => {
      const { name, language, country, area_code, timezone, region } = all;
      const fields = { name, language, country: country.toUpperCase(), area_code, timezone, region };
      site = site ? await saveDocument("site", site, fields) : await createDocument("site", { id: "main", ...fields });
    },
    saved: next,
    more: skip(next),
  }).element;
}

async function line({ next, signal }) {
  const trunks = await documents("trunk", { fresh: true });
  const known = trunks.find((one) => one.kind === "registering") ?? null;
  let trunk = known;
  const state = h("div.trunk-state", { role: "status" });
  const show = async () => {
    const found = trunk && (await api.get("/trunks")).find((one) => one.id === trunk.id);
    fill(state, found && notice(h("span", t("system.setup.line_state"), " ", badge(t(`system.trunk.${found.status}`), found.status === "registered" ? "good" : "warn", { dot: true }), " ", found.detail), found.status === "registered" ? "good" : ""));
    return found?.status;
  };
  live.on("trunk", () => show().catch(tell), signal);
  await show();
  return [state, form({
    signal,
    fresh: true,
    label: "system.setup.line_save",
    value: trunk ?? { name: "", host: "", username: "", secret: "", profile: "generic", transport: "udp", srtp: "off", max_calls: 8 },
    fields: [{ title: "system.setup.line", help: "system.setup.line_help", fields: [
      { name: "name", type: "text", label: "system.trunk.name", max: 80 },
      { name: "profile", type: "select", label: "system.trunk.profile", help: "system.trunk.profile_help", options: PROFILES.map((one) => ({ value: one, key: `system.profile.${one}` })) },
      { name: "host", type: "text", label: "system.trunk.host", placeholder: "sip.example.net", required: true },
      { name: "port", type: "number", label: "system.trunk.port", help: "system.trunk.port_help" },
      { name: "username", type: "text", label: "system.trunk.username", required: true },
      { name: "secret", type: "secret", label: "system.trunk.secret", required: true },
      { name: "transport", type: "select", label: "system.trunk.transport", options: ["udp", "tcp", "tls"].map((one) => ({ value: one, label: one.toUpperCase() })) },
      { name: "srtp", type: "select", label: "system.trunk.srtp", options: ["off", "optional", "mandatory"].map((one) => ({ value: one, key: `system.srtp.${one}` })) },
      { name: "max_calls", type: "number", label: "system.trunk.max_calls" },
    ] }],
    save: async (changed, all) => {
      const fields = {};
      for (const name of ["name", "profile", "host", "port", "username", "secret", "transport", "srtp", "max_calls"]) if (all[name] !== undefined) fields[name] = all[name];
      if (trunk && fields.secret === trunk.secret) delete fields.secret;
      trunk = trunk ? await saveDocument("trunk", trunk, fields) : await createDocument("trunk", { id: "provider", kind: "registering", ...fields });
    },
    saved: async () => {
      toast(t("system.setup.line_tried"));
      await show();
    },
    more: [button(t("system.setup.next"), next), skip(next)],
  }).element];
}

async function numbers({ next, signal }) {
  const [blocks, found, trunks] = await Promise.all([documents("block", { fresh: true }), documents("number", { fresh: true }), documents("trunk", { fresh: true })]);
  if (!trunks.length) return [notice(t("system.setup.no_line"), "warn"), skip(next)];
  const block = blocks[0];
  const taken = [...found.map((one) => one.number)].sort();
  return [
    taken.length > 0 && notice(t("system.setup.have_numbers", { count: taken.length, numbers: taken.slice(0, 6).join(", ") }), "good"),
    form({
      signal,
      fresh: true,
      label: "system.setup.next",
      value: { first: block?.first ?? "", size: String(block?.size ?? 1), trunk: block?.trunk ?? trunks[0].id },
      fields: [{ title: "system.setup.numbers", help: "system.setup.numbers_help", fields: [
        { name: "first", type: "phone", label: "system.block.first", help: "system.block.first_help", placeholder: "+4922112345670", required: true },
        { name: "size", type: "select", label: "system.block.size", options: SIZES.map((one) => ({ value: String(one), label: t("system.block.numbers", { count: one }) })) },
        { name: "trunk", type: "select", label: "system.setup.line", options: trunks.map((one) => ({ value: one.id, label: one.name || one.id })) },
      ] }],
      save: async (_changed, all) => {
        const size = Number(all.size);
        if (size > 1) {
          const fields = { first: all.first, size, trunk: all.trunk };
          if (block) await saveDocument("block", block, fields);
          else await createDocument("block", { id: "main", ...fields });
        }
        if (!found.some((one) => one.number === all.first)) await createDocument("number", { id: found.some((one) => one.id === "head") ? `n${all.first.replace(/\D/g, "")}` : "head", number: all.first, name: t("system.setup.head_name"), steps: [] });
      },
      saved: next,
      more: skip(next),
    }).element,
  ];
}

async function people({ next, signal }) {
  const [extensions, devices, numbersNow] = await Promise.all([documents("extension", { fresh: true }), documents("device", { fresh: true }), documents("number", { fresh: true })]);
  const first = Math.max(20, ...extensions.map((one) => Number(one.number)).filter((one) => one < 100)) + (extensions.length ? 1 : 0);
  const done = h("div");
  const headNumber = numbersNow.find((one) => one.id === "head") ?? numbersNow[0];
  const made = form({
    signal,
    fresh: true,
    label: "system.setup.people_make",
    value: { people: [{ number: String(first), name: "" }, { number: String(first + 1), name: "" }, { number: String(first + 2), name: "" }], rings: true },
    fields: [{ title: "system.setup.people", help: "system.setup.people_help", fields: [
      { name: "people", type: "rows", label: "system.setup.people", unlabelled: true, add: "system.setup.people_add", wide: true, ordered: false, fresh: () => ({ number: String(first + made.get().people.length), name: "" }), fields: [
        { name: "number", type: "text", label: "system.person.number", inputmode: "numeric", max: 6 },
        { name: "name", type: "text", label: "system.person.name", max: 80 },
      ] },
      ...(headNumber ? [{ name: "rings", type: "switch", label: "system.setup.people_ring", wide: true }] : []),
    ] }],
    save: async (_changed, all) => {
      const accounts = [];
      let at = 0;
      for (const one of all.people) {
        try {
          if (!extensions.some((known) => known.number === one.number)) await createDocument("extension", { id: one.number, number: one.number, name: one.name });
          if (!devices.some((known) => known.extension === one.number)) {
            const secret = drawn("abcdefghjkmnpqrstuvwxyz23456789", 12);
            await createDocument("device", { id: one.number, extension: one.number, username: one.number, secret, name: one.name });
            accounts.push({ ...one, secret });
          }
        } catch (error) {
          for (const problem of error.problems ?? []) problem.field = `people[${at}].${["number", "name"].includes(problem.field) ? problem.field : "number"}`;
          throw error;
        }
        at += 1;
      }
      if (headNumber && all.rings) {
        const now = await api.get(api.documentPath("number", headNumber.id));
        await saveDocument("number", now, { steps: [{ targets: all.people.map((one) => ({ kind: "extension", ref: one.number })), seconds: 30 }] });
      }
      return accounts;
    },
    saved: (accounts) => {
      forget();
      made.element.hidden = true;
      fill(done, card(t("system.setup.accounts"), h("p", t("system.setup.accounts_help", { host: location.hostname })),
        h("table.accounts", h("thead", h("tr", ["system.person.number", "system.person.name", "system.trunk.username", "system.trunk.secret"].map((one) => h("th", { scope: "col" }, t(one))))), h("tbody", accounts.map((one) => h("tr", h("th", { scope: "row" }, one.number), h("td", one.name), h("td", one.number), h("td", h("code", one.secret)))))),
        h("div.actions", button(t("system.setup.next"), next, { kind: "primary" }))));
    },
    more: skip(next),
  });
  return [made.element, done];
}

async function attempt({ signal }) {
  const extensions = await documents("extension", { fresh: true });
  const phones = h("div");
  const result = h("div", { role: "status" });
  const draw = async () => {
    const found = await api.get("/registrations");
    const there = new Set(found.map((one) => one.extension));
    fill(phones, card(t("system.try.phones"), h("p.soft", t("system.try.phones_text")), h("ul.plain.lines", extensions.map((one) => h("li.line", icon("device"), h("span.party", h("span", one.name || one.number), h("small.soft", one.number)), badge(t(there.has(one.id) ? "system.try.there" : "system.try.away"), there.has(one.id) ? "good" : "", { dot: true }))))));
  };
  await draw();
  live.on("registration", () => draw().catch(tell), signal);
  live.on("party", (one) => {
    if (one.state === "talking") fill(result, notice(t("system.try.talking"), "good"));
    else if (one.state === "calling") fill(result, notice(t("system.try.calling")));
  }, signal);
  const made = form({
    guard: false,
    fresh: true,
    label: "system.try.call",
    value: { extension: extensions[0]?.number ?? "", dialled: "" },
    fields: [
      { name: "extension", type: "select", label: "system.try.from", options: extensions.map((one) => ({ value: one.number, label: [one.number, one.name].filter(Boolean).join(" · ") })) },
      { name: "dialled", type: "phone", label: "system.try.to", help: "system.try.to_help" },
    ],
    save: (_changed, all) => api.post("/calls", all),
    saved: () => fill(result, notice(t("system.try.ringing"))),
  });
  return h("div.columns", h("div.stack", phones), h("div.stack", card(t("system.try.title"), h("p.soft", t("system.try.text")), made.element, result), h("div.actions", linkButton(t("system.setup.done"), "/system/overview", { kind: "primary" }))));
}
