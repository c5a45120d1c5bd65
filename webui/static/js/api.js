// The way to /api/v1: errors as they are told, who is logged in, and whether box and core are there.

import { current } from "./i18n.js";

const PREFIX = "/api/v1";
const PROBE_MS = 1000;
const watchers = new Set();
let csrf = "";
let renew = null;
let state = "up";
let probing = 0;

/** A refused request: `problems` are [{where, field, message, remedy}], `field` the first of them. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message || "");
    this.status = status;
    this.id = body.id || "internal.error";
    this.field = body.field || "";
    this.hint = body.hint || "";
    this.problems = body.problems?.length
      ? body.problems
      : [{ where: "", field: this.field, message: this.message, remedy: this.hint }];
  }
}

/** The token that goes with everything that changes something. */
export function trust(token) {
  csrf = token;
}

/** What is asked when nobody is logged in (any more): a promise of true when somebody is again. */
export function onLoggedOut(ask) {
  renew = ask;
}

/** Hear "up", "core" (the core is away) or "box" (nothing answers). Returns what ends it. */
export function onConnection(heard) {
  watchers.add(heard);
  return () => watchers.delete(heard);
}

export function connection() {
  return state;
}

/** Take note of how the box is reached; asks until it is there again. */
export function connected(now) {
  if (now !== state) {
    state = now;
    for (const heard of [...watchers]) heard(now);
  }
  if (now !== "up" && !probing) probing = setTimeout(probe, PROBE_MS);
}

/** Look now whether box and core are there; when something else than a request made doubtful. */
export async function probe() {
  clearTimeout(probing);
  probing = 0;
  try {
    const answer = await fetch(`${PREFIX}/health`, { cache: "no-store" });
    connected((await answer.json()).core === "up" ? "up" : "core");
  } catch {
    connected("box");
  }
}

/** One request; resolves with the JSON of the answer, rejects with ApiError. `quiet`: no log-in dialog. */
export async function request(verb, path, { query, body, raw, type, signal, quiet, blob } = {}) {
  const wanted = Object.entries(query || {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const address = PREFIX + path + (wanted.length ? `?${new URLSearchParams(wanted)}` : "");
  const headers = { "Accept-Language": current() };
  if (verb !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (raw !== undefined) headers["Content-Type"] = type || "application/octet-stream";
  let answer;
  try {
    answer = await fetch(address, {
      method: verb,
      headers,
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    connected("box");
    throw new ApiError(0, { id: "web.unreachable" });
  }
  if (answer.ok) {
    if (state === "box") connected("up");
    if (blob) return answer.blob();
    return (answer.headers.get("Content-Type") || "").startsWith("application/json") ? answer.json() : answer.text();
  }
  let told = {};
  try {
    told = (await answer.json()).error || {};
  } catch {
    // not ours: only the status is known
  }
  const error = new ApiError(answer.status, told);
  if (answer.status === 503 && error.id.startsWith("control.") && error.id !== "control.busy") connected("core");
  if (answer.status === 401 && error.id === "web.login" && renew && !quiet && (await renew())) {
    return request(verb, path, { query, body, raw, type, signal, quiet: true, blob });
  }
  throw error;
}

export const get = (path, query, more) => request("GET", path, { query, ...more });
export const post = (path, body = {}, more) => request("POST", path, { body, ...more });
export const put = (path, body = {}, more) => request("PUT", path, { body, ...more });
export const patch = (path, body = {}, more) => request("PATCH", path, { body, ...more });
export const remove = (path, more) => request("DELETE", path, more);

/** Send a file as it is; resolves with {upload, bytes}. */
export function upload(purpose, file, query) {
  return request("PUT", `/uploads/${purpose}`, { raw: file, query });
}

/** Hand a file of the API to the browser as a download. */
export async function download(path, name, query) {
  const found = await request("GET", path, { query, blob: true });
  save(found, name);
}

/** Hand something made here to the browser as a download. */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The path of a document: "/config/<kind>/<id>". */
export function documentPath(kind, id) {
  return `/config/${kind}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
}
