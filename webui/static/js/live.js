// Events of the box: one stream for all that a page wants to hear.

import { connected, probe } from "./api.js";
import { current } from "./i18n.js";

const AGAIN_MS = 3000;
const listeners = new Map();
const returns = new Set();
let stream = null;
let topicsOpen = "";
let spoken = "";
let waiting = 0;
let wasUp = true;

/** Hear a topic: on("call", payload => …). Ends with the signal of the page, or by what is returned. */
export function on(topic, heard, signal) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(heard);
  renew();
  const end = () => {
    listeners.get(topic)?.delete(heard);
    if (!listeners.get(topic)?.size) listeners.delete(topic);
    renew();
  };
  signal?.addEventListener("abort", end, { once: true });
  return end;
}

/** Hear that events may have been missed (the core was away, the stream broke): ask for the state again. */
export function onReturn(heard, signal) {
  returns.add(heard);
  const end = () => returns.delete(heard);
  signal?.addEventListener("abort", end, { once: true });
  return end;
}

/** Begin to listen for the core alone; after log-in. */
export function open() {
  renew();
}

/** Close the stream; at log-out. */
export function close() {
  clearTimeout(waiting);
  waiting = 0;
  stream?.close();
  stream = null;
  topicsOpen = "";
}

let planned = false;
function renew() {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    const topics = ["core", ...[...listeners.keys()].filter((one) => one !== "core").sort()].join(",");
    if (stream && topics === topicsOpen && current() === spoken) return;
    begin(topics);
  });
}

function begin(topics) {
  stream?.close();
  clearTimeout(waiting);
  waiting = 0;
  topicsOpen = topics;
  spoken = current();
  const mine = new EventSource(`/api/v1/events?topics=${encodeURIComponent(topics)}&language=${spoken}`);
  stream = mine;
  for (const topic of [...topics.split(","), "lost"]) {
    mine.addEventListener(topic, (event) => heard(topic, JSON.parse(event.data)));
  }
  mine.addEventListener("error", () => {
    wasUp = false;
    if (mine === stream && mine.readyState === EventSource.CLOSED) {
      stream = null;
      probe();
      waiting = setTimeout(() => begin(topicsOpen), AGAIN_MS);
    }
  });
}

function heard(topic, payload) {
  if (topic === "core") {
    connected(payload.up ? "up" : "core");
    if (payload.up && !wasUp) for (const one of [...returns]) one();
    wasUp = payload.up;
  } else if (topic === "lost") {
    for (const one of [...returns]) one();
  }
  for (const one of [...(listeners.get(topic) || [])]) one(payload);
}

/** Do something again and again while the page is there and looked at; what fails is tried the next time. */
export function every(ms, act, signal) {
  const clock = setInterval(async () => {
    if (document.hidden) return;
    try {
      await act();
    } catch {
      // shown as it was until the next time
    }
  }, ms);
  signal.addEventListener("abort", () => clearInterval(clock), { once: true });
}

/** A function that has something done a moment after it was last called. */
export function soon(ms, act, signal) {
  let waiting = 0;
  signal?.addEventListener("abort", () => clearTimeout(waiting), { once: true });
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(act, ms);
  };
}
