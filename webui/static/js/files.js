// Files as people have them: the text of a table, whatever program saved it.

import * as api from "./api.js";

/** The text of a CSV, vCard or XLSX file (its first sheet as CSV); UTF-8, else as older programs on Windows save. */
export async function textOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return (await api.request("POST", "/configuration/sheet", { raw: file })).text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
