// Words in the user's language. A key is "<catalogue>.<name>"; a catalogue is /locales/<language>/<catalogue>.json.

const BASE = new URL("../locales/", import.meta.url);
export const LANGUAGES = ["de", "en"];
const catalogues = new Map();
const asked = new Map();
let language = "de";
let plural = new Intl.PluralRules("de");

/** The language now. */
export function current() {
  return language;
}

/** What was chosen in this browser, else what the browser prefers. */
export function preferred() {
  const chosen = stored();
  if (LANGUAGES.includes(chosen)) return chosen;
  return LANGUAGES.find((one) => navigator.languages.some((like) => like.toLowerCase().startsWith(one))) || "en";
}

export function stored() {
  try {
    return localStorage.getItem("language") || "";
  } catch {
    return "";
  }
}

/** Change the language; catalogues in use are fetched again. */
export async function speak(wanted) {
  const loaded = [...asked.keys()];
  language = LANGUAGES.includes(wanted) ? wanted : "en";
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  catalogues.clear();
  asked.clear();
  collators.clear();
  await use(...loaded);
}

/** Keep the choice in this browser. */
export function keep(wanted) {
  try {
    localStorage.setItem("language", wanted);
  } catch {
    // not kept: asked again next time
  }
}

/** Fetch catalogues unless they are there. */
export async function use(...names) {
  await Promise.all(
    names.map((name) => {
      if (!asked.has(name)) asked.set(name, fetchOne(name));
      return asked.get(name);
    }),
  );
}

async function fetchOne(name) {
  const answer = await fetch(new URL(`${language}/${name}.json`, BASE));
  if (!answer.ok) throw new Error(`catalogue ${name}: ${answer.status}`);
  for (const [key, words] of Object.entries(await answer.json())) catalogues.set(`${name}.${key}`, words);
}

/** Whether there are words for the key. */
export function has(key) {
  return catalogues.has(key);
}

/** The words of a key; {name} is replaced, and one of several forms is taken by `count`. */
export function t(key, values = {}) {
  let words = catalogues.get(key);
  if (words === undefined) {
    console.warn(`no words for ${key}`);
    return key;
  }
  if (typeof words === "object") words = words[plural.select(values.count)] ?? words.other;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name]) : whole));
}

/** The words of a key that ends in a value; the value itself where there are none for it. */
export function said(key, value) {
  return has(key) ? t(key) : String(value).replaceAll("_", " ");
}

function shown(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : String(value);
}

const collators = new Map();

/** Compare two texts as people sort, numbers by value. */
export function compare(one, other) {
  if (!collators.has("sort")) collators.set("sort", new Intl.Collator(language, { numeric: true, sensitivity: "base" }));
  return collators.get("sort").compare(one, other);
}

/** A moment (ISO text or Date) as date and time of the office's people. */
export function moment(value, options = { dateStyle: "short", timeStyle: "short" }) {
  if (!value) return "";
  const at = value instanceof Date ? value : new Date(value);
  return Number.isNaN(at.getTime()) ? String(value) : new Intl.DateTimeFormat(language, options).format(at);
}

/** Seconds as 1:05 or 1:02:05. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A number in the user's way of writing. */
export function number(value, options = {}) {
  return new Intl.NumberFormat(language, options).format(value);
}
