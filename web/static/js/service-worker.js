// Without a connection, what /week kept on this device is shown. Nothing is kept here: only a page of who is signed in does that.
const KEPT = "week";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const isPart = pathname.startsWith("/static/") || pathname.startsWith("/theme/");
  if (request.method !== "GET" || origin !== self.location.origin || !(request.mode === "navigate" || isPart)) return;
  event.respondWith(fetch(request).catch(async (problem) => {
    const cache = await caches.has(KEPT) && await caches.open(KEPT);
    const kept = cache && await cache.match(pathname === "/" ? "/week" : pathname, { ignoreVary: true });
    if (kept) return kept;
    throw problem;
  }));
});
