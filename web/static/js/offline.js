// Keeps This week, the practices and events that it names, and the forms to say how it went, for when there is no connection.
const KEPT = "week";
const FRESH = 36e5;
const list = document.querySelector("[data-keep]").dataset.keep.split(" ").filter(Boolean);

const isFresh = (answer) => answer && Date.now() - Date.parse(answer.headers.get("date") || 0) < FRESH;

async function keep() {
  await navigator.serviceWorker.register("/service-worker.js");
  const cache = await caches.open(KEPT);
  const parts = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((part) => new URL(part.href || part.src).pathname);
  const wanted = new Set(["/week", ...list, ...parts]);
  for (const { url } of await cache.keys()) if (!wanted.has(new URL(url).pathname)) await cache.delete(url);
  for (const path of wanted) {
    const before = await cache.match(path, { ignoreVary: true });
    if (before && (parts.includes(path) || (path !== "/week" && isFresh(before)))) continue;
    const answer = await fetch(path);
    if (answer.ok && !answer.redirected) await cache.put(path, answer);
  }
  document.body.dataset.kept = String(wanted.size);
}
if ("serviceWorker" in navigator && "caches" in self && navigator.onLine) keep().catch(() => { /* no room, or no connection: then not */ });
