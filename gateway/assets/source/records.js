// A register's forms and the list of records. Everything works without this script too, with more clicks.
import { forgetSearch, keepSearch, keptSearch } from "./last_search.js";

const CONDITIONAL = "[data-show-if], [data-unless]";

// Hides questions while they do not apply. The server keeps only the answers that apply.
function chosen(form, name) {
  // A hidden answer must not decide what else is asked; a read-only answer does.
  return [...form.elements]
    .filter((field) => field.name === name && !field.closest("[hidden]"))
    .filter((field) => field.matches(":checked, :not([type=radio], [type=checkbox])"))
    .map((field) => field.value);
}

function applies(form, conditions) {
  return conditions.some((condition) =>
    Object.entries(condition).every(([name, codes]) => chosen(form, name).some((answer) => codes.includes(answer))),
  );
}

function isAsked(form, block) {
  const { showIf, unless } = block.dataset;
  return (!showIf || applies(form, JSON.parse(showIf))) && !(unless && applies(form, JSON.parse(unless)));
}

function showWhatApplies(form) {
  for (const block of form.querySelectorAll(CONDITIONAL)) {
    block.hidden = !isAsked(form, block);
  }
}

function sendWhatIsShown(form) {
  showWhatApplies(form);
  for (const block of form.querySelectorAll(CONDITIONAL)) {
    for (const field of block.querySelectorAll("input, select, textarea")) {
      field.disabled = block.hidden;
    }
  }
}

for (const form of document.querySelectorAll(`form:has(${CONDITIONAL})`)) {
  showWhatApplies(form);
  form.addEventListener("change", () => sendWhatIsShown(form));
  // On a return to the page, the browser has restored typed values by now, but not in fields that were disabled.
  window.addEventListener("pageshow", () => sendWhatIsShown(form));
}

// Says at once, beneath the answer that decides, that a person cannot be added without consent. The server decides.
function isRefused(form, gate) {
  const rule = gate.rules.find(([when]) => !when.length || applies(form, when));
  if (rule) {
    return rule[1] === "refused";
  }
  return decided(form, gate).every((name) => chosen(form, name).length);
}

function decided(form, gate) {
  return gate.needed.filter((name) => form.querySelector(`[name="${name}"]`)?.closest("[hidden]") === null);
}

// The last question of the gate that is asked and answered, in the order of the page; none if there is no such question.
function deciding(form, gate) {
  const answered = decided(form, gate).filter((name) => chosen(form, name).length);
  const groups = answered.map((name) => form.querySelector(`[name="${name}"]`).closest(".nhsuk-form-group"));
  const later = (one, other) => (one.compareDocumentPosition(other) === Node.DOCUMENT_POSITION_FOLLOWING ? other : one);
  return groups.reduce(later, groups[0]);
}

function showRefusal(form, refusal) {
  const gate = JSON.parse(refusal.dataset.gate);
  const refused = isRefused(form, gate);
  const question = deciding(form, gate);
  if (refused && question?.nextElementSibling !== refusal) {
    question?.after(refusal);
  }
  refusal.hidden = !refused;
  form.querySelector("[data-if-refused]").hidden = !refused;
  form.querySelector("[data-unless-refused]").hidden = refused;
}

const refusal = document.getElementById("refusal");
if (refusal) {
  const form = refusal.closest("form");
  form.addEventListener("change", () => showRefusal(form, refusal));
  window.addEventListener("pageshow", () => showRefusal(form, refusal));
}

// Takes back the answer to a question that may stay unanswered. Without scripts there is a choice for that.
function offerToClear(button) {
  const group = button.closest("fieldset");
  const choices = [...group.querySelectorAll("input[type=radio]")];
  const show = () => {
    button.hidden = !choices.some((choice) => choice.checked);
  };
  group.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  button.addEventListener("click", () => {
    for (const choice of choices) {
      choice.checked = false;
    }
    choices[0].focus();
    choices[0].dispatchEvent(new Event("change", { bubbles: true }));
  });
  show();
}

for (const button of document.querySelectorAll("[data-clear]")) {
  offerToClear(button);
}

// Search while typing: sends the form and replaces the table.
const WAIT = 200;

function searchAsYouType(field) {
  const form = field.form;
  const results = document.getElementById(field.dataset.search);
  const status = document.getElementById(`${field.dataset.search}-status`);
  let timer;
  let asked = 0;

  async function search(page) {
    clearTimeout(timer); // this search replaces the pending one: a second change of rows could swallow a click
    const mine = ++asked;
    keepSearch(field, page);
    const typed = new FormData(form);
    typed.set("page", page);
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "X-Fragment": field.dataset.search },
      body: new URLSearchParams(typed),
    }).catch(() => null);
    if (mine !== asked) {
      return;
    }
    if (!answer?.ok) {
      form.requestSubmit(); // logged out, or no connection: a full page load says which
      return;
    }
    results.innerHTML = await answer.text();
    status.textContent = results.querySelector(".ics-pagination__showing")?.textContent ?? "";
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT, "1");
  });
  form.querySelector("select[name=length]")?.addEventListener("change", () => search("1"));
  // Filters and order are fields of the form, so a button that changes them loads the whole page.
  form.addEventListener("submit", (event) => {
    if (event.submitter && !["order", "remove", "narrow", "command"].includes(event.submitter.name)) {
      event.preventDefault();
      search(event.submitter.name === "page" ? event.submitter.value : "1");
    } else if (event.submitter?.value === "whole") {
      forgetSearch();
    } else {
      keepSearch(field, "1");
    }
  });
  // A page that was searched for, here or from Home, shows that search. Only a list without one takes up the last.
  if (field.defaultValue) {
    keepSearch(field, "1");
    return;
  }
  const kept = keptSearch();
  if (kept) {
    field.value = kept.term;
    search(kept.page);
  }
}

for (const field of document.querySelectorAll("input[data-search]")) {
  searchAsYouType(field);
}

// Copies the text for another system's record to the clipboard.
for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  const status = document.getElementById(`${button.dataset.copy}-copied`);
  button.hidden = !navigator.clipboard; // without a clipboard, users select the text and copy it by hand
  button.addEventListener("click", async () => {
    text.select();
    await navigator.clipboard.writeText(text.value);
    status.textContent = button.dataset.copied;
  });
}
