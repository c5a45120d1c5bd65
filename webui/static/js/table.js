// Tables: search, sort by any column, rows made as they come into sight, more from the box when asked.

import { fill, h, newId } from "./dom.js";
import { compare, t } from "./i18n.js";
import { icon } from "./icons.js";

const AT_ONCE = 60;

/**
 * columns: [{name, label, value(row) → text or number, cell(row) → nodes, sort: false, number: true, wide: true, minor: true}]
 * rows; href(row) or open(row): what a click does; empty: nodes for no rows; search: false leaves the box out;
 * tools: nodes beside the search; more(): async → further rows, [] at the end; find(text): the box searches instead of us.
 * Returns {element, update(rows), search(text)}.
 */
export function table({ columns, rows = [], href, open, empty, search = true, tools = [], more, find, sort, label, key, actions }) {
  let all = rows;
  let seen = [];
  let shown = 0;
  let words = "";
  let by = sort ? { name: sort.replace(/^-/, ""), down: sort.startsWith("-") } : null;
  let loading = false;
  let ended = !more;

  const body = h("tbody");
  const heads = new Map();
  const head = h("tr",
    columns.map((column) => {
      const th = h("th", { scope: "col", class: classes(column) });
      if (column.sort === false || more) th.append(t(column.label));
      else th.append(h("button.sort", { type: "button", onclick: () => order(column.name) }, t(column.label), h("span.sort-sign", icon("down"))));
      heads.set(column.name, th);
      return th;
    }),
    actions && h("th.cell-actions", { scope: "col" }, h("span.unseen", t("common.actions"))));
  const nothing = h("div.empty", { hidden: true });
  const end = h("div.table-end");
  const count = h("span.table-count", { "aria-live": "polite" });
  const box = newId("search");
  const input = h(`input#${box}`, { type: "search", placeholder: t("common.search"), "aria-label": t("common.search"), autocomplete: "off", oninput: typed });
  const bar = h("div.table-bar", search && h("div.search", icon("search"), input), count, h("div.spread"), tools);
  const scroll = h("div.table-scroll", h("table", { "aria-label": label ? t(label) : null }, h("thead", head), body));
  const element = h("div.table", bar, scroll, nothing, end);
  const watcher = new IntersectionObserver((found) => {
    if (found.some((one) => one.isIntersecting)) grow();
  }, { rootMargin: "600px" });
  watcher.observe(end);

  let typing = 0;
  function typed() {
    clearTimeout(typing);
    typing = setTimeout(async () => {
      words = input.value.trim().toLocaleLowerCase();
      if (find) {
        all = await find(input.value.trim());
        ended = !more;
      }
      draw();
    }, find ? 250 : 60);
  }

  function order(name) {
    by = by?.name === name ? { name, down: !by.down } : { name, down: false };
    draw();
  }

  function draw() {
    const parts = find ? [] : words.split(/\s+/).filter(Boolean);
    seen = parts.length ? all.filter((row) => parts.every((part) => textOf(row).includes(part))) : [...all];
    if (by) {
      const column = columns.find((one) => one.name === by.name);
      seen.sort((one, other) => weigh(column.value(one), column.value(other)) * (by.down ? -1 : 1));
    }
    for (const [name, th] of heads) {
      if (by?.name === name) th.setAttribute("aria-sort", by.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
    shown = 0;
    body.replaceChildren();
    const none = seen.length === 0 && ended;
    nothing.hidden = !none;
    scroll.hidden = none;
    if (none) fill(nothing, all.length || words ? h("p", t("common.nothing_found")) : (empty ?? h("p", t("common.nothing_yet"))));
    count.textContent = !more && (words || all.length > 10) ? t("common.rows", { count: seen.length }) : "";
    grow();
  }

  async function grow() {
    if (shown < seen.length) {
      const until = Math.min(seen.length, shown + AT_ONCE);
      const made = document.createDocumentFragment();
      for (; shown < until; shown += 1) made.append(line(seen[shown]));
      body.append(made);
      if (shown < seen.length) again();
      return;
    }
    if (ended || loading) return;
    loading = true;
    end.classList.add("busy");
    try {
      const found = await more(all);
      if (found.length === 0) ended = true;
      all = [...all, ...found];
      seen = [...seen, ...found];
    } finally {
      loading = false;
      end.classList.remove("busy");
    }
    if (seen.length === 0) draw();
    else if (shown < seen.length) grow();
  }

  function again() {
    watcher.unobserve(end);
    watcher.observe(end);
  }

  const texts = new WeakMap();
  function textOf(row) {
    if (!texts.has(row)) {
      texts.set(row, columns.map((column) => column.text?.(row) ?? column.value(row)).join(" ").toLocaleLowerCase());
    }
    return texts.get(row);
  }

  function line(row) {
    const target = href?.(row);
    const cells = columns.map((column, index) => {
      const inside = column.cell ? column.cell(row) : column.value(row);
      const first = index === 0 && (target || open);
      return h(index === 0 ? "th" : "td", { scope: index === 0 ? "row" : null, class: classes(column), dataset: { label: t(column.label) } },
        first && target ? h("a.row-link", { href: target }, inside)
          : first ? h("button.row-link", { type: "button", onclick: () => open(row) }, inside)
          : inside);
    });
    return h("tr", { class: target || open ? "opens" : "", dataset: key ? { key: key(row) } : {} }, cells,
      actions && h("td.cell-actions", actions(row)));
  }

  draw();
  return {
    element,
    update(found) {
      all = found;
      ended = !more;
      const top = scroll.scrollTop;
      const had = shown;
      draw();
      while (shown < Math.min(had, seen.length)) grow();
      scroll.scrollTop = top;
    },
    rows: () => all,
    search(text) {
      input.value = text;
      typed();
    },
  };
}

function classes(column) {
  return [column.number && "number", column.wide && "wide", column.minor && "minor"].filter(Boolean).join(" ");
}

function weigh(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return compare(String(one ?? ""), String(other ?? ""));
}
