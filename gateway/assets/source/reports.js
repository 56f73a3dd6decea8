// The page of a report that is being prepared, or of an upload that is worked on: fetches its progress until it ends.
// Without scripts the page reloads automatically.

const report = document.getElementById("report-shown");
const status = document.getElementById("report-status");

function shown(selector) {
  return report.querySelector(selector);
}

// While the state is unchanged only the bar and numbers change, so that no button vanishes under a click.
function update(fresh) {
  if ("leadsOn" in fresh.dataset) {
    window.location.reload(); // an upload has come to a page of another kind
    return;
  }
  const goesOn = fresh.dataset.state === shown(".ics-report").dataset.state;
  if (!goesOn) {
    shown(".ics-report").replaceWith(fresh);
    status.textContent = shown(".ics-report__said").textContent;
    downloadOnce();
    return;
  }
  for (const selector of [".ics-report__bar", ".ics-report__progress"]) {
    const [old, now] = [shown(selector), fresh.querySelector(selector)];
    if (old && now) {
      old.replaceWith(now);
    }
  }
}

// A report that becomes ready before its user's eyes is downloaded at once. The button stays for another download.
function downloadOnce() {
  if (document.visibilityState === "visible") {
    shown("a[download]")?.click();
  }
}

async function look() {
  const answer = await fetch(window.location.href, { headers: { "X-Fragment": "report", "X-Passive": "yes" } }).catch(() => null);
  if (answer && !answer.ok) {
    window.location.reload(); // logged out, or the report is gone: a full page load says which
    return;
  }
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    update(page.querySelector(".ics-report"));
  }
  lookAgain();
}

function lookAgain() {
  const wait = shown(".ics-report").dataset.again;
  if (wait) {
    setTimeout(look, Number(wait));
  }
}

if (report) {
  const address = new URL(window.location.href);
  if (address.searchParams.has("notice")) {
    address.searchParams.delete("notice"); // the report was asked for just now; a reload downloads nothing
    history.replaceState(history.state, "", address);
    downloadOnce();
  }
  lookAgain();
}
