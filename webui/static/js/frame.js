// What stands around every page: navigation, banner of a lost connection, place for the page.

import { onConnection } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { brand, icon } from "./icons.js";
import { AREAS, PAGES } from "./pages.js";
import { may, session } from "./session.js";
import { standbyBanner } from "./standby.js";

const DRAWN = new Set(["user", "admin", "installer"]);

/** Whether the session may see a page. */
export function allowed(page) {
  return typeof page.right === "function" ? page.right() : may(page.right);
}

/** The catalogues that the titles of these pages are in. */
export function navigationWords() {
  const keys = PAGES.filter(allowed).flatMap((page) => [page.title, page.section]).filter(Boolean);
  return [...new Set(keys.map((key) => key.slice(0, key.indexOf("."))))];
}

/** The first page of the navigation that the session may see. */
export function firstPage() {
  return PAGES.find((page) => page.menu !== false && DRAWN.has(page.area) && allowed(page)) ?? PAGES.find((page) => page.path === "/account");
}

/** Build the frame into the body; returns {main, show(page)}. */
export function frame({ leave }) {
  const main = h("main#main", { tabindex: "-1" });
  const links = new Map();
  const nav = h("nav", { "aria-label": t("common.navigation") });
  for (const area of AREAS) {
    const pages = PAGES.filter((page) => page.area === area && page.menu !== false && allowed(page));
    if (!pages.length) continue;
    const group = h("section.nav-area", h("h2", t(`common.area.${area}`)));
    let section = null;
    let list = null;
    let folds = 0;
    for (const page of pages) {
      if (page.section !== section || !list) {
        section = page.section;
        list = h("ul");
        group.append(section ? h("details.nav-section", { open: folds === 0 }, h("summary", t(section), icon("down")), list) : list);
        folds += section ? 1 : 0;
      }
      const link = h("a", { href: page.path }, icon(page.icon), h("span", t(page.title)));
      links.set(page, link);
      list.append(h("li", link));
    }
    nav.append(group);
  }
  const me = session();
  const account = h("a.me", { href: "/account" },
    h("span.face", { "aria-hidden": "true" }, initials(me.name || me.account)),
    h("span.me-text", h("strong", me.name || me.account), h("small", t(`common.role.${me.role}`))));
  const out = h("button.quiet.only-icon", { type: "button", title: t("common.log_out"), "aria-label": t("common.log_out"), onclick: leave }, icon("logout"));
  const side = h("aside#side.side-bar", h("a.brand", { href: "/" }, brand(), h("span", t("common.product"))), nav, h("footer.side-foot", account, out));
  const toggle = h("button.quiet.only-icon.nav-open", { type: "button", "aria-label": t("common.navigation"), "aria-controls": "side", "aria-expanded": "false", onclick: () => open(true) }, icon("bars"));
  const shade = h("div.shade", { onclick: () => open(false) });
  const phone = h("header.phone-bar", toggle, h("a.brand", { href: "/" }, brand(), h("span", t("common.product"))));

  function open(wanted) {
    document.body.classList.toggle("nav-shown", wanted);
    toggle.setAttribute("aria-expanded", String(wanted));
    if (wanted) nav.querySelector("a")?.focus();
  }
  side.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      open(false);
      toggle.focus();
    }
  });

  fill(document.body,
    h("a.skip", { href: "#main" }, t("common.skip")),
    h("div.frame", phone, side, shade, h("div.stage", banner(), standbyBanner(), main)),
    h("div#toasts.toasts"));

  return {
    main,
    show(page) {
      open(false);
      for (const [one, link] of links) {
        const here = one === page || (page?.under && one.path === page.under);
        if (here) {
          link.setAttribute("aria-current", "page");
          link.closest("details")?.setAttribute("open", "");
          link.scrollIntoView?.({ block: "nearest" });
        } else link.removeAttribute("aria-current");
      }
    },
  };
}

/** The banner that says what is away; it goes when it is there again. */
export function banner() {
  const place = h("div.banners", { role: "status", "aria-live": "polite" });
  let good = 0;
  onConnection((state) => {
    clearTimeout(good);
    if (state === "up") {
      if (!place.firstChild) return;
      fill(place, h("div.banner.good", icon("check"), h("span", t("common.lost.back"))));
      good = setTimeout(() => fill(place), 3000);
    } else {
      fill(place, h("div.banner.bad", h("span.spinner", { "aria-hidden": "true" }), h("span", t(`common.lost.${state}`))));
    }
  });
  return place;
}

function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return ((words[0]?.[0] || "?") + (words.length > 1 ? words.at(-1)[0] : "")).toLocaleUpperCase();
}
