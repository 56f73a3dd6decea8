// The page of a report that is being made: looks how far it is, each second, until there is nothing to wait for. Without
// this the whole page loads again by itself.

const report = document.getElementById("report-shown");
const status = document.getElementById("report-status");

function shown(selector) {
  return report.querySelector(selector);
}

// While it goes on only the bar and the numbers change, so that nobody loses the button that they were about to press.
function update(fresh) {
  const goesOn = fresh.dataset.state === shown(".ics-report").dataset.state;
  if (!goesOn) {
    shown(".ics-report").replaceWith(fresh);
    status.textContent = shown(".ics-report__said").textContent;
    return;
  }
  for (const selector of [".ics-report__bar", ".ics-report__progress"]) {
    const [old, now] = [shown(selector), fresh.querySelector(selector)];
    if (old && now) {
      old.replaceWith(now);
    }
  }
}

async function look() {
  const answer = await fetch(window.location.href, { headers: { "X-Fragment": "report", "X-Passive": "yes" } }).catch(() => null);
  if (answer && !answer.ok) {
    window.location.reload(); // logged out, or gone: the whole page says which
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
  lookAgain();
}
