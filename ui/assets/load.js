// What the map fetches: vendored libraries once, JSON with a refusal that can be read.

const scripts = new Map();

// Load one classic script once per page; Leaflet and its plugins are UMD files.
export function loadScript(url) {
  if (!scripts.has(url)) {
    scripts.set(
      url,
      new Promise((resolve, reject) => {
        const element = document.createElement("script");
        element.src = url;
        element.onload = resolve;
        element.onerror = () => {
          scripts.delete(url);
          reject(new Error("script"));
        };
        document.head.append(element);
      }),
    );
  }
  return scripts.get(url);
}

export async function loadLeaflet(base) {
  await loadScript(`${base}/vendor/leaflet/dist/leaflet.js`);
}

export const loadHeat = (base) => loadScript(`${base}/vendor/leaflet.heat/dist/leaflet-heat.js`);

export const loadClusters = (base) =>
  loadScript(`${base}/vendor/leaflet.markercluster/dist/leaflet.markercluster.js`);

export const loadReader = (base) => loadScript(`${base}/vendor/pbf/dist/pbf.js`);

// The token changes every hour; it stands beside the addresses, so that an address that is still the
// same is not taken for a new one.
let token = "";
let language = "zh";

export function setToken(newest, spoken) {
  token = newest;
  language = spoken;
}

const early = new Map();

// Start a fetch while Leaflet itself is still on its way; the first `loadJson` of that address takes it.
export function prefetch(...urls) {
  for (const url of urls.filter(Boolean)) {
    const answer = fetchJson(url);
    answer.catch(() => undefined); // told to whoever takes it
    early.set(url, answer);
  }
}

export function loadJson(url, signal) {
  const started = early.get(url);
  early.delete(url);
  return started ?? fetchJson(url, signal);
}

export const loadBytes = async (url, signal) => (await fetchAnswer(url, signal)).arrayBuffer();

const fetchJson = async (url, signal) => (await fetchAnswer(url, signal)).json();

// Fetch an address; the error carries the sentence of the server where there is one.
async function fetchAnswer(url, signal) {
  const signed = new URL(url, window.location.origin);
  signed.searchParams.set("token", token);
  if (!signed.searchParams.has("lang")) signed.searchParams.set("lang", language);
  const answer = await fetch(signed, { signal, credentials: "same-origin" });
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Error(typeof body.error === "string" ? body.error : "");
  }
  return answer;
}

// Keep only the newest run of each part: starting one stops the one before.
export class Runs {
  constructor() {
    this.running = new Map();
  }

  start(name) {
    this.running.get(name)?.abort();
    const run = new AbortController();
    this.running.set(name, run);
    return run.signal;
  }

  stop() {
    for (const run of this.running.values()) run.abort();
    this.running.clear();
  }
}
