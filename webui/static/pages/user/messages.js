// Voicemail: messages to hear, and how the boxes answer.

import * as api from "../../js/api.js";
import { ask, open, tell, toastDeleted, toastSaved } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { createDocument, form, saveDocument } from "../../js/form.js";
import { duration, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, head, iconButton, nothing, tabs } from "../../js/parts.js";
import { makePin } from "../../js/random.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { greetingOptions } from "../admin/parts/prompts.js";
import { whenControl } from "../admin/parts/when.js";
import { callsField, EVERY } from "./forwarding.js";
import { call, chooser, colleagues, LANGUAGES, mine, nameOf, party } from "./own.js";

export default async function page({ query, reload, signal }) {
  const [people, boxes] = await Promise.all([colleagues(), api.get("/voicemail/boxes")]);
  const own = boxes.filter((one) => one.owners.includes(mine().id));
  return [
    head({ title: t("user.messages.title"), text: t("user.messages.text"), actions: [chooser(reload)] }),
    own.length
      ? tabs([
        { name: "list", label: "user.messages.list", build: () => list(own, people, signal) },
        { name: "boxes", label: "user.messages.boxes", build: () => boxesPart(own) },
      ], query.tab || "list")
      : h("div.empty", nothing("voicemail", t("user.messages.no_box"), t("user.messages.no_box_text"), may("voicemail:manage@own") && button(t("user.messages.make"), async () => {
        try {
          await createDocument("voicemail_box", { id: mine().id, owners: [mine().id] });
          await reload();
        } catch (error) {
          tell(error);
        }
      }, { kind: "primary" }))),
  ];
}

async function list(boxes, people, signal) {
  const names = new Map(boxes.map((one) => [one.box, one.name || one.number || one.box]));
  const get = async () => (await api.get("/voicemail")).filter((one) => names.has(one.box)).sort((one, other) => (one.received < other.received ? 1 : -1));
  const made = table({
    label: "user.messages.title",
    rows: await get(),
    key: (row) => row.message,
    open: (row) => hear(row, people, renew),
    columns: [
      { name: "party", label: "user.calls.party", value: (row) => nameOf(row.caller.number, row.caller.name, people) || row.caller.number || "", cell: (row) => h("span.row.tight", row.state === "new" ? badge(t("user.messages.new"), "accent") : "", row.urgent && badge(t("user.messages.urgent"), "warn"), party(row.caller.number, nameOf(row.caller.number, row.caller.name, people))) },
      { name: "received", label: "user.calls.at", value: (row) => row.received, cell: (row) => moment(row.received) },
      { name: "length", label: "user.calls.length", number: true, value: (row) => row.length_ms, cell: (row) => duration(row.length_ms / 1000) },
      ...(boxes.length > 1 ? [{ name: "box", label: "user.messages.box", value: (row) => names.get(row.box) }] : []),
    ],
    actions: (row) => [
      row.caller.number && may("calls:change@own") && iconButton("phone", t("user.call_back", { name: row.caller.name || row.caller.number }), () => call(row.caller.number)),
      may("voicemail:change@own") && iconButton("trash", t("common.delete"), async () => {
        if (!(await ask(t("user.messages.delete"), t("user.messages.delete_text"), { yes: t("common.delete"), danger: true }))) return;
        await mark(row, "deleted");
        toastDeleted();
        await renew();
      }),
    ],
    empty: [icon("voicemail"), h("p", t("user.messages.empty"))],
  });
  const renew = async () => {
    try {
      made.update(await get());
    } catch (error) {
      tell(error);
    }
  };
  for (const topic of ["voicemail", "voicemail_counts"]) live.on(topic, renew, signal);
  live.onReturn(renew, signal);
  return made.element;
}

async function mark(row, state) {
  try {
    await api.patch(`/voicemail/${encodeURIComponent(row.message)}`, { state });
  } catch (error) {
    tell(error);
  }
}

async function hear(row, people, renew) {
  const name = nameOf(row.caller.number, row.caller.name, people) || row.caller.number || t("user.withheld");
  await open(name, () => {
    const audio = h("audio.player", { controls: true, preload: "auto", src: `/api/v1/voicemail/${encodeURIComponent(row.message)}/audio`, "aria-label": t("user.messages.title") });
    audio.addEventListener("play", () => row.state === "new" && may("voicemail:change@own") && mark(row, "old"), { once: true });
    return [
      h("p.soft", moment(row.received, { dateStyle: "full", timeStyle: "short" })),
      audio,
      h("div.actions",
        button(t("user.download"), () => api.download(`/voicemail/${encodeURIComponent(row.message)}/audio`, `${row.message}.wav`).catch(tell), { sign: "backup", kind: "quiet" }),
        row.caller.number && may("calls:change@own") && button(t("user.call"), () => call(row.caller.number), { sign: "phone", kind: "primary" })),
    ];
  });
  await renew();
}

async function boxesPart(boxes) {
  const made = [];
  for (const one of boxes) {
    let box;
    try {
      box = await api.get(api.documentPath("voicemail_box", one.box));
    } catch (error) {
      if (error.status !== 404) throw error;
      continue;
    }
    const fields = [{
      title: "user.box.title", fields: [
        { name: "name", type: "text", label: "user.name", max: 80 },
        { name: "pin", type: "secret", label: "user.pin", help: "user.box.pin_help", make: makePin },
        { name: "takes_messages", type: "switch", label: "user.box.takes", help: "user.box.takes_help" },
        { name: "greeting", type: "select", label: "user.box.greeting", help: "user.box.greeting_help", options: greetingOptions },
        { name: "language", type: "select", nullable: true, none: "user.as_usual", label: "user.language", options: LANGUAGES },
      ],
    }, {
      title: "user.box.mail", help: "user.box.mail_help", fields: [
        { name: "emails", type: "texts", label: "user.box.emails", placeholder: "anna@example.com", wide: true },
        { name: "attach", type: "switch", label: "user.box.attach" },
        { name: "delete_after_mail", type: "switch", label: "user.box.delete_after_mail" },
      ],
    }, {
      title: "user.box.greetings", help: "user.box.greetings_help", fold: true, fields: [{
        name: "greetings", type: "rows", label: "user.box.greetings", wide: true, unlabelled: true, add: "user.box.add_greeting",
        fresh: () => ({ greeting: "", calls: EVERY, enabled: true }),
        fields: [
          { name: "greeting", type: "select", label: "user.box.greeting", options: greetingOptions },
          { name: "enabled", type: "switch", label: "user.enabled" },
          callsField(whenControl({ none: "user.only.always" })),
        ],
      }],
    }];
    const part = form({
      fields,
      value: box,
      guard: boxes.length === 1,
      save: (changed) => saveDocument("voicemail_box", box, changed),
      saved: (now) => {
        box = now ?? box;
        toastSaved();
      },
    });
    made.push(h("section", h("div.row", h("h2", one.name || one.box), one.number && badge(one.number, "accent"), one.full && badge(t("user.box.full"), "bad")), h("p.soft", t("user.box.used", { minutes: one.minutes, count: one.new + one.old })), part.element));
  }
  return h("div.stack", made);
}
