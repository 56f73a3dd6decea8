// Keeps the search of a list for the way back from a record. The term is personal data: it stays in this tab alone,
// is only for the user who typed it, and goes with the session.

const KEPT = "ics-search";
const LOGGED_OUT = "ics-logged-out";
const session = document.getElementById("time-out"); // on every page of a logged-in user

export function keepSearch(field, page) {
  if (!session || !field.value.trim()) {
    forgetSearch();
    return;
  }
  const { pathname, search } = window.location;
  const kept = { holder: session.dataset.holder, list: pathname, query: search, term: field.value, page };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

// Returns what was searched on this list. The list's bare address shows it as it was; another choice is a new list.
export function keptSearch() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  const { pathname, search } = window.location;
  return kept?.list === pathname && ["", kept.query].includes(search) ? kept : null;
}

export function forgetSearch() {
  sessionStorage.removeItem(KEPT);
}

function isSomebodyElses() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  return kept !== null && kept.holder !== session?.dataset.holder;
}

if (isSomebodyElses()) {
  forgetSearch();
}

// A log-out in one tab forgets the search in every tab. So does the end of a session, which covers the page.
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(LOGGED_OUT);
tabs?.addEventListener("message", forgetSearch);
document.addEventListener("submit", (event) => {
  if (event.target.action.endsWith("/logout")) {
    forgetSearch();
    tabs?.postMessage("");
  }
});
new MutationObserver(() => {
  if (document.body.classList.contains("ics-covered")) {
    forgetSearch();
  }
}).observe(document.body, { attributeFilter: ["class"] });
