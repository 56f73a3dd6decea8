// Ctrl and Enter on the page of one person at a meeting: first to the decision, and once it is made, to the next person.

const next = document.querySelector("button[data-next]");
const hint = document.querySelector("[data-by-script]");

function decide(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) {
    return;
  }
  event.preventDefault();
  const decision = next.form.elements.namedItem(next.dataset.next);
  if (!decision || decision.value) {
    next.click();
  } else {
    (decision instanceof RadioNodeList ? decision[0] : decision).focus();
  }
}

if (next) {
  document.addEventListener("keydown", decide);
  if (hint) {
    hint.hidden = false;
  }
}
