// Own settings: what others see, PIN, waiting calls, mails, wake-up calls.

import * as api from "../../js/api.js";
import { askDelete, open, tell, toastDeleted, toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { createDocument, deleteDocument, form, saveDocument } from "../../js/form.js";
import { t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import { badge, button, head, iconButton, tabs } from "../../js/parts.js";
import { makePin } from "../../js/random.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { chooser, extension, LANGUAGES, mine } from "./own.js";

const EVENTS = ["missed_call", "blocked_call", "account_change", "missed_wake_up", "voicemail", "mailbox_full"];
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export default async function page({ query, reload, signal }) {
  return [
    head({ title: t("user.settings.title"), actions: [chooser(reload)] }),
    tabs([
      { name: "telephone", label: "user.settings.telephone", build: () => telephone(signal) },
      { name: "mails", label: "user.settings.mails", build: () => mails(signal) },
      may("wake_ups:read@own") && { name: "wake", label: "user.settings.wake", build: () => wakeUps() },
    ].filter(Boolean), query.tab || "telephone"),
  ];
}

async function telephone(signal) {
  let me = await extension();
  return form({
    signal,
    value: me,
    fields: [
      { title: "user.settings.calling", fields: [
        ...(me.may_show?.length ? [{ name: "caller_number", type: "select", nullable: true, none: "user.as_usual", label: "user.settings.caller_number", options: [...new Set([...me.may_show, ...(me.caller_number ? [me.caller_number] : [])])] }] : []),
        { name: "withhold", type: "switch", label: "user.settings.withhold", help: "user.settings.withhold_help" },
        { name: "diverting_shows", type: "select", label: "user.settings.diverting", options: ["own", "caller"].map((one) => ({ value: one, key: `user.settings.diverting.${one}` })) },
        { name: "language", type: "select", nullable: true, none: "user.as_usual", label: "user.language", options: LANGUAGES },
        { name: "pin", type: "secret", label: "user.pin", help: "user.settings.pin_help", make: makePin },
      ] },
      { title: "user.settings.called", fields: [
        { name: "ring_seconds", type: "number", label: "user.settings.ring_seconds", unit: "user.seconds" },
        { name: "call_waiting", type: "switch", label: "user.settings.call_waiting", help: "user.settings.call_waiting_help" },
        { name: "waiting_seats", type: "number", label: "user.settings.waiting_seats", help: "user.settings.waiting_seats_help" },
        { name: "waiting_seconds", type: "number", label: "user.settings.waiting_seconds", unit: "user.seconds", when: (now) => Number(now.waiting_seats) > 0, keep: true },
      ] },
    ],
    save: (changed) => saveDocument("extension", me, changed),
    saved: (now) => {
      me = now ?? me;
      toastSaved();
    },
  }).element;
}

async function mails(signal) {
  const found = await api.get(api.documentPath("notification"));
  let now = found.find((one) => one.id === mine().id) ?? null;
  return form({
    signal,
    value: now ?? { addresses: [], events: ["missed_call"], language: null },
    fields: [{ title: "user.settings.mails", help: "user.settings.mails_help", fields: [
      { name: "addresses", type: "texts", label: "user.settings.addresses", placeholder: "anna@example.com", wide: true },
      { name: "events", type: "choices", label: "user.settings.events", wide: true, options: EVENTS.map((one) => ({ value: one, key: `user.event.${one}` })) },
      { name: "language", type: "select", nullable: true, none: "user.as_usual", label: "user.language", options: LANGUAGES },
    ] }],
    save: async (changed, all) => {
      if (!all.addresses.length && now) {
        await deleteDocument("notification", now.id);
        now = null;
      } else if (now) now = await saveDocument("notification", now, changed);
      else now = await createDocument("notification", { id: mine().id, ...all });
    },
    saved: toastSaved,
  }).element;
}

async function wakeUps() {
  const get = async () => (await api.get(api.documentPath("wake_up"))).filter((one) => one.extension === mine().id);
  const days = (one) => (one.weekdays.length ? one.weekdays.map((day) => t(`user.day.${day}`)).join(" ") : t("user.wake.once"));
  const edit = async (one) => {
    const done = await open(t(one ? "user.wake.edit" : "user.wake.add"), (close) => form({
      guard: false,
      fresh: !one,
      value: one ?? { time: "07:00", weekdays: [], confirm: false, enabled: true },
      fields: [
        { name: "time", type: "time", label: "user.wake.time" },
        { name: "enabled", type: "switch", label: "user.enabled" },
        { name: "weekdays", type: "choices", label: "user.wake.days", help: "user.wake.days_help", wide: true, options: DAYS.map((day) => ({ value: day, key: `user.day.${day}` })) },
        { name: "confirm", type: "switch", label: "user.wake.confirm", help: "user.wake.confirm_help" },
      ],
      save: (changed, all) => (one ? saveDocument("wake_up", one, changed) : createDocument("wake_up", { ...all, id: `${mine().id}-${crypto.randomUUID().slice(0, 8)}`, extension: mine().id })),
      saved: () => {
        toastSaved();
        close(true);
      },
    }).element);
    if (done) made.update(await get());
  };
  const made = table({
    label: "user.settings.wake",
    search: false,
    rows: await get(),
    key: (row) => row.id,
    open: edit,
    tools: [may("wake_ups:manage@own") && button(t("user.wake.add"), () => edit(null), { sign: "plus", kind: "primary small" })],
    columns: [
      { name: "time", label: "user.wake.time", value: (row) => row.time },
      { name: "days", label: "user.wake.days", value: days },
      { name: "enabled", label: "user.wake.state", value: (row) => String(row.enabled), cell: (row) => badge(t(row.enabled ? "user.wake.on" : "user.wake.off"), row.enabled ? "good" : "") },
    ],
    actions: may("wake_ups:manage@own") && ((row) => iconButton("trash", t("common.delete"), async () => {
      if (!(await askDelete(row.time))) return;
      try {
        await deleteDocument("wake_up", row.id);
        toastDeleted();
        made.update(await get());
      } catch (error) {
        tell(error);
      }
    })),
    empty: [icon("clock"), h("p", t("user.wake.empty"))],
  });
  return made.element;
}
