// The upload page: has each file judged before anything of it is sent, then sends it in parts straight to the store,
// and looks what became of it.
import { ask, form } from "./asking.js";
import { add, judgeAgain } from "./judging.js";
import { byId, clear, isDone, list, say, show, summarise } from "./listing.js";
import { dropped, ofFolder, single } from "./picking.js";
import { sendAll } from "./sending.js";

const LOOK_EVERY_MS = 3000;

async function look() {
  const most = Number(form.dataset.most);
  const waiting = list.chosen.filter((item) => item.state === "uploaded" && item.job).slice(0, most);
  if (!waiting.length || document.hidden) return;
  const told = await ask("state", { jobs: waiting.map((item) => item.job) }).catch(() => ({}));
  for (const item of waiting) {
    const found = told[item.job];
    if (!found) continue;
    item.page = found.page;
    show(item, found.outcome);
  }
}

for (const [id, named] of [["folder", ofFolder], ["files", single]]) {
  byId(id).addEventListener("change", (event) => {
    add(named(event.target.files));
    event.target.value = "";
  });
}
for (const kind of ["dragenter", "dragover"]) {
  byId("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    byId("drop").classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) byId("drop").addEventListener(kind, () => byId("drop").classList.remove("over"));
byId("drop").addEventListener("drop", async (event) => {
  event.preventDefault();
  try {
    add(await dropped(event.dataTransfer.items));
  } catch {
    say("The browser could not read what was dropped: choose the folder instead.", "error");
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendAll();
});
for (const id of ["section", "session", "place"]) {
  byId(id)?.addEventListener("change", () => judgeAgain(list.chosen.filter((item) => !isDone(item) && item.state !== "in work")));
}
byId("replace").addEventListener("change", summarise);
byId("stop").addEventListener("click", () => list.stopper?.abort());
byId("clear").addEventListener("click", clear);
window.addEventListener("beforeunload", (event) => {
  if (list.stopper) event.preventDefault();
});
setInterval(look, LOOK_EVERY_MS);
byId("without").hidden = true;
form.hidden = false;
summarise();
