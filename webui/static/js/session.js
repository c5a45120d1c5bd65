// Who is logged in, and what they may.

import * as api from "./api.js";

let known = null;

/** The session: {account, name, role, language, extensions, rights, second_factor, csrf}; null: nobody. */
export function session() {
  return known;
}

/** Ask who is logged in; null: nobody. */
export async function ask() {
  try {
    take(await api.get("/session", {}, { quiet: true }));
  } catch (error) {
    if (error.status !== 401) throw error;
    known = null;
  }
  return known;
}

export async function logIn(account, password, code) {
  take(await api.post("/session", { account, password, code }, { quiet: true }));
  return known;
}

export async function logOut() {
  await api.remove("/session", { quiet: true });
  known = null;
  api.trust("");
}

function take(found) {
  known = found;
  api.trust(found.csrf);
}

const WIDTH = { own: 1, team: 2, any: 3 };

/** Whether "records:read" may be done with anybody's things; with "records:read@own" the own are enough. */
export function may(right) {
  if (!right) return known !== null;
  const [what, scope = "any"] = right.split("@");
  const held = known?.rights[what];
  return held !== undefined && WIDTH[held] >= WIDTH[scope];
}

/** Whether the session has an extension of its own. */
export function hasExtension() {
  return (known?.extensions.length || 0) > 0;
}
