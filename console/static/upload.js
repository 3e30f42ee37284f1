// The upload page: has each file judged before anything of it is sent, then sends it in parts straight to the store, to
// addresses that the console signs. Keys and tickets travel in bodies, never in addresses of the console.
"use strict";

const form = document.getElementById("upload");
const byId = (id) => document.getElementById(id);
const CLIPS_AT_ONCE = 2;
const PARTS_AT_ONCE = 2;
const TRIES = 4;
const LOOK_EVERY_MS = 3000;
const DONE = new Set(["uploaded", "recognised", "unknown", "no_face", "rejected", "superseded"]);

let chosen = []; // {file, name, start, row, state, turn, sent, job}
let stopper = null; // while something is being sent

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const inUnits = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

function say(text, kind = "status") {
  byId("said").hidden = !text;
  byId("said").className = `notice ${kind}`;
  byId("said").textContent = text;
}

// ---- asking the console and the store

class Refused extends Error {} // trying again would not help

async function ask(what, body, signal) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrf_token.value };
  const sending = { method: "POST", headers, body: JSON.stringify(body), redirect: "error", signal };
  const answer = await fetch(form.dataset[what], sending).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Error("the console was not reached, or you are no longer signed in: reload the page");
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const words = told.error || `the console answered ${answer.status}: reload the page and try again`;
  throw answer.status < 500 ? Object.assign(new Refused(words), told) : new Error(words);
}

function put(url, blob, progressed, signal) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest(); // fetch does not tell how much has gone
    const leave = () => sending.abort();
    sending.upload.onprogress = (event) => progressed(event.loaded);
    sending.onload = () => {
      const etag = sending.getResponseHeader("ETag");
      if (sending.status === 200 && etag) resolve(etag);
      else reject(new Error(`the store answered ${sending.status}`));
    };
    sending.onerror = () =>
      reject(new Error(`the store was not reached; does the stage's consoleOrigin allow ${location.origin}?`));
    sending.onabort = () => reject(new DOMException("", "AbortError"));
    sending.onloadend = () => signal.removeEventListener("abort", leave);
    signal.addEventListener("abort", leave);
    sending.open("PUT", url);
    sending.send(blob);
  });
}

async function tried(attempt, signal) {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || error instanceof Refused || count === TRIES) throw error;
      await wait(500 * 2 ** count);
    }
  }
}

async function inParallel(items, atOnce, work) {
  const rest = [...items];
  const worker = async () => {
    while (rest.length) await work(rest.shift());
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failed = ended.find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
}

// ---- the list

function show(item, state, words = state, why = "") {
  item.state = state;
  const [, , progress, said] = item.row.cells;
  progress.firstChild.value = item.sent;
  const chip = document.createElement(item.page ? "a" : "b");
  chip.className = `chip ${state.replace(/[ _]/g, "-")}`;
  chip.textContent = words.replace(/_/g, " ");
  if (item.page) chip.href = item.page;
  said.replaceChildren(chip, " ", Object.assign(document.createElement("small"), { textContent: why }));
  summarise();
}

function addRow(item) {
  const row = document.createElement("tr");
  const name = Object.assign(document.createElement("th"), { scope: "row", textContent: item.name });
  const size = Object.assign(document.createElement("td"), { className: "number", textContent: inUnits(item.file.size) });
  const bar = Object.assign(document.createElement("progress"), { max: Math.max(1, item.file.size), value: 0 });
  bar.setAttribute("aria-label", item.name);
  const progress = document.createElement("td");
  progress.append(bar);
  const labels = ["", "Size", "", ""];
  row.append(name, size, progress, document.createElement("td"));
  [...row.cells].forEach((cell, place) => labels[place] && (cell.dataset.label = labels[place]));
  item.row = row;
  byId("chosen").tBodies[0].append(row);
}

const toSend = () =>
  chosen.filter((item) => ["ready", "failed", "cancelled"].includes(item.state) || (item.state === "there already" && byId("replace").checked));

function summarise() {
  const count = toSend().length;
  byId("send").textContent = count ? `Send ${count} clip${count === 1 ? "" : "s"}` : "Send";
  byId("send").disabled = !count || stopper !== null;
  byId("chosen").hidden = byId("total").hidden = !chosen.length;
  byId("clear").hidden = !chosen.length || stopper !== null;
  byId("stop").hidden = stopper === null;
  const counted = chosen.filter((item) => item.state !== "refused");
  byId("total").max = Math.max(1, counted.reduce((sum, item) => sum + item.file.size, 0));
  byId("total").value = counted.reduce((sum, item) => sum + item.sent, 0);
}

const place = () => ({
  section: byId("section").value,
  session: byId("session")?.value ?? "",
  place: byId("place").value,
});
const described = (item) => ({ name: item.name, size: item.file.size, start: item.start });

// An answer that comes late must not undo what has been asked or done with the file since: each taking up is a turn.
function stillTheirs(items) {
  const turns = items.map((item) => (item.turn += 1));
  return () => items.filter((item, index) => item.turn === turns[index]);
}

async function judge(items) {
  const told = await ask("judge", { ...place(), files: items.map(described) });
  return new Map(items.map((item, index) => [item, told.files[index]]));
}

function showJudged(item, { refused, stored }) {
  if (refused) show(item, "refused", "refused", refused);
  else show(item, stored ? "there already" : "ready");
}

async function add(files) {
  const items = [];
  files.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  for (const { file, name } of files) {
    const start = new Uint8Array(await file.slice(0, Number(form.dataset.startBytes)).arrayBuffer().catch(() => new ArrayBuffer(0)));
    const item = { file, name, start: [...start].map((byte) => byte.toString(16).padStart(2, "0")).join(""), turn: 0, sent: 0 };
    items.push(item);
    addRow(item);
  }
  chosen.push(...items);
  summarise();
  await judgeAgain(items);
}

// A slip in a section's name would make a roll call with nobody on it.
function unknownSection() {
  const section = byId("section").value.trim();
  const known = [...byId("sections").options].some((option) => option.value === section);
  if (known || byId("place").value.trim()) return "";
  return `Nobody is enrolled in a section ${section}: its roll call will have nobody on it. Is the name right?`;
}

async function judgeAgain(items) {
  if (!items.length) return;
  const theirs = stillTheirs(items);
  if (!byId("place").value.trim() && !byId("section").value.trim()) {
    items.forEach((item) => show(item, "waiting", "where does it belong?"));
    return say("Say where the clips belong: a section and its session, or another place.", "warning");
  }
  const most = Number(form.dataset.most);
  try {
    for (let from = 0; from < items.length; from += most) {
      const judged = await judge(items.slice(from, from + most));
      for (const item of theirs()) if (judged.has(item)) showJudged(item, judged.get(item));
    }
    if (theirs().length) say(unknownSection(), "warning");
  } catch (error) {
    if (!theirs().length) return;
    theirs().forEach((item) => show(item, "waiting", "not looked at yet"));
    say(error.message, "error");
  }
}

// ---- sending

async function send(item, signal) {
  item.turn += 1;
  item.sent = 0;
  show(item, "in work", "sending");
  const body = { ...place(), file: described(item), replace: byId("replace").checked };
  // Not to be cancelled on the way: what the store has begun could not be given up without its ticket.
  const { ticket, parts, part_bytes: size } = await tried(() => ask("begin", body), signal);
  const gone = new Array(parts).fill(0);
  const etags = new Array(parts);
  try {
    signal.throwIfAborted();
    await inParallel(etags.keys(), PARTS_AT_ONCE, async (index) => {
      const blob = item.file.slice(index * size, (index + 1) * size);
      etags[index] = await tried(async () => {
        const { url } = await ask("part", { ticket, number: index + 1 }, signal);
        return put(url, blob, (bytes) => {
          gone[index] = bytes;
          item.sent = gone.reduce((sum, each) => sum + each, 0);
          show(item, "in work", "sending");
        }, signal);
      }, signal);
    });
    item.job = (await tried(() => ask("finish", { ticket, etags }), signal)).job;
  } catch (error) {
    await ask("giveUp", { ticket }).catch(() => {});
    throw error;
  }
  item.sent = item.file.size;
  show(item, "uploaded");
}

async function sendAll() {
  stopper = new AbortController();
  const { signal } = stopper;
  say("");
  await inParallel(toSend(), CLIPS_AT_ONCE, async (item) => {
    if (signal.aborted) return;
    try {
      await send(item, signal);
    } catch (error) {
      item.sent = 0;
      if (error.stored) show(item, "there already");
      else if (signal.aborted) show(item, "cancelled");
      else show(item, "failed", "failed", error.message);
    }
  });
  stopper = null;
  summarise();
  const sent = chosen.filter((item) => DONE.has(item.state)).length;
  const failed = chosen.filter((item) => item.state === "failed").length;
  say(`${sent} uploaded${failed ? `, ${failed} failed: press Send to try them again` : ""}.`, failed ? "error" : "status");
}

// ---- what became of them

async function look() {
  const most = Number(form.dataset.most);
  const waiting = chosen.filter((item) => item.state === "uploaded" && item.job).slice(0, most);
  if (!waiting.length || document.hidden) return;
  const told = await ask("state", { jobs: waiting.map((item) => item.job) }).catch(() => ({}));
  for (const item of waiting) {
    const found = told[item.job];
    if (!found) continue;
    item.page = found.page;
    show(item, found.outcome);
  }
}

// ---- where files come from

async function inFolder(entry, way = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: way + file.name }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map((each) => inFolder(each, `${way}${entry.name}/`)))).flat();
}

// A folder that was chosen stands for what is in it, as for scripts/upload_workload.sh.
const within = (name) => name.slice(name.indexOf("/") + 1);

byId("folder").addEventListener("change", (event) => {
  add([...event.target.files].map((file) => ({ file, name: within(file.webkitRelativePath || file.name) })));
  event.target.value = "";
});
byId("files").addEventListener("change", (event) => {
  add([...event.target.files].map((file) => ({ file, name: file.name })));
  event.target.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  byId("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    byId("drop").classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) byId("drop").addEventListener(kind, () => byId("drop").classList.remove("over"));
byId("drop").addEventListener("drop", async (event) => {
  event.preventDefault();
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const dropped = async (entry) =>
    (await inFolder(entry)).map(({ file, name }) => ({ file, name: entry.isDirectory ? within(name) : name }));
  try {
    add((await Promise.all(entries.map(dropped))).flat());
  } catch {
    say("The browser could not read what was dropped: choose the folder instead.", "error");
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendAll();
});
for (const id of ["section", "session", "place"]) {
  byId(id)?.addEventListener("change", () => judgeAgain(chosen.filter((item) => !DONE.has(item.state) && item.state !== "in work")));
}
byId("replace").addEventListener("change", summarise);
byId("stop").addEventListener("click", () => stopper?.abort());
byId("clear").addEventListener("click", () => {
  chosen = [];
  byId("chosen").tBodies[0].replaceChildren();
  say("");
  summarise();
});
window.addEventListener("beforeunload", (event) => {
  if (stopper) event.preventDefault();
});
setInterval(look, LOOK_EVERY_MS);
byId("without").hidden = true;
form.hidden = false;
summarise();
