// Cases: hexagons from afar, clusters near, points close by; or the heat picture.

import { loadClusters, loadHeat, loadJson } from "./load.js";
import { swatch } from "./legend.js";
import { node } from "./texts.js";

const HEXAGON_ZOOMS = [[11, 7], [13, 8], [15, 9]]; // below zoom 11 resolution 7, and so on
const RAMP = ["#fbd3e4", "#f39ac2", "#dd5b9b", "#a3176b", "#5c0040"]; // one hue, apart from the areas
const SCALES = [0.5, 0.64, 0.78, 0.9, 1];
const HEAT_CELL_M = 130; // between the centres of H3 cells of resolution 10, which the heat comes in
const LADDER = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 1000000];
const TILE_ZOOM = 13; // boxes asked for are made of whole tiles of this zoom, so that answers are kept

export class Cases {
  constructor(map, { base, runs, onPick, onChange, onError }) {
    Object.assign(this, { map, base, runs, onPick, onChange, onError });
    this.shown = "";
    this.cells = [];
  }

  async set(spec, { isDark }) {
    this.spec = spec;
    this.heatRamp = isDark ? [...RAMP].reverse() : RAMP; // many is what stands out from the ground
    this.shown = "";
    await this.moved();
  }

  // Choose what fits the zoom and fetch it only if it is not what is shown.
  async moved() {
    if (!this.spec) return this.clear();
    const want = this.#wanted();
    if (want.key === this.shown) {
      if (this.kind === "heat" && this.heatZoom !== this.map.getZoom()) {
        this.heatZoom = this.map.getZoom();
        this.layer.setOptions(this.#heatLook());
      }
      return undefined;
    }
    this.shown = want.key;
    const signal = this.runs.start("cases");
    try {
      await want.draw(signal);
      this.onError("");
    } catch (error) {
      if (signal.aborted) return undefined;
      this.shown = "";
      this.clear();
      this.onError(error.message);
    }
    return this.onChange();
  }

  #wanted() {
    const { mode, heat_url: heat, points_url: points, hexagons_url: hexagons } = this.spec;
    if (mode === "heat") return { key: heat, draw: (signal) => this.#heat(heat, signal) };
    const zoom = this.map.getZoom();
    const step = mode === "points" ? undefined : HEXAGON_ZOOMS.find(([least]) => zoom < least);
    if (step) {
      const url = hexagons.replace("{res}", step[1]);
      return { key: url, draw: (signal) => this.#hexagons(url, signal) };
    }
    const url = points.replace("{box}", tiledBox(this.map.getBounds()));
    return { key: url, draw: (signal) => this.#points(url, signal) };
  }

  async #heat(url, signal) {
    const [data] = await Promise.all([loadJson(url, signal), loadHeat(this.base)]);
    if (signal.aborted) return;
    this.clear();
    const size = this.map.getSize();
    if (!size.x || !size.y) return; // a hidden map has no pixels to read back
    this.heat = data.map(([lon, lat, n]) => [lat, lon, n ?? 1]);
    const gradient = Object.fromEntries([0.12, 0.3, 0.55, 0.8, 1].map((stop, k) => [stop, this.heatRamp[k]]));
    this.layer = L.heatLayer(this.heat, { gradient, ...this.#heatLook() }).addTo(this.map);
    this.heatZoom = this.map.getZoom();
    this.kind = "heat";
  }

  // Radius and top of the picture at this zoom: cells always touch, and only crowded spots reach the
  // darkest tone. maxZoom 1 switches off the plugin's own dimming by zoom.
  #heatLook() {
    const at = this.map.getCenter();
    const east = L.latLng(at.lat, at.lng + 0.01);
    const perMetre = this.map.project(at).distanceTo(this.map.project(east)) / this.map.distance(at, east);
    const radius = Math.min(60, Math.max(15, HEAT_CELL_M * perMetre * 0.55));
    const sums = new Map();
    for (const [lat, lon, n] of this.heat) {
      const { x, y } = this.map.project([lat, lon]);
      const cell = `${Math.round(x / radius)} ${Math.round(y / radius)}`;
      sums.set(cell, (sums.get(cell) ?? 0) + n);
    }
    const around = [...sums.keys()].map((cell) => {
      const [x, y] = cell.split(" ").map(Number);
      let sum = 0;
      for (const dx of [-1, 0, 1]) for (const dy of [-1, 0, 1]) sum += sums.get(`${x + dx} ${y + dy}`) ?? 0;
      return sum;
    });
    around.sort((one, other) => one - other);
    const max = 0.4 * (around[Math.floor(around.length * 0.98)] ?? 1); // a blurred spot keeps under half its weight
    return { radius, blur: radius * 0.85, max, minOpacity: radius > 15 ? 0.12 : 0.02, maxZoom: 1 };
  }

  async #hexagons(url, signal) {
    const data = await loadJson(url, signal);
    if (signal.aborted) return;
    this.clear();
    this.#drawHexagons(data);
  }

  // Cells shrink with their class, so that the areas stay readable between them.
  #drawHexagons(data) {
    const counts = data.features.map((feature) => feature.properties.n);
    this.steps = ladder(Math.max(0, ...counts));
    const renderer = (this.renderer ??= L.canvas({ pane: "cases", padding: 0.25 }));
    const layers = data.features.map((feature) => {
      const ring = feature.geometry.coordinates[0].slice(0, -1);
      const place = classOf(feature.properties.n, this.steps);
      const middle = ring.reduce(([x, y], [lon, lat]) => [x + lon / ring.length, y + lat / ring.length], [0, 0]);
      const inside = ring.map(([lon, lat]) => [
        middle[1] + (lat - middle[1]) * SCALES[place] * 0.94,
        middle[0] + (lon - middle[0]) * SCALES[place] * 0.94,
      ]);
      this.cells.push({ ring, n: feature.properties.n, id: String(feature.properties.h3) });
      const style = { fillColor: RAMP[place], fillOpacity: 0.92, color: "#fff", weight: 0.8, opacity: 0.9 };
      return L.polygon(inside, { ...style, interactive: false, renderer, pane: "cases", smoothFactor: 0 });
    });
    this.layer = L.layerGroup(layers).addTo(this.map);
    this.n = counts.reduce((sum, n) => sum + n, 0);
    this.kind = "hexagons";
  }

  async #points(url, signal) {
    const [data] = await Promise.all([loadJson(url, signal), loadClusters(this.base)]);
    if (signal.aborted) return;
    this.clear();
    if (data.features[0]?.properties.h3 !== undefined) {
      this.#drawHexagons(data); // too many to list: the server answers with cells
      this.isCut = true;
      return;
    }
    this.layer = L.markerClusterGroup({
      maxClusterRadius: 54,
      disableClusteringAtZoom: 18,
      showCoverageOnHover: false,
      animate: false,
      iconCreateFunction: (cluster) => clusterIcon(cluster.getChildCount(), "getu-cluster"),
      clusterPane: "points",
    });
    const icon = () => L.divIcon({ className: "getu-point", html: node("i"), iconSize: [12, 12] });
    this.layer.addLayers(
      data.features.map((feature) => {
        const [lon, lat] = feature.geometry.coordinates;
        const marker = L.marker([lat, lon], { icon: icon(), pane: "points", keyboard: false });
        marker.on("click", () => this.onPick(feature.properties));
        return marker.bindTooltip(() => this.#describe(feature.properties), { direction: "top", offset: [0, -6] });
      }),
    );
    this.layer.addTo(this.map);
    this.n = data.features.length;
    this.kind = "points";
  }

  #describe(properties) {
    const box = node("div");
    const state = this.spec.state_words?.[properties.state] ?? properties.state;
    box.append(node("b", "", String(properties.category ?? properties.case_id)));
    box.append(node("div", "", [state, properties.reported_on].filter(Boolean).join(" · ")));
    return box;
  }

  // The hexagon under a place, if hexagons are shown.
  cellAt(latlng) {
    return this.cells.find(({ ring }) => holds(ring, latlng.lng, latlng.lat)) ?? null;
  }

  legend(text) {
    if (this.kind === "heat") return { title: text.say("heatTitle"), note: text.say("heatNote"), ramp: this.heatRamp };
    if (this.kind === "points") {
      const dot = node("i", "getu-swatch getu-dot");
      const count = `${text.whole(this.n)}${text.joint}${text.say("cases")}`;
      return { title: text.say("pointsTitle"), note: this.spec.note, rows: [{ swatch: dot, label: text.say("inCircle"), count }] };
    }
    if (this.kind !== "hexagons") return null;
    const rows = this.steps.map(([low, high], place) => ({
      swatch: swatch(RAMP[place]),
      label: low === high ? text.whole(low) : `${text.whole(low)} – ${text.whole(high)}`,
      count: `${text.whole(this.cells.filter(({ n }) => n >= low && n <= high).length)}${text.joint}${text.say("cells")}`,
    }));
    const note = this.isCut ? text.say("cut") : this.spec.note;
    return { title: text.say("casesTitle"), note, rows };
  }

  clear() {
    this.layer?.remove();
    this.layer = null;
    this.kind = "";
    this.isCut = false;
    this.cells = [];
  }
}

// Five steps of a fixed 1-2-5 ladder, so that colours mean the same in every month of a like size.
function ladder(most) {
  const top = Math.max(LADDER.findIndex((step) => step > most), 1);
  const lows = LADDER.slice(Math.max(0, top - 5), top);
  if (lows[0] > 1) lows[0] = 1;
  return lows.map((low, place) => [low, (lows[place + 1] ?? Math.max(most, low) + 1) - 1]);
}

const classOf = (n, steps) => Math.max(0, steps.findLastIndex(([low]) => n >= low));

export function clusterIcon(n, className, least = 26) {
  const side = least + (n < 10 ? 0 : n < 100 ? 6 : n < 1000 ? 12 : 20);
  return L.divIcon({ className, html: node("span", "", String(n)), iconSize: [side, side] });
}

function tiledBox(bounds) {
  const tile = (lat, lng, round) => {
    const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lng), TILE_ZOOM).divideBy(256);
    const whole = L.point(round[0](point.x), round[1](point.y)).multiplyBy(256);
    return L.CRS.EPSG3857.pointToLatLng(whole, TILE_ZOOM);
  };
  const northWest = tile(bounds.getNorth(), bounds.getWest(), [Math.floor, Math.floor]);
  const southEast = tile(bounds.getSouth(), bounds.getEast(), [Math.ceil, Math.ceil]);
  return [northWest.lng, southEast.lat, southEast.lng, northWest.lat].map((value) => value.toFixed(6)).join(",");
}

function holds(ring, x, y) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
