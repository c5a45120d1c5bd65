// From an empty page to the one that was asked for.

import * as api from "./api.js";
import { confirming, token } from "./confirming.js";
import { errorText, open, tell } from "./dialog.js";
import { fill, h } from "./dom.js";
import { allowed, banner, firstPage, frame, navigationWords } from "./frame.js";
import { preferred, speak, stored, t, use } from "./i18n.js";
import * as live from "./live.js";
import { loginForm, loginPage } from "./login.js";
import { PAGES } from "./pages.js";
import * as router from "./router.js";
import { ask, logOut, session } from "./session.js";

let shell = null;
let leaving = new AbortController();
let turn = 0;

async function start() {
  await speak(preferred());
  await use("common");
  const secret = token();
  if (secret) {
    await confirming(secret);
    return;
  }
  router.add(PAGES);
  await enter();
}

/** Ask who is there until somebody answers. */
async function enter() {
  fill(document.body, h("div.stage", banner(), h("div.waiting", h("span.spinner", { "aria-hidden": "true" }), h("span", t("common.loading")))));
  for (;;) {
    try {
      await ask();
      break;
    } catch (error) {
      if (error.status === 503 || error.status === 0 || error.status === 504) await returned();
      else {
        fill(document.body, h("div.stage", h("div.notice.bad", errorText(error))));
        return;
      }
    }
  }
  if (session()) await inside();
  else loginPage(inside);
}

function returned() {
  return new Promise((resolve) => {
    if (api.connection() === "up") setTimeout(resolve, 1000);
    else {
      const end = api.onConnection((state) => {
        if (state !== "up") return;
        end();
        resolve();
      });
    }
  });
}

let started = false;

/** Somebody is logged in: the frame, the events, the page. */
async function inside() {
  if (!stored() && session().language) await speak(session().language);
  api.onLoggedOut(renew);
  await use(...navigationWords());
  shell = frame({ leave });
  live.open();
  live.onReturn(() => refresh());
  if (started) await router.again();
  else {
    started = true;
    router.start(show);
    await router.again();
  }
}

/** Build frame and page anew: another language, other rights. */
export async function rebuild() {
  await ask();
  await use(...navigationWords());
  shell = frame({ leave });
  await router.again();
}

let renewing = null;

/** The session ran out: log in above the page, so that nothing typed is lost. */
function renew() {
  renewing ??= open(t("common.login.again"), (close) => [
    h("p", t("common.login.again_text")),
    loginForm({ account: session()?.account || "", done: () => close(true) }),
  ]).then((good) => {
    renewing = null;
    if (good) return true;
    location.assign("/");
    return false;
  });
  return renewing;
}

async function leave() {
  if (shell) live.close();
  try {
    await logOut();
  } catch (error) {
    tell(error);
    return;
  }
  location.assign("/");
}

let current = null;

async function show(path, query) {
  leaving.abort();
  leaving = new AbortController();
  turn += 1;
  const mine = turn;
  if (path === "/" || path === "/login") {
    await router.go(firstPage().path, { replace: true, force: true });
    return;
  }
  const found = router.match(path);
  current = found?.page ?? null;
  shell.show(found?.page);
  if (!found) {
    place(mine, t("common.not_found.title"), h("div.empty", h("h1", t("common.not_found.title")), h("p", t("common.not_found.text"))));
    return;
  }
  if (!allowed(found.page)) {
    place(mine, t("common.forbidden.title"), h("div.empty", h("h1", t("common.forbidden.title")), h("p", t("common.forbidden.text"))));
    return;
  }
  const slow = setTimeout(() => mine === turn && fill(shell.main, h("div.waiting", h("span.spinner", { "aria-hidden": "true" }), h("span", t("common.loading")))), 300);
  try {
    const [module] = await Promise.all([found.page.load(), use(...(found.page.words || []))]);
    const context = { params: found.params, query, signal: leaving.signal, page: found.page, go: router.go, reload: router.again, rebuild };
    const made = await module.default(context);
    place(mine, t(found.page.title), made, found.page);
    performance.measure?.("page", { start: 0 });
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 503 || error.status === 504 || error.status === 0) {
      place(mine, t(found.page.title), h("div.empty", h("span.spinner", { "aria-hidden": "true" }), h("p", errorText(error))));
      await returned();
      if (mine === turn) await router.again();
      return;
    }
    place(mine, t(found.page.title), h("div.notice.bad", { role: "alert" }, errorText(error)));
    if (!error.problems) throw error;
  } finally {
    clearTimeout(slow);
  }
}

function place(mine, title, made, page) {
  if (mine !== turn) return;
  document.title = `${title} · ${t("common.product")}`;
  shell.main.classList.toggle("full", Boolean(page?.full));
  fill(shell.main, made);
  shell.main.dataset.ready = location.pathname;
  window.scrollTo(0, 0);
  shell.main.focus({ preventScroll: true });
}

/** After the core was away: pages that show and do not edit are shown afresh. */
function refresh() {
  if (current?.refresh) router.again();
}

start().catch((error) => {
  console.error(error);
  fill(document.body, h("div.stage", h("div.notice.bad", { role: "alert" }, error.message)));
});
