// What every page starts: the NHS components, and care for pages that must not come back from a browser's memory.
import { initAll } from "./nhsuk-frontend.js";
import "./records.js";
import "./reports.js";
import "./session.js";

initAll();

// After logging out, Back may bring a page from memory without asking us: ask again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    window.location.reload();
  }
});
