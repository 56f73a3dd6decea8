// Runs on every page: starts the NHS components, and reloads pages that the browser restores from memory.
import { initAll } from "./nhsuk-frontend.js";
import "./meetings.js";
import "./records.js";
import "./reports.js";
import { isTypedIn } from "./session.js";

initAll();

// After log-out the Back button may restore a page from memory without a request: load it again. A page with typed text
// asks whether its session goes on instead; see session.js.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && !isTypedIn()) {
    window.location.reload();
  }
});
