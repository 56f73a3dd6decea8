// Saves the form that adds a record as a draft while a user types. Without scripts there is a button.

const WAIT = 5000;

const button = document.querySelector("button[data-save-draft]");
const form = button?.form;
const status = document.getElementById("draft-status");
let timer;
let unsaved = false;
let underWay = false;
let sent = false;
let saved;

function typed() {
  return new URLSearchParams(new FormData(form)).toString();
}

function later() {
  if (typed() === saved) {
    return; // a change event that changed nothing
  }
  unsaved = true;
  timer ??= setTimeout(saveDraft, WAIT);
}

async function said(answer) {
  const isSentence = answer?.headers.get("Content-Type")?.startsWith("text/plain");
  return isSentence ? answer.text() : button.dataset.saveDraft;
}

// Saves the draft. Returns whether everything typed is saved.
export async function saveDraft(keepalive = false) {
  clearTimeout(timer);
  timer = undefined;
  if (!unsaved || sent) {
    return !unsaved;
  }
  if (underWay) {
    later(); // one save at a time, so that an older one cannot overwrite a newer one
    return false;
  }
  [unsaved, underWay] = [false, true];
  const body = typed();
  const answer = await fetch(button.formAction, {
    method: "POST",
    headers: { "X-Fragment": "draft", "Content-Type": "application/x-www-form-urlencoded" },
    body,
    keepalive: keepalive === true,
  }).catch(() => null);
  underWay = false;
  if (answer?.ok) {
    saved = body;
  } else {
    unsaved = true;
  }
  status.textContent = await said(answer);
  if (answer?.status === 401 || answer?.status === 403) {
    window.dispatchEvent(new Event("ics-refused")); // see session.js
  }
  return !unsaved;
}

// Returns whether this is the draft's form and everything in it is saved.
export function isDraft(other) {
  return other === form && !unsaved;
}

if (form) {
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
    timer = undefined;
  });
  window.addEventListener("pageshow", () => {
    sent = false;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      saveDraft(true);
    }
  });
}
