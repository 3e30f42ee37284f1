// Live pages: an element with data-live holds the address of its own newer content, fetched every few seconds while
// the page is in sight and nobody has the focus in it. Without script the page is as it was when it was asked for.
"use strict";

const EVERY_MS = 5000;

const AGES = /<time[^>]*>[^<]*<\/time>/g;

// Nobody should take an old page for the state of things.
function tellOld(element) {
  if (element.old) return;
  element.old = Object.assign(document.createElement("p"), { className: "notice warning", role: "status" });
  element.before(element.old);
  element.old.textContent = `Not renewed since ${element.renewed.toLocaleTimeString()}: ` +
    "the console or the cloud does not answer, or you are signed out. It is tried again; reload the page to see why.";
}

async function renew(element) {
  if (document.hidden || element.contains(document.activeElement)) return;
  let text;
  try {
    const answer = await fetch(element.dataset.live, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    text = await answer.text(); // the console's own, escaped there
  } catch {
    return tellOld(element); // what is shown stays, and the next try comes by itself
  }
  element.old?.remove();
  element.old = null;
  element.renewed = new Date();
  const fresh = document.createElement("template");
  fresh.innerHTML = text;
  const said = text.replace(AGES, "");
  if (element.said === said) { // only the clock went on: pictures need not be fetched anew
    const times = fresh.content.querySelectorAll("time");
    element.querySelectorAll("time").forEach((time, n) => { time.textContent = times[n].textContent; });
  } else {
    element.replaceChildren(fresh.content);
  }
  element.said = said;
}

for (const element of document.querySelectorAll("[data-live]")) {
  element.renewed = new Date();
  setInterval(() => renew(element), EVERY_MS);
}

// A form that cannot be taken back asks once more.
for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.ask)) event.preventDefault();
  });
}

// A form whose answer takes long says so, and is not sent twice.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    setTimeout(() => { // afterwards: of a button that is disabled already the form would not tell that it was pressed
      button.disabled = true;
      button.textContent = form.dataset.busy;
    });
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
