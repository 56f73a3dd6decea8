// Runs on every page: starts the NHS components, and reloads pages that the browser restores from memory.
import { initAll } from "./nhsuk-frontend.js";
import "./records.js";
import "./reports.js";
import "./session.js";

initAll();

// After log-out the Back button may restore a page from memory without a request: load it again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    window.location.reload();
  }
});
