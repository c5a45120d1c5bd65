// Recordings of own calls.

import * as api from "../../js/api.js";
import { askDelete, open, tell, toastDeleted } from "../../js/dialog.js";
import { h } from "../../js/dom.js";
import { duration, moment, t } from "../../js/i18n.js";
import { icon } from "../../js/icons.js";
import * as live from "../../js/live.js";
import { button, head, iconButton } from "../../js/parts.js";
import { may } from "../../js/session.js";
import { table } from "../../js/table.js";
import { chooser, colleagues, mine, nameOf, party } from "./own.js";

export default async function page({ reload, signal }) {
  const people = await colleagues();
  const get = () => api.get("/recordings", { extension: mine().number, limit: 1000 });
  const path = (row, what = "") => `/recordings/${encodeURIComponent(row.tape.tape)}${what}`;
  const made = table({
    label: "user.recordings.title",
    rows: await get(),
    key: (row) => row.tape.tape,
    open: (row) => open(nameOf(row.tape.party_number, row.tape.party_name, people) || row.tape.party_number || t("user.withheld"), () => [
      h("p.soft", moment(row.tape.started, { dateStyle: "full", timeStyle: "short" })),
      h("audio.player", { controls: true, preload: "auto", src: `/api/v1${path(row, "/audio")}?extension=${encodeURIComponent(mine().number)}`, "aria-label": t("user.recordings.title") }),
      h("div.actions", button(t("user.download"), () => api.download(path(row, "/audio"), `${row.tape.tape}.wav`, { extension: mine().number }).catch(tell), { sign: "backup", kind: "quiet" }),
        button(t("user.recordings.at_phone"), () => api.post(path(row, "/play"), { extension: mine().number, to: mine().number }).catch(tell), { sign: "phone" })),
    ]),
    columns: [
      { name: "party", label: "user.calls.party", value: (row) => nameOf(row.tape.party_number, row.tape.party_name, people) || row.tape.party_number, cell: (row) => party(row.tape.party_number, nameOf(row.tape.party_number, row.tape.party_name, people)) },
      { name: "started", label: "user.calls.at", value: (row) => row.tape.started, cell: (row) => moment(row.tape.started) },
      { name: "length", label: "user.calls.length", number: true, value: (row) => row.length_ms ?? 0, cell: (row) => (row.length_ms === null || row.length_ms === undefined ? "" : duration(row.length_ms / 1000)) },
      { name: "by", label: "user.recordings.by", value: (row) => row.tape.by, minor: true },
    ],
    actions: may("recordings:manage@own") && ((row) => iconButton("trash", t("common.delete"), async () => {
      if (!(await askDelete(t("user.recordings.this")))) return;
      try {
        await api.request("DELETE", path(row), { query: { extension: mine().number } });
        toastDeleted();
        made.update(await get());
      } catch (error) {
        tell(error);
      }
    })),
    empty: [icon("play"), h("p", t("user.recordings.empty"))],
  });
  const renew = () => get().then((found) => made.update(found)).catch(tell);
  live.on("recording", renew, signal);
  live.onReturn(renew, signal);
  return [head({ title: t("user.recordings.title"), text: t("user.recordings.text"), actions: [chooser(reload)] }), made.element];
}
