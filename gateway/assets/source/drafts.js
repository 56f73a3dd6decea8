// Saves the form that adds a record as a draft while a user types. Without scripts there is a button.

const WAIT = 5000;

const button = document.querySelector("button[data-save-draft]");
const form = button?.form;
const status = document.getElementById("draft-status");
const overtaken = document.getElementById("draft-overtaken");
let timer;
let unsaved = false;
let underWay = false;
let sent = false;
let stopped = Boolean(overtaken?.querySelector("button")); // another page changed the draft: the user decides
let saved;

function typed() {
  const answers = new FormData(form);
  answers.delete("draft_version");
  answers.delete("draft_save");
  return new URLSearchParams(answers).toString();
}

// Without consent nothing is saved, and a draft from before is not touched until its user closes the form.
function isRefused() {
  return form.querySelector("#refusal")?.hidden === false;
}

function later() {
  if (typed() === saved) {
    return; // a change event that changed nothing
  }
  unsaved = true;
  timer ??= setTimeout(saveDraft, WAIT);
}

// Returns what the server said; that nothing was saved if its answer did not come, or came in part.
async function read(answer) {
  const isOurs = answer?.headers.get("Content-Type")?.startsWith("application/json");
  const told = isOurs ? await answer.json().catch(() => null) : null;
  return told ?? { said: button.dataset.saveDraft };
}

// What this page knows of its draft. It is kept with the page's place in the browser's history, because a browser that
// goes back may put back what was typed, but not what the server said since.
function hidden(name) {
  return form.querySelector(`input[name=${name}]`);
}

function remember(version, save) {
  hidden("draft_version").value = version;
  hidden("draft_save").value = save;
  history.replaceState({ ...history.state, draft: { id: hidden("command").value, version, save } }, "");
}

// Returns whether the form holds anything that the server did not put there.
export function isTypedOver(other) {
  return [...other.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) => {
    if (field.matches("select")) {
      const options = [...field.options];
      return !(options.find((option) => option.defaultSelected) ?? options[0])?.selected;
    }
    return field.matches("[type=radio], [type=checkbox]")
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue;
  });
}

function recall() {
  const before = history.state?.draft;
  const isBehind = before?.id === hidden("command").value && isTypedOver(form);
  const now = { version: hidden("draft_version").value, save: hidden("draft_save").value };
  const { version, save } = isBehind ? before : now;
  remember(version, save);
}

// Saves the draft. Returns whether everything typed is saved.
export async function saveDraft(keepalive = false) {
  clearTimeout(timer);
  timer = undefined;
  if (!unsaved || sent || stopped || isRefused()) {
    return !unsaved;
  }
  if (underWay) {
    later(); // one save at a time, so that an older one cannot overwrite a newer one
    return false;
  }
  [unsaved, underWay] = [false, true];
  const [body, content] = [new URLSearchParams(new FormData(form)).toString(), typed()];
  const answer = await fetch(button.formAction, {
    method: "POST",
    headers: { "X-Fragment": "draft", "Content-Type": "application/x-www-form-urlencoded" },
    body,
    keepalive: keepalive === true,
  }).catch(() => null);
  underWay = false;
  const told = await read(answer);
  if (told.is_saved) {
    saved = content;
    remember(told.draft_version, told.draft_save);
  } else {
    unsaved = true;
  }
  status.textContent = told.said;
  if (told.panel) {
    stopped = true;
    overtaken.innerHTML = told.panel;
  }
  if (answer?.status === 401 || answer?.status === 403) {
    window.dispatchEvent(new Event("ics-refused")); // see session.js
  }
  return !unsaved;
}

// Returns whether this is the draft's form and everything in it is saved. What no draft holds must be as it was.
export function isDraft(other) {
  const beside = other === form && form.querySelector("[data-not-in-draft]");
  return other === form && !unsaved && !(beside && isTypedOver(beside));
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
    recall();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      saveDraft(true);
    }
  });
}
