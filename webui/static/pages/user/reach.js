// How one is reached: forwarding, ringing at several places, rules for callers, profiles.

import { toastSaved } from "../../js/dialog.js";
import { form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { head, tabs } from "../../js/parts.js";
import { whenControl } from "../admin/parts/when.js";
import { EVERY, callsField, forwardingsField, pack, targetField, unpack, spread, gathered } from "./forwarding.js";
import { chooser, extension, STATUSES } from "./own.js";

const ACTIONS = ["accept", "reject", "busy", "vip"];
const when = whenControl({ none: "user.only.always" });

export default async function page({ query, reload, signal }) {
  let me = await extension();
  const part = (fields, into, from) => form({
    fields,
    value: into(me),
    signal,
    save: (changed) => saveDocument("extension", me, from(changed)),
    saved: (now) => {
      me = now ?? me;
      toastSaved();
    },
  }).element;
  return [
    head({ title: t("user.reach.title"), text: t("user.reach.text"), actions: [chooser(reload)] }),
    tabs([
      { name: "forwarding", label: "user.reach.forwarding", build: () => part([forwardingsField("forwardings", "user.reach.forwarding", when, { unlabelled: true, help: "user.reach.forwarding_help" })], (of) => ({ forwardings: unpack(of.forwardings) }), (changed) => ({ forwardings: pack(changed.forwardings) })) },
      { name: "ringing", label: "user.reach.ringing", build: () => part([ringings()], (of) => ({ ringings: of.ringings.map(openRinging) }), (changed) => ({ ringings: changed.ringings.map(closeRinging) })) },
      { name: "rules", label: "user.reach.rules", build: () => part([rules(), { name: "accept_only", type: "switch", label: "user.rule.accept_only", help: "user.rule.accept_only_help" }], (of) => ({ rules: of.rules, accept_only: of.accept_only }), (changed) => changed) },
      { name: "profiles", label: "user.reach.profiles", build: () => part([profiles(), { name: "profile", type: "select", label: "user.profile.now", options: () => [{ value: "", key: "user.profile.none" }, ...me.profiles.map((one) => one.name)] }], (of) => ({ profiles: of.profiles.map(openProfile), profile: of.profile }), (changed) => ({ ...changed, ...(changed.profiles ? { profiles: changed.profiles.map(closeProfile) } : {}) })) },
    ], query.tab || "forwarding"),
  ];
}

function ringings() {
  return {
    name: "ringings", type: "rows", label: "user.reach.ringing", unlabelled: true, help: "user.ringing.help", add: "user.ringing.add", wide: true,
    fresh: () => ({ steps: [{ targets: [spread({ kind: "extension", ref: "" })], seconds: 20 }], calls: EVERY, enabled: true }),
    fields: [
      { name: "enabled", type: "switch", label: "user.enabled" },
      {
        name: "steps", type: "rows", label: "user.ringing.steps", add: "user.ringing.add_step", wide: true,
        fresh: () => ({ targets: [spread({ kind: "external", ref: "" })], seconds: 20 }),
        fields: [
          { name: "seconds", type: "number", label: "user.ringing.seconds", unit: "user.seconds" },
          { name: "targets", type: "rows", label: "user.ringing.targets", add: "user.ringing.add_target", wide: true, ordered: false, fresh: () => spread({ kind: "external", ref: "" }), fields: targetField("user.forward.to").fields },
        ],
      },
      callsField(when),
    ],
  };
}

function openRinging(one) {
  return { ...one, steps: one.steps.map((step) => ({ ...step, targets: step.targets.map(spread) })) };
}

function closeRinging(one) {
  return { ...one, steps: one.steps.map((step) => ({ ...step, targets: step.targets.map(gathered) })) };
}

function rules() {
  return {
    name: "rules", type: "rows", label: "user.reach.rules", unlabelled: true, help: "user.rule.help", add: "user.rule.add", wide: true,
    fresh: () => ({ action: "busy", name: "", calls: EVERY, enabled: true }),
    fields: [
      { name: "action", type: "select", label: "user.rule.action", options: ACTIONS.map((one) => ({ value: one, key: `user.rule.action.${one}` })) },
      { name: "name", type: "text", label: "user.rule.name", max: 80 },
      { name: "enabled", type: "switch", label: "user.enabled" },
      callsField(when),
    ],
  };
}

function profiles() {
  return {
    name: "profiles", type: "rows", label: "user.reach.profiles", unlabelled: true, help: "user.profile.help", add: "user.profile.add", wide: true, ordered: false,
    fresh: () => openProfile({ name: "", status: null, status_text: null, forwardings: null, withhold: null, dial_out: null }),
    fields: [
      { name: "name", type: "text", label: "user.name", required: true, max: 80 },
      { name: "status", type: "select", nullable: true, none: "user.profile.own", label: "user.status.title", options: STATUSES.map((one) => ({ value: one, key: `user.status.${one}` })) },
      { name: "forwards", type: "switch", label: "user.profile.forwards" },
      forwardingsField("forwardings", "user.reach.forwarding", when, { when: (now) => now.forwards }),
    ],
  };
}

function openProfile(one) {
  return { ...one, forwards: one.forwardings !== null, forwardings: unpack(one.forwardings) };
}

function closeProfile({ forwards, ...one }) {
  return { ...one, forwardings: forwards ? pack(one.forwardings) : null };
}
