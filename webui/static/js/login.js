// Logging in, with the second factor when there is one.

import { errorText } from "./dialog.js";
import { fill, h, newId } from "./dom.js";
import { banner } from "./frame.js";
import { current, keep, LANGUAGES, speak, t } from "./i18n.js";
import { brand, icon } from "./icons.js";
import { logIn } from "./session.js";

/** The page before everything; `entered` is called when somebody is logged in. */
export function loginPage(entered) {
  document.title = `${t("common.login.title")} · ${t("common.product")}`;
  const languages = h("div.language-row", LANGUAGES.map((one) =>
    h("button.quiet.small", { type: "button", lang: one, "aria-pressed": String(one === current()), onclick: async () => {
      keep(one);
      await speak(one);
      loginPage(entered);
    } }, t(`common.language.${one}`))));
  fill(document.body, h("div.login-page", h("div.banner-place", banner()),
    h("main.login-card",
      h("div.login-brand", brand(), h("span", t("common.product"))),
      h("h1", t("common.login.title")),
      loginForm({ done: entered }),
      languages)), h("div#toasts.toasts"));
  document.querySelector(".login-card input")?.focus();
}

/** The form alone. */
export function loginForm({ account = "", done }) {
  const wrong = h("p.field-error", { id: newId("error"), role: "alert", hidden: true });
  const name = input("text", "username", { value: account, autocapitalize: "none", spellcheck: "false" });
  const password = input("password", "current-password");
  const code = input("text", "one-time-code", { inputmode: "numeric", maxlength: 6 });
  const second = labelled(t("common.login.code"), code, t("common.login.code_help"));
  second.hidden = true;
  const button = h("button.primary.full", { type: "submit" }, t("common.login.enter"));
  const form = h("form.login-form", { onsubmit: submit, novalidate: true },
    labelled(t("common.login.account"), name), labelled(t("common.login.password"), password), second, wrong, button);

  async function submit(event) {
    event.preventDefault();
    wrong.hidden = true;
    button.disabled = true;
    try {
      await logIn(name.value.trim(), password.value, code.value.trim());
      await done();
    } catch (error) {
      if (error.id === "web.code_needed") {
        second.hidden = false;
        code.focus();
        return;
      }
      fill(wrong, icon("warning"), errorText(error));
      wrong.hidden = false;
      (second.hidden ? password : code).focus();
      if (!error.problems) throw error;
    } finally {
      button.disabled = false;
    }
  }
  return form;
}

function input(type, autocomplete, more = {}) {
  return h("input", { type, autocomplete, ...more });
}

function labelled(label, control, help = "") {
  const id = newId("login");
  control.id = id;
  return h("div.field", h("label", { for: id }, label), control, help && h("p.field-help", help));
}
