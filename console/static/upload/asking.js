// What the console and the store are asked, with what each answers when it does not do it. Keys and tickets travel in
// bodies, never in addresses of the console.
export const form = document.getElementById("upload");

const TRIES = 4;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Trying again would not help.
class Refused extends Error {}

export async function ask(what, body, signal) {
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

export function put(url, blob, progressed, signal) {
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

export async function tried(attempt, signal) {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || error instanceof Refused || count === TRIES) throw error;
      await wait(500 * 2 ** count);
    }
  }
}
