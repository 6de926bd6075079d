// Facilities as small labelled symbols, clustered where they are dense; and single marks.

import { clusterIcon } from "./cases.js";
import { loadClusters, loadJson } from "./load.js";
import { node } from "./texts.js";

const PLAIN = { letter: "•", shape: "circle", colour: "#4b5563", label: "" };

export function symbol({ letter, shape, colour }) {
  const box = node("i", `getu-symbol getu-${shape}`);
  box.style.setProperty("--symbol", colour);
  box.append(node("b", "", letter));
  return box;
}

export class Facilities {
  constructor(map, { base, runs, onPick }) {
    Object.assign(this, { map, base, runs, onPick });
    this.counts = new Map();
  }

  async set(spec) {
    this.clear();
    this.spec = spec;
    if (!spec) return;
    const signal = this.runs.start("facilities");
    const [data] = await Promise.all([loadJson(spec.url, signal), loadClusters(this.base)]);
    if (signal.aborted) return;
    this.clear();
    this.layer = L.markerClusterGroup({
      maxClusterRadius: 34,
      disableClusteringAtZoom: 17,
      showCoverageOnHover: false,
      animate: false,
      clusterPane: "facilities",
      iconCreateFunction: (cluster) => clusterIcon(cluster.getChildCount(), "getu-facility-cluster", 20),
    });
    this.layer.addLayers(data.features.map((feature) => this.#marker(feature)));
    this.layer.addTo(this.map);
  }

  #marker({ geometry, properties }) {
    const style = this.spec.kinds[properties.kind] ?? PLAIN;
    this.counts.set(properties.kind, (this.counts.get(properties.kind) ?? 0) + 1);
    const icon = L.divIcon({ className: "getu-facility", html: symbol(style), iconSize: [18, 18] });
    const [lon, lat] = geometry.coordinates;
    const marker = L.marker([lat, lon], { icon, pane: "facilities", keyboard: false });
    marker.on("click", () => this.onPick(properties));
    return marker.bindTooltip(() => this.#text(properties, style), { direction: "top", offset: [0, -8] });
  }

  #text(properties, style) {
    const box = node("div");
    box.append(node("b", "", String(properties.name ?? properties.facility_id)));
    box.append(node("div", "", style.label || String(properties.kind ?? "")));
    return box;
  }

  legend(text) {
    if (!this.layer || !this.counts.size) return null;
    const rows = [...this.counts].map(([kind, n]) => {
      const style = this.spec.kinds[kind] ?? { ...PLAIN, label: String(kind) };
      return { swatch: symbol(style), label: style.label || String(kind), count: text.whole(n) };
    });
    return { title: text.say("facilities"), rows };
  }

  clear() {
    this.layer?.remove();
    this.layer = null;
    this.counts.clear();
  }
}

// A few single places, such as the position of one case.
export function marks(list) {
  const markers = list.map(({ lon, lat, label, is_main: isMain }) => {
    const icon = L.divIcon({ className: isMain ? "getu-mark getu-main" : "getu-mark", html: node("i"), iconSize: [16, 16] });
    const marker = L.marker([lat, lon], { icon, pane: "points", keyboard: false });
    return label ? marker.bindTooltip(() => node("div", "", label), { direction: "top", offset: [0, -8] }) : marker;
  });
  return L.layerGroup(markers);
}
