// Forwardings: in one line for reading, and as fields of a form.

import { t } from "../../js/i18n.js";
import { colleagues, STATUSES } from "./own.js";
import * as api from "../../js/api.js";

export const EVENTS = ["always", "busy", "no_answer", "unreachable"];
const CALLERS = ["any", "internal", "external"];
export const EVERY = { callers: "any", numbers: [], withheld: false, when: [], status: [] };

/** One forwarding in words. */
export function forwardingLine(one, people) {
  const to = targetName(one.to, people);
  const line = one.on === "no_answer" ? t("user.forward.line.no_answer", { seconds: one.seconds, to }) : t(`user.forward.line.${one.on}`, { to });
  return one.calls.callers === "any" && !one.calls.numbers.length && !one.calls.when.length && !one.calls.status.length && !one.calls.withheld ? line : t("user.forward.some", { line });
}

/** What a target is called. */
export function targetName(to, people) {
  if (to.kind === "external") return to.ref;
  if (to.kind === "voicemail_box") return t("user.forward.voicemail");
  const found = people.find((one) => one.extension === to.ref);
  return found ? found.name || found.number : to.ref;
}

/** The fields of a target: a number outside, a colleague, an own voicemail box. */
export function targetField(label) {
  const is = (kind) => (now) => now.kind === kind;
  return {
    name: "to", label, type: "group", wide: true,
    fields: [
      { name: "kind", type: "select", label: "user.forward.where", options: ["external", "extension", "voicemail_box"].map((kind) => ({ value: kind, key: `user.forward.kind.${kind}` })) },
      { name: "external", type: "phone", label: "user.forward.number", placeholder: "+491701234567", when: is("external") },
      { name: "extension", type: "select", label: "user.forward.colleague", options: inside, when: is("extension") },
      { name: "voicemail_box", type: "select", label: "user.messages.box", options: boxes, when: is("voicemail_box") },
    ],
  };
}

async function inside() {
  return (await colleagues()).map((one) => ({ value: one.extension, label: [one.number, one.name].filter(Boolean).join(" · ") }));
}

async function boxes() {
  return (await api.get("/voicemail/boxes")).map((one) => ({ value: one.box, label: one.name || one.number || one.box }));
}

/** A target as the form has it, and back. */
export function spread(to) {
  return { kind: to.kind, external: "", extension: "", voicemail_box: "", [to.kind]: to.ref };
}
export function gathered(to) {
  return { kind: to.kind, ref: to[to.kind] ?? "" };
}

/** For which calls something is: folded, as most are for all. */
export function callsField(whenControl) {
  return {
    name: "calls", type: "group", label: "user.only", wide: true, fields: [
      { name: "callers", type: "select", label: "user.only.callers", options: CALLERS.map((one) => ({ value: one, key: `user.only.callers.${one}` })) },
      { name: "numbers", type: "texts", label: "user.only.numbers", help: "user.only.numbers_help", placeholder: "+4930." },
      { name: "withheld", type: "switch", label: "user.only.withheld" },
      { name: "status", type: "choices", label: "user.only.status", options: STATUSES.map((one) => ({ value: one, key: `user.status.${one}` })) },
      { name: "when", label: "user.only.when", wide: true, control: whenControl },
    ],
  };
}

/** The fields of a list of forwardings. */
export function forwardingsField(name, label, whenControl, more = {}) {
  return {
    name, type: "rows", label, add: "user.forward.add", wide: true, ...more,
    fresh: () => ({ on: "no_answer", to: spread({ kind: "external", ref: "" }), seconds: 20, calls: EVERY, enabled: true }),
    fields: [
      { name: "on", type: "select", label: "user.forward.on", options: EVENTS.map((one) => ({ value: one, key: `user.forward.on.${one}` })) },
      { name: "seconds", type: "number", label: "user.forward.seconds", unit: "user.seconds", when: (now) => now.on === "no_answer", keep: true },
      { name: "enabled", type: "switch", label: "user.enabled" },
      targetField("user.forward.to"),
      callsField(whenControl),
    ],
  };
}

/** Forwardings as the form has them, and back. */
export function unpack(list) {
  return (list || []).map((one) => ({ ...one, to: spread(one.to) }));
}
export function pack(list) {
  return (list || []).map((one) => ({ ...one, to: gathered(one.to) }));
}

