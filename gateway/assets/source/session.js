// Warns before an unused session ends, so that nothing typed is lost. Without scripts, the page after the next
// button keeps what was typed.

import { isDraft, saveDraft } from "./drafts.js";

const WARNED = 120; // seconds before the end
const LAST_MINUTE = 60;
const AGAIN = 10; // seconds until a request without an answer is repeated

const dialog = document.getElementById("time-out");
const typedIn = new Set();
let timer;
let endsAt;
let isOver = false;

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
  } else if (!session?.seconds) {
    over();
  } else if (session.seconds > WARNED + 1) {
    goOn(session.seconds);
  } else {
    warn(session.seconds);
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

// The session is over. Unsaved text stays on the page, covered, until its user has logged in again.
function over() {
  if (isOver) {
    return;
  }
  isOver = true;
  clearTimeout(timer);
  if (!dialog.dataset.typed && [...typedIn].every(isDraft)) {
    window.location.replace(`${dialog.dataset.login}?notice=timeout`);
    return;
  }
  part("warning").hidden = true;
  part("ended").hidden = false;
  dialog.setAttribute("aria-labelledby", "ended-heading");
  document.body.classList.add("ics-covered");
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
    document.body.classList.remove("ics-covered");
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
  window.addEventListener("ics-refused", lookAgain);
  plan(Number(dialog.dataset.seconds));
}

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
