/**
 * Keeps the browser build's own files, so that the card can be shown without a network. Answers of the API are never kept.
 * FILES and VERSION are put in front by the build. A new version waits until no page of the old one is open, so a page never
 * finds half of its files gone.
 */
const PREFIX = 'huike-'
const CACHE = PREFIX + VERSION

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(['./', ...FILES])))
})

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith(PREFIX) && name !== CACHE
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const isOurs = request.method === 'GET' && request.url.startsWith(self.registration.scope)
  if (!isOurs) return
  if (request.mode === 'navigate') event.respondWith(fetch(request).catch(() => caches.match('./')))
  else event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)))
})
