// Before the first paint: theme and language, as chosen last time or as the browser asks. After it: the files for offline use.
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // Storage may be forbidden; the page works without.
    }
  };
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = read("podlab.theme") ?? (dark ? "dark" : "light");
  root.lang = read("podlab.language") ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");
  addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll(`[data-${root.lang}]`)) part.textContent = part.dataset[root.lang];
  });
  addEventListener("load", () => {
    if ("serviceWorker" in navigator && location.protocol.startsWith("http")) {
      // Without it only the offline visit is lost.
      navigator.serviceWorker.register("./sw.js").catch((error) => console.info("offline use is not available:", error.message));
    }
  });
})();
