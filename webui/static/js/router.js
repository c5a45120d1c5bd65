// Addresses and pages: a table of paths, links that need no reload, pages that are asked before they are left.

const routes = [];
let show = null;
let guard = null;
let shownAt = location.pathname + location.search;

/** Add pages: {path: "/office/numbers/:id", …}. */
export function add(pages) {
  for (const page of pages) {
    const names = [];
    const pattern = page.path.replace(/:(\w+)/g, (_, name) => {
      names.push(name);
      return "([^/]+)";
    });
    routes.push({ page, names, pattern: new RegExp(`^${pattern}/?$`) });
  }
}

/** The page of a path with its params; null: there is none. */
export function match(path) {
  for (const { page, names, pattern } of routes) {
    const found = pattern.exec(path);
    if (found) {
      return { page, params: Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1])])) };
    }
  }
  return null;
}

/** Begin: `shown(path, query)` puts a page on the screen. */
export function start(shown) {
  show = shown;
  document.addEventListener("click", clicked);
  window.addEventListener("popstate", async () => {
    if (await mayLeave()) await shownNow();
    else history.pushState(null, "", shownAt);
  });
  window.addEventListener("beforeunload", (event) => {
    if (guard?.unsaved()) event.preventDefault();
  });
}

/** Go to a page. `replace`: without a way back to this one. */
export async function go(path, { replace = false, force = false } = {}) {
  if (!force && !(await mayLeave())) return;
  if (replace) history.replaceState(null, "", path);
  else if (path !== location.pathname + location.search) history.pushState(null, "", path);
  await shownNow();
}

/** Note something in the address without leaving the page. */
export function note(query) {
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const path = location.pathname + (wanted.length ? `?${new URLSearchParams(wanted)}` : "");
  history.replaceState(null, "", path);
  shownAt = path;
}

/** Show the page of the address again. */
export async function again() {
  await shownNow();
}

/** A page with something unsaved: {unsaved: () => bool, ask: async () => bool}; null: there is none. */
export function protect(wanted) {
  guard = wanted;
}

async function mayLeave() {
  if (!guard?.unsaved()) return true;
  return guard.ask();
}

async function shownNow() {
  guard = null;
  shownAt = location.pathname + location.search;
  await show(location.pathname, Object.fromEntries(new URLSearchParams(location.search)));
}

function clicked(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.download || link.origin !== location.origin) return;
  if (link.pathname.startsWith("/api/") || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
