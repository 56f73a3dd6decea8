// The form that adds a record is saved as a draft while somebody types. Without this there is a button for it.

const WAIT = 5000;

const button = document.querySelector("button[data-save-draft]");
const form = button?.form;
const status = document.getElementById("draft-status");
let timer;
let unsaved = false;
let underWay = false;
let sent = false;

function later() {
  unsaved = true;
  timer ??= setTimeout(saveDraft, WAIT);
}

async function said(answer) {
  const isSentence = answer?.headers.get("Content-Type")?.startsWith("text/plain");
  return isSentence ? answer.text() : button.dataset.saveDraft;
}

// Whether everything typed is kept now.
export async function saveDraft(keepalive = false) {
  clearTimeout(timer);
  timer = undefined;
  if (!unsaved || sent) {
    return !unsaved;
  }
  if (underWay) {
    later(); // one after the other, so that an older save never comes after a newer one
    return false;
  }
  [unsaved, underWay] = [false, true];
  const answer = await fetch(button.formAction, {
    method: "POST",
    headers: { "X-Fragment": "draft" },
    body: new URLSearchParams(new FormData(form)),
    keepalive: keepalive === true,
  }).catch(() => null);
  underWay = false;
  unsaved ||= !answer?.ok;
  status.textContent = await said(answer);
  return !unsaved;
}

// Whether this form is one whose typing is kept as a draft.
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
