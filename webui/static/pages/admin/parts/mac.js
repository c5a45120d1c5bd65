// A field for a MAC address: shown as it is printed on the device, kept as twelve digits.

import { control } from "../../../js/controls.js";

const shown = (mac) => (mac || "").match(/.{1,2}/g)?.join(":") ?? "";

/** Its control. */
export function macControl(field, value, changed) {
  const made = control({ ...field, control: null, type: "text", max: 23, placeholder: "00:11:22:33:44:55" }, shown(value), changed);
  return {
    ...made,
    get: () => made.get().toUpperCase().replace(/[\s:.-]/g, ""),
    set: (next) => made.set(shown(next)),
  };
}
