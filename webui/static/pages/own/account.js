// The own account: language, theme, password, second factor, what logged in.

import * as api from "../../js/api.js";
import { open, tell, toast } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { current, keep, LANGUAGES, moment, speak, t } from "../../js/i18n.js";
import { badge, button, card, head } from "../../js/parts.js";
import { ask as askSession, session } from "../../js/session.js";
import { table } from "../../js/table.js";
import { choose, theme, THEMES } from "../../js/theming.js";

export default async function page({ rebuild }) {
  const me = session();
  const logins = await api.get("/logins", { limit: 50 });
  return [
    head({ title: t("common.account.title"), text: t("account.text") }),
    h("div.columns",
      h("div.stack", looks(rebuild), passwordCard(me)),
      h("div.stack", card(t("account.factor.title"), factor(me, rebuild)))),
    h("section.below", h("h2", t("account.logins.title")), loginTable(logins)),
  ];
}

function looks(rebuild) {
  const language = pick(t("account.language"), LANGUAGES.map((one) => [one, t(`common.language.${one}`)]), current(), async (wanted) => {
    keep(wanted);
    await speak(wanted);
    api.patch(api.documentPath("account", session().account), { language: wanted }).catch(() => {});
    await rebuild();
  });
  const colours = pick(t("account.theme"), THEMES.map((one) => [one, t(`account.theme.${one}`)]), theme(), choose);
  return card(t("account.looks"), h("div.stack", language, colours));
}

function pick(label, options, chosen, changed) {
  const buttons = options.map(([value, text]) => h("button.small", { type: "button", "aria-pressed": String(value === chosen), onclick: () => {
    buttons.forEach((one, at) => one.setAttribute("aria-pressed", String(options[at][0] === value)));
    changed(value);
  } }, text));
  return h("div.field", { role: "group", "aria-label": label }, h("span.label", label), h("div.row", buttons));
}

function passwordCard(me) {
  const made = form({
    guard: false,
    label: "account.password.save",
    fields: [
      { name: "current", type: "secret", label: "account.password.current", autocomplete: "current-password", wide: true },
      { name: "password", type: "secret", label: "account.password.new", help: "account.password.help", autocomplete: "new-password", wide: true },
    ],
    save: (_changed, all) => api.put(`/accounts/${encodeURIComponent(me.account)}/password`, all),
    saved: async () => {
      made.reset({});
      await askSession();
      toast(t("account.password.saved"));
    },
  });
  return card(t("account.password.title"), made.element);
}

function factor(me, rebuild) {
  const path = `/accounts/${encodeURIComponent(me.account)}/second-factor`;
  if (me.second_factor) {
    return [
      h("p", badge(t("account.factor.on"), "good", { dot: true })),
      h("p", t("account.factor.on_text")),
      button(t("account.factor.off"), async () => {
        if (await open(t("account.factor.off"), (close) => offForm(path, close))) await rebuild();
      }),
    ];
  }
  return [
    h("p", t("account.factor.text")),
    button(t("account.factor.turn_on"), async () => {
      try {
        const offered = await api.post(path);
        const done = await open(t("account.factor.title"), (close) => factorForm(path, offered, close));
        if (done) await rebuild();
      } catch (error) {
        tell(error);
      }
    }, { kind: "primary" }),
  ];
}

function offForm(path, close) {
  return [
    h("p", t("account.factor.off_text")),
    form({
      guard: false,
      label: "account.factor.off",
      fields: [{ name: "current", type: "secret", label: "account.password.current", autocomplete: "current-password", wide: true }],
      save: (_changed, all) => api.request("DELETE", path, { body: all }),
      saved: () => close(true),
    }).element,
  ];
}

function factorForm(path, offered, close) {
  const made = form({
    guard: false,
    label: "account.factor.confirm",
    fields: [
      { name: "code", type: "text", label: "common.login.code", help: "account.factor.code_help", inputmode: "numeric", max: 6, autocomplete: "one-time-code", wide: true },
      { name: "current", type: "secret", label: "account.password.current", autocomplete: "current-password", wide: true },
    ],
    save: (_changed, all) => api.put(path, { ...all, secret: offered.secret }),
    saved: () => {
      toast(t("account.factor.saved"));
      close(true);
    },
  });
  return [
    h("p", t("account.factor.scan")),
    offered.qr && h("img.qr", { src: offered.qr, alt: t("account.factor.qr"), width: 200, height: 200 }),
    h("p.small", t("account.factor.by_hand"), " ", h("code", offered.secret)),
    made.element,
  ];
}

function loginTable(logins) {
  return table({
    label: "account.logins.title",
    search: false,
    rows: logins,
    sort: "-at",
    columns: [
      { name: "at", label: "account.logins.at", value: (row) => row.at, cell: (row) => moment(typeof row.at === "number" ? new Date(row.at * 1000) : row.at) },
      { name: "result", label: "account.logins.result", value: (row) => row.result, cell: (row) => (row.result === "in" ? badge(t("account.logins.in"), "good") : badge(t("account.logins.refused"), "bad")) },
      { name: "account", label: "common.login.account", value: (row) => row.account },
      { name: "address", label: "account.logins.address", value: (row) => row.address },
      { name: "agent", label: "account.logins.agent", value: (row) => row.agent, minor: true },
    ],
  }).element;
}
