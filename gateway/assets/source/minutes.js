// Saves the minutes about one person as a draft while a user types. Without scripts, only the buttons save.

const WAIT = 3000;

const status = document.getElementById("minutes-status");
const form = status?.dataset.minutes ? document.getElementById("minutes-form") : null;
let timer;
let unsaved = false;
let stopped = false; // somebody else saved, or the meeting is over: the button says what to do
let underWay = null;

async function send(keepalive) {
  const answer = await fetch(status.dataset.minutes, {
    method: "POST",
    headers: { "X-Fragment": "minutes", "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(new FormData(form)).toString(),
    keepalive,
  }).catch(() => null);
  const isOurs = answer?.headers.get("Content-Type")?.startsWith("application/json");
  const told = (isOurs ? await answer.json().catch(() => null) : null) ?? { said: status.dataset.notSaved };
  if (told.is_saved) {
    form.querySelector("[data-minutes-version]").value = told.version;
  } else {
    unsaved = true;
    stopped = Boolean(told.is_final);
  }
  status.textContent = told.said;
  if (answer?.status === 401 || answer?.status === 403) {
    window.dispatchEvent(new Event("ics-refused")); // see session.js
  }
}

// One save at a time: two at once would each see the other as another editor.
async function save(keepalive = false) {
  clearTimeout(timer);
  timer = undefined;
  if (!unsaved || stopped) {
    return;
  }
  if (underWay) {
    later();
    return;
  }
  unsaved = false;
  underWay = send(keepalive);
  await underWay;
  underWay = null;
}

function later() {
  unsaved = true;
  timer ??= setTimeout(save, WAIT);
}

if (form) {
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    timer = undefined;
    stopped = true;
    if (underWay) {
      event.preventDefault();
      await underWay;
      form.requestSubmit(event.submitter);
    }
  });
  window.addEventListener("pageshow", () => {
    stopped = false;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      save(true);
    }
  });
}
