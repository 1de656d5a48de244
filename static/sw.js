// Keeps every file of one version, so that the page opens without a network after the first visit. The build fills in the lists.
const VERSION = "development";
const FILES = [];
// Kept as soon as somebody has looked at their list.
const LESSONS = [];
const CACHE = `podlab-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name.startsWith("podlab-") && name !== CACHE);
  event.waitUntil(caches.keys().then((names) => Promise.all(others(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  const keep = async (cache) => Promise.all(LESSONS.map(async (url) => (await cache.match(url)) ?? cache.add(url)));
  if (event.data === "lessons") event.waitUntil(caches.open(CACHE).then(keep));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  if (request.mode === "navigate") {
    // The newest page where there is a network; the kept one where there is none.
    event.respondWith(fetch(request).catch(() => caches.match("./", { cacheName: CACHE })));
    return;
  }
  // Other files carry a hash of their content in their name, or belong to this version.
  event.respondWith(caches.match(request, { cacheName: CACHE, ignoreSearch: true }).then((kept) => kept ?? fetch(request)));
});
