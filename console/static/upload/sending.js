// Sends the files in parts straight to the store, to addresses that the console signs.
import { ask, put, tried } from "./asking.js";
import { described, place } from "./judging.js";
import { byId, isDone, list, say, show, summarise, toSend } from "./listing.js";

const CLIPS_AT_ONCE = 2;
const PARTS_AT_ONCE = 2;

async function inParallel(items, atOnce, work) {
  const rest = [...items];
  const worker = async () => {
    while (rest.length) await work(rest.shift());
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failed = ended.find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
}

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

export async function sendAll() {
  list.stopper = new AbortController();
  const { signal } = list.stopper;
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
  list.stopper = null;
  summarise();
  const sent = list.chosen.filter(isDone).length;
  const failed = list.chosen.filter((item) => item.state === "failed").length;
  say(`${sent} uploaded${failed ? `, ${failed} failed: press Send to try them again` : ""}.`, failed ? "error" : "status");
}
