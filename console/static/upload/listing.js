// The list of chosen files: a row each with how far it is, and what the buttons under it may do.
export const byId = (id) => document.getElementById(id);

// `chosen`: {file, name, start, row, state, turn, sent, job}; `stopper` is there while something is being sent.
export const list = { chosen: [], stopper: null };

const DONE = new Set(["uploaded", "recognised", "unknown", "no_face", "rejected", "superseded"]);

const inUnits = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

export function say(text, kind = "status") {
  byId("said").hidden = !text;
  byId("said").className = `notice ${kind}`;
  byId("said").textContent = text;
}

export function show(item, state, words = state, why = "") {
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

export function addRow(item) {
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

export const toSend = () =>
  list.chosen.filter((item) => ["ready", "failed", "cancelled"].includes(item.state) || (item.state === "there already" && byId("replace").checked));

export function summarise() {
  const count = toSend().length;
  byId("send").textContent = count ? `Send ${count} clip${count === 1 ? "" : "s"}` : "Send";
  byId("send").disabled = !count || list.stopper !== null;
  byId("chosen").hidden = byId("total").hidden = !list.chosen.length;
  byId("clear").hidden = !list.chosen.length || list.stopper !== null;
  byId("stop").hidden = list.stopper === null;
  const counted = list.chosen.filter((item) => item.state !== "refused");
  byId("total").max = Math.max(1, counted.reduce((sum, item) => sum + item.file.size, 0));
  byId("total").value = counted.reduce((sum, item) => sum + item.sent, 0);
}

export const isDone = (item) => DONE.has(item.state);

export function clear() {
  list.chosen = [];
  byId("chosen").tBodies[0].replaceChildren();
  say("");
  summarise();
}
