// Has each file judged by the console before anything of it is sent.
import { ask, form } from "./asking.js";
import { addRow, byId, isDone, list, say, show, summarise } from "./listing.js";

export const place = () => ({
  section: byId("section").value,
  session: byId("session")?.value ?? "",
  place: byId("place").value,
});
export const described = (item) => ({ name: item.name, size: item.file.size, start: item.start });

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

// The same folder once more adds nothing but what is new in it.
const isListed = ({ file, name }) =>
  list.chosen.some((item) => item.name === name && item.file.size === file.size &&
    item.file.lastModified === file.lastModified && !isDone(item));

export async function add(given) {
  const items = [];
  const files = given.filter((each) => !isListed(each));
  files.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  for (const { file, name } of files) {
    const start = new Uint8Array(await file.slice(0, Number(form.dataset.startBytes)).arrayBuffer().catch(() => new ArrayBuffer(0)));
    const item = { file, name, start: [...start].map((byte) => byte.toString(16).padStart(2, "0")).join(""), turn: 0, sent: 0 };
    items.push(item);
    addRow(item);
  }
  list.chosen.push(...items);
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

export async function judgeAgain(items) {
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
