// Before anything is painted: the theme that was chosen. A plain script, so that nothing flashes.
(() => {
  let chosen = "";
  try {
    chosen = localStorage.getItem("theme") || "";
  } catch {
    // no storage: as the system likes it
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
