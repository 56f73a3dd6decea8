// Warns before an unused session ends, and notices when it has ended in any other way, so that no person stays on the
// screen and nothing typed is lost. Without scripts, the page after the next button keeps what was typed.

import { isDraft, isTypedOver, saveDraft } from "./drafts.js";

const WARNED = 120; // seconds before the end
const LAST_MINUTE = 60;
const AGAIN = 10; // seconds until a request without an answer is repeated
const ONE_LOOK = 1; // second in which several events of the browser count as one
const TICK = 2; // seconds between two looks at the clock
const ASLEEP = 10; // seconds without a tick: the computer slept

const dialog = document.getElementById("time-out");
const typedIn = new Set();
let timer;
let endsAt;
let isOver = false;
let lookedAt = 0;
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("ics-session");

function part(name) {
  return dialog.querySelector(`[data-part=${name}]`);
}

// Returns the session without extending it: undefined if it has ended, null without an answer.
async function look(address) {
  const answer = await fetch(address, { headers: { "X-Passive": "yes" }, redirect: "manual" }).catch(() => null);
  if (!answer || answer.status >= 500) {
    return null;
  }
  return answer.ok ? answer.json() : undefined;
}

function secondsLeft() {
  return Math.ceil((endsAt - Date.now()) / 1000);
}

function plan(seconds) {
  endsAt = Date.now() + seconds * 1000;
  const left = [WARNED, LAST_MINUTE, -1].find((each) => each < seconds);
  checkAfter(seconds - left);
}

function checkAfter(seconds) {
  clearTimeout(timer);
  timer = setTimeout(check, seconds * 1000);
}

async function check() {
  const session = await look(dialog.dataset.session);
  if (session === null && secondsLeft() > 0) {
    checkAfter(AGAIN);
  } else if (!session?.seconds || session.holder !== dialog.dataset.holder) {
    over();
  } else {
    renew(session.token); // the same user may have logged in again in another tab
    await (session.seconds > WARNED + 1 ? goOn(session.seconds) : warn(session.seconds));
  }
}

function goOn(seconds) {
  if (dialog.open) {
    dialog.close();
  }
  plan(seconds);
}

async function warn(seconds) {
  plan(seconds);
  await saveDraft();
  if (seconds <= LAST_MINUTE) {
    document.getElementById("time-out-text").textContent = dialog.dataset.lastMinute;
  }
  if (!dialog.open) {
    dialog.showModal();
  }
}

async function stay() {
  const headers = { "X-CSRF-Token": dialog.dataset.token };
  const answer = await fetch(dialog.dataset.session, { method: "POST", headers }).catch(() => null);
  if (answer?.ok) {
    goOn((await answer.json()).seconds);
  } else {
    check();
  }
}

// Somebody looks at the page, or another tab says that something has changed: ask once whether the session goes on.
// Asking does not extend it.
function lookNow() {
  if (!isOver && Date.now() - lookedAt >= ONE_LOOK * 1000) {
    lookedAt = Date.now();
    check();
  }
}

// A computer that wakes up sends no event if the page was in front all the time.
function tick(before) {
  setTimeout(() => {
    const now = Date.now();
    if (now - before > ASLEEP * 1000 && document.visibilityState === "visible") {
      lookNow();
    }
    tick(now);
  }, TICK * 1000);
}

// Returns whether the page of a logged-in user holds something typed that is saved nowhere else.
export function isTypedIn() {
  if (!dialog) {
    return false; // nobody watches over a page without a session, such as a password typed to log in
  }
  const forms = [...document.querySelectorAll("main form")].filter((form) => !form.querySelector("[data-search]"));
  const changed = forms.filter((form) => typedIn.has(form) || isTypedOver(form));
  return Boolean(dialog.dataset.typed) || !changed.every(isDraft);
}

// Hides everything but the dialog: from the eye, from paper and from screen readers.
function cover(isCovered) {
  document.body.classList.toggle("ics-covered", isCovered);
  for (const part of document.body.children) {
    if (part !== dialog) {
      part.inert = isCovered;
    }
  }
}

// The session is over. Unsaved text stays on the page, covered, until its user has logged in again.
function over() {
  if (isOver) {
    return;
  }
  isOver = true;
  clearTimeout(timer);
  cover(true);
  if (!isTypedIn()) {
    window.location.replace(`${dialog.dataset.login}?notice=${secondsLeft() > 0 ? "ended" : "timeout"}`);
    return;
  }
  part("warning").hidden = true;
  part("ended").hidden = false;
  dialog.setAttribute("aria-labelledby", "ended-heading");
  if (!dialog.open) {
    dialog.showModal();
  }
}

function renew(token) {
  dialog.dataset.token = token;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) {
    field.value = token;
  }
}

async function comeBack() {
  const session = await look(dialog.dataset.session);
  if (!session) {
    part("status").textContent = dialog.dataset.notYet;
  } else if (session.holder !== dialog.dataset.holder) {
    part("status").textContent = dialog.dataset.somebodyElse;
  } else {
    renew(session.token);
    isOver = false;
    dialog.close();
    cover(false);
    part("warning").hidden = false;
    part("ended").hidden = true;
    plan(session.seconds);
    saveDraft();
  }
}

// The server refused a draft: the session has ended, or a new one has begun, of the same or another user.
async function lookAgain() {
  const session = await look(dialog.dataset.session);
  if (session?.holder === dialog.dataset.holder) {
    renew(session.token);
  } else if (session !== null) {
    over();
  }
}

if (dialog) {
  const main = document.querySelector("main");
  for (const event of ["input", "change"]) {
    main?.addEventListener(event, ({ target }) => {
      if (target.form && !target.form.querySelector("[data-search]")) {
        typedIn.add(target.form);
      }
    });
  }
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (!isOver) {
      stay();
    }
  });
  dialog.querySelector("[data-do=stay]").addEventListener("click", stay);
  dialog.querySelector("[data-do=back]").addEventListener("click", comeBack);
  // A browser may close a dialog at the second Escape, whatever the page says.
  dialog.addEventListener("close", () => {
    if (isOver) {
      dialog.showModal();
    }
  });
  window.addEventListener("ics-refused", lookAgain);
  window.addEventListener("focus", lookNow);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      lookNow(); // the page was opened just now in any other case
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      lookNow();
    }
  });
  plan(Number(dialog.dataset.seconds));
  tick(Date.now());
}

// A page without a session, and a page of somebody else, tell all other tabs to look at once. Nothing else is said.
const holder = dialog?.dataset.holder ?? "";
tabs?.addEventListener("message", ({ data }) => {
  if (dialog && data !== holder) {
    setTimeout(lookNow, Math.max(0, lookedAt + ONE_LOOK * 1000 - Date.now()));
  }
});
tabs?.postMessage(holder);

// Sends a form from an ended session again with the token of the new session, if it is the same user's.
const again = document.querySelector("[data-send-again]");
again?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const session = await look(again.dataset.sendAgain);
  if (session?.holder === again.dataset.holder) {
    event.target.elements.csrf_token.value = session.token;
  }
  event.target.submit();
});
