// Fax: what came and went, and sending a PDF.

import * as api from "../../js/api.js";
import { open, tell, toast } from "../../js/dialog.js";
import { fill, h } from "../../js/dom.js";
import { form } from "../../js/form.js";
import { current, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { badge, button, facts, head, iconButton, nothing } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";

const KIND = { done: "good", failed: "bad", calling: "accent", receiving: "accent" };
const TAKES = ".pdf,.tif,.tiff,.txt,application/pdf,image/tiff";

export default async function page({ signal }) {
  const boxes = await api.get(api.documentPath("fax_box"));
  if (!boxes.length) return [head({ title: t("user.fax.title") }), h("div.empty", nothing("fax", t("user.fax.no_box"), t("user.fax.no_box_text")))];
  const names = new Map(boxes.map((one) => [one.id, one.name || one.number || one.id]));
  let box = boxes[0].id;
  let last;
  const get = async (before) => {
    const found = await api.get("/fax", { box, limit: 60, before });
    last = found.at(-1)?.fax;
    return found;
  };
  const made = table({
    label: "user.fax.title",
    search: false,
    rows: await get(),
    more: async () => (last ? get(last) : []),
    key: (row) => row.fax,
    open: (row) => show(row, renew),
    tools: boxes.length > 1 ? [h("select", { "aria-label": t("user.fax.box"), onchange: (event) => { box = event.target.value; renew(); } }, boxes.map((one) => h("option", { value: one.id }, names.get(one.id))))] : [],
    columns: [
      { name: "peer", label: "user.fax.peer", sort: false, value: (row) => row.peer_name || row.peer, cell: (row) => h("span.row.tight", icon(row.direction === "in" ? "incoming" : "outgoing", t(row.direction === "in" ? "user.fax.in" : "user.fax.out")), h("span", row.peer_name || row.peer || t("user.withheld"))) },
      { name: "created", label: "user.calls.at", value: (row) => row.created, cell: (row) => moment(row.created) },
      { name: "pages", label: "user.fax.pages", number: true, value: (row) => row.pages || row.pages_in_document || 0 },
      { name: "state", label: "user.fax.state", value: (row) => row.state, cell: (row) => badge(t(`user.fax.state.${row.state}`), KIND[row.state] || "") },
      { name: "subject", label: "user.fax.subject", value: (row) => row.subject, minor: true },
    ],
    actions: (row) => row.document && iconButton("backup", t("user.download"), () => fetchDocument(row)),
    empty: [icon("fax"), h("p", t("user.fax.empty"))],
  });
  const renew = () => get().then((found) => made.update(found)).catch(tell);
  live.on("fax", renew, signal);
  live.onReturn(renew, signal);
  return [
    head({ title: t("user.fax.title"), text: t("user.fax.text"), actions: [may("fax:change@own") && button(t("user.fax.send"), () => send(boxes, names, box, renew), { kind: "primary", sign: "fax" })] }),
    made.element,
  ];
}

function fetchDocument(row) {
  return api.download(`/fax/${encodeURIComponent(row.fax)}/document`, `fax-${row.fax}.pdf`).catch(tell);
}

async function show(row, renew) {
  let whole;
  try {
    whole = await api.get(`/fax/${encodeURIComponent(row.fax)}`);
  } catch (error) {
    tell(error);
    return;
  }
  const act = (what, done) => async () => {
    try {
      await api.post(`/fax/${encodeURIComponent(row.fax)}/${what}`);
      toast(done);
      await renew();
    } catch (error) {
      tell(error);
    }
  };
  await open(row.peer_name || row.peer || t("user.withheld"), () => [
    facts([
      [t("user.fax.state"), badge(t(`user.fax.state.${row.state}`), KIND[row.state] || "")],
      [t("user.fax.number"), row.peer],
      [t("user.calls.at"), moment(row.created, { dateStyle: "full", timeStyle: "short" })],
      [t("user.fax.subject"), row.subject],
      [t("user.fax.pages"), String(whole.pages || whole.pages_in_document || "")],
      [t("user.fax.rate"), whole.rate ? t("user.fax.bits", { rate: whole.rate }) : ""],
    ]),
    whole.attempts.length > 0 && h("section.below", h("h3", t("user.fax.attempts")), h("ul.plain.lines", whole.attempts.map((one) => h("li.line", h("span", moment(one.at)), h("span.soft", one.reason[current()] ?? one.cause))))),
    h("div.actions",
      ["waiting", "preparing", "calling"].includes(row.state) && may("fax:change@own") && button(t("user.fax.cancel"), act("cancel", t("user.fax.cancelled")), { kind: "quiet bad" }),
      ["waiting", "failed"].includes(row.state) && row.direction === "out" && may("fax:change@own") && button(t("user.fax.retry"), act("retry", t("user.fax.again")), { sign: "refresh" }),
      row.document && button(t("user.download"), () => fetchDocument(row), { sign: "backup" })),
  ]);
}

function send(boxes, names, box, renew) {
  return open(t("user.fax.send"), (close) => form({
    guard: false,
    fresh: true,
    label: "user.fax.send",
    value: { box, to: [""], files: [] },
    fields: [
      ...(boxes.length > 1 ? [{ name: "box", type: "select", label: "user.fax.box", options: boxes.map((one) => ({ value: one.id, label: names.get(one.id) })) }] : []),
      { name: "to", type: "texts", label: "user.fax.to", add: "user.fax.to_add", placeholder: "030 123456", wide: true },
      { name: "files", label: "user.fax.files", control: files, wide: true },
      { name: "subject", type: "text", label: "user.fax.subject", max: 120 },
      { name: "cover", type: "area", label: "user.fax.cover", help: "user.fax.cover_help", wide: true },
    ],
    save: async (_changed, all) => {
      const uploads = [];
      for (const file of all.files) uploads.push((await api.upload("fax", file, { name: file.name })).upload);
      return api.post("/fax", { box: all.box ?? box, to: all.to, uploads, subject: all.subject ?? "", cover: all.cover ?? "" });
    },
    saved: async () => {
      close(true);
      toast(t("user.fax.ordered"));
      await renew();
    },
  }).element);
}

/** Files by choosing or dropping. */
function files(_field, _value, changed) {
  let chosen = [];
  const input = h("input#fax-files", { type: "file", multiple: true, accept: TAKES, class: "unseen", onchange: () => { take(input.files); input.value = ""; } });
  const list = h("ul.chips");
  const place = h("label.drop", { for: "fax-files" }, icon("upload"), h("span", t("user.fax.drop")));
  for (const kind of ["dragenter", "dragover"]) place.addEventListener(kind, (event) => { event.preventDefault(); place.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) place.addEventListener(kind, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  function take(found) {
    chosen = [...chosen, ...found];
    draw();
    changed();
  }
  function draw() {
    fill(list, chosen.map((one) => h("li.chip", h("span", one.name), iconButton("close", `${t("common.remove")}: ${one.name}`, () => { chosen = chosen.filter((other) => other !== one); draw(); changed(); }))));
  }
  return { element: h("div.stack", list, input, place), input, get: () => chosen, set: (next) => { chosen = next || []; draw(); } };
}
