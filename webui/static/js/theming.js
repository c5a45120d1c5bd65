// Light, dark, or as the system likes it; kept in this browser.

export const THEMES = ["system", "light", "dark"];

/** What was chosen. */
export function theme() {
  return document.documentElement.dataset.theme || "system";
}

/** Choose and keep it. */
export function choose(wanted) {
  if (wanted === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  try {
    if (wanted === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", wanted);
  } catch {
    // not kept: asked again next time
  }
}
