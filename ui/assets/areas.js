// Areas, outlines, streets: what lies under everything else, drawn on canvas.

import { node } from "./texts.js";
import { swatch } from "./legend.js";

const STREETS = [
  { kinds: ["water", "river", "canal"], colour: "#8fa9b8", opacity: 0.8, weight: 6, widest: 22, least: 0 },
  { kinds: ["rail"], colour: "#7d828a", opacity: 0.5, weight: 1, least: 13, dash: "4 3" },
  { kinds: ["trunk", "primary", "bridge"], colour: "#70767f", opacity: 0.55, weight: 2, least: 0 },
  { kinds: ["secondary", "tertiary"], colour: "#7b818a", opacity: 0.5, weight: 1.3, least: 13 },
  { kinds: null, colour: "#868c95", opacity: 0.55, weight: 0.8, least: 15 },
];

const rings = (geometry) =>
  geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];

const turn = (line) => line.map(([lon, lat]) => [lat, lon]);

// A grey hatch for "no data", so that it is never taken for a class.
export function hatch(isDark) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const brush = tile.getContext("2d");
  brush.fillStyle = isDark ? "#3a3f46" : "#eceef0";
  brush.fillRect(0, 0, 6, 6);
  brush.strokeStyle = isDark ? "#555c66" : "#c9cdd2";
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(0, 6);
  brush.lineTo(6, 0);
  brush.stroke();
  return brush.createPattern(tile, "repeat");
}

const BATCH = 32; // outlines drawn at once: one long path costs twenty times as much as many short ones

// A canvas for many areas whose lines are all alike. It fills them all, then draws the lines, many at
// once; Leaflet's own sets every style anew for every area.
// And it sees where the pointer came to rest: Leaflet's own is deaf for 32 ms after every
// move it answered, and would leave the tooltip at the area before when the last move falls there.
function areaCanvas(options) {
  const { _onMouseMove: answer, _handleMouseOut: leave } = L.Canvas.prototype;
  const AreaCanvas = L.Canvas.extend({
    _draw() {
      const brush = this._ctx, bounds = this._redrawBounds, layers = [];
      for (let order = this._drawFirst; order; order = order.next) {
        const { layer } = order;
        if (layer._parts?.length && (!bounds || layer._pxBounds.intersects(bounds))) layers.push(layer);
      }
      brush.save();
      if (bounds) {
        const { x, y } = bounds.getSize();
        brush.beginPath();
        brush.rect(bounds.min.x, bounds.min.y, x, y);
        brush.clip();
      }
      let colour = null;
      for (const layer of layers) {
        if (layer.options.fillColor !== colour) brush.fillStyle = colour = layer.options.fillColor;
        brush.beginPath();
        trace(brush, layer._parts);
        brush.fill("evenodd");
      }
      const { weight, color } = layers[0]?.options ?? {};
      Object.assign(brush, { lineWidth: weight, strokeStyle: color, lineCap: "round", lineJoin: "round" });
      for (let at = 0; at < layers.length; at += BATCH) {
        brush.beginPath();
        for (const layer of layers.slice(at, at + BATCH)) trace(brush, layer._parts);
        brush.stroke();
      }
      brush.restore();
    },
    // Draw everything anew at once: thousands of areas that each ask for it take as long as the drawing.
    redraw() {
      L.Util.cancelAnimFrame(this._redrawRequest);
      this._redrawBounds = null;
      this._redraw();
    },
    _onMouseMove(event) {
      clearTimeout(this.unheard);
      if (this._mouseHoverThrottled) this.unheard = setTimeout(() => this._onMouseMove(event), 33);
      else answer.call(this, event);
    },
    _handleMouseOut(event) {
      if (event.type === "mouseout") clearTimeout(this.unheard);
      leave.call(this, event);
    },
  });
  return new AreaCanvas(options);
}

function trace(brush, rings) {
  for (const ring of rings) {
    brush.moveTo(ring[0].x, ring[0].y);
    for (let k = 1; k < ring.length; k++) brush.lineTo(ring[k].x, ring[k].y);
    brush.closePath();
  }
}

// What areas have in common, however their outlines travel: their values, what the legend and the
// tooltip say of them, the one that is selected and the one under the pointer.
export class AreaFigures {
  constructor(map, { marks, onPick, onHover }) {
    Object.assign(this, { map, marks, onPick, onHover });
    this.byId = new Map();
    this.values = null;
    this.ids = [];
    this.rows = new Map();
  }

  // `[value, class, text]` of an area: from the server each different one comes once with the row every
  // code has, from a page itself by code.
  setValues(values) {
    this.values = values;
    const ids = values?.ids ?? [];
    if (ids.length === this.ids.length && ids.every((id, row) => id === this.ids[row])) return; // another filter
    this.ids = ids;
    this.rows = new Map(ids.map((id, row) => [id, row]));
  }

  entry(id) {
    const { values } = this, row = this.rows.get(id);
    return row === undefined ? values?.values?.[id] : values.figures[values.rows[row]];
  }

  // The class of an area; none for one without a value.
  classOf(id) {
    return this.entry(id)?.[1] ?? null;
  }

  drawSelected(shape, theme) {
    this.selected?.remove();
    this.selected = null;
    if (!shape) return;
    const line = { fill: false, interactive: false, renderer: this.marks, pane: "marks", smoothFactor: 0 };
    this.selected = L.layerGroup([
      L.polygon(shape, { ...line, color: theme.casing, weight: 6, opacity: 0.95 }),
      L.polygon(shape, { ...line, color: theme.accent, weight: 3, opacity: 1 }),
    ]).addTo(this.map);
  }

  hover(id, properties, shape, at) {
    if (this.hovered !== id) {
      this.leave();
      this.hovered = id;
      const line = { fill: false, interactive: false, renderer: this.marks, pane: "marks", smoothFactor: 0 };
      this.ring = L.polygon(shape(), { ...line, color: "#2b2f36", weight: 1.6, opacity: 0.9 });
      this.ring.addTo(this.map);
    }
    this.onHover(properties, at);
  }

  leave() {
    this.ring?.remove();
    this.ring = this.hovered = null;
    this.onHover(null, null);
  }

  // The value of one area as a person reads it.
  describe(id, text) {
    const entry = this.entry(id);
    if (!entry) return this.values ? text.say("noData") : "";
    if (entry[2]) return entry[2];
    if (entry[0] === null) return text.say("noData");
    return text.number(entry[0]) + text.joint + (this.values.unit ?? "");
  }

  legend(text) {
    const values = this.values;
    if (!values) return null;
    const [one, many] = values.area_units ?? [text.say("areas"), text.say("areas")];
    const counted = (n) => `${text.whole(n)}${text.joint}${n === 1 ? one : many}`;
    const rows = (values.classes ?? []).map((row, place) => ({
      swatch: swatch(row.colour),
      label: row.label ?? interval(row, place, text),
      count: counted(row.n),
    }));
    if (values.n_no_data > 0) {
      rows.push({ swatch: swatch(null), label: text.say("noData"), count: counted(values.n_no_data) });
    }
    const title = values.unit ? `${values.title}（${values.unit}）` : values.title;
    return { title: text.joint ? title.replace("（", " (").replace("）", ")") : title, note: values.note, rows };
  }

  clear() {
    this.leave();
    this.selected?.remove();
    this.selected = null;
    this.byId.clear();
  }
}

// Areas whose outlines come at once, as GeoJSON; some ten thousand of them.
export class Areas extends AreaFigures {
  constructor(map, shared) {
    super(map, shared);
    this.renderer = areaCanvas({ pane: "areas", padding: 0.25 });
  }

  // Replace the polygons; the values are painted by `paint`.
  setGeometry(collection) {
    this.clear();
    const style = { fillOpacity: 1, opacity: 1, weight: 1, color: "#fff", fillColor: "#ddd", smoothFactor: 0 };
    for (const feature of collection.features) {
      if (!feature.geometry) continue;
      const shape = rings(feature.geometry).map((polygon) => polygon.map(turn));
      const layer = L.polygon(shape, { ...style, renderer: this.renderer, pane: "areas" });
      layer.properties = feature.properties;
      this.byId.set(String(feature.properties.area_id), layer);
    }
    this.group = L.featureGroup([...this.byId.values()]);
    this.group.on("click", (event) => this.onPick(event.layer.properties, event.latlng));
    this.group.on("mouseover mousemove", (event) => this.#hover(event));
    this.group.on("mouseout", () => this.leave());
  }

  // Colour every polygon by its class; a filter calls this and nothing else.
  paint(theme) {
    const colours = this.values?.classes?.map((row) => row.colour) ?? [];
    const isPlain = !this.values || this.isPlain;
    const none = isPlain ? theme.ground : hatch(theme.isDark);
    const weight = this.#weight();
    const color = isPlain ? theme.faint : theme.line;
    for (const [id, layer] of this.byId) {
      const place = isPlain ? null : this.classOf(id);
      Object.assign(layer.options, { fillColor: place === null ? none : colours[place], weight, color });
    }
    if (!this.group) return;
    if (this.map.hasLayer(this.group)) this.renderer.redraw();
    else this.group.addTo(this.map);
  }

  // Thin lines where polygons are small, so that borders never wash out the colours.
  #weight() {
    const size = this.map.getSize();
    const side = Math.sqrt((size.x * size.y) / Math.max(this.byId.size, 1));
    const zoomed = side * 2 ** Math.max(0, this.map.getZoom() - (this.fitZoom ?? this.map.getZoom()));
    return Math.min(1.2, Math.max(0.25, zoomed / 40));
  }

  reweigh() {
    const weight = this.#weight();
    if (Math.abs(weight - (this.weight ?? 0)) < 0.05) return;
    this.weight = weight;
    for (const layer of this.byId.values()) layer.options.weight = weight;
  }

  select(id, theme) {
    const layer = id === null ? null : this.byId.get(String(id));
    this.drawSelected(layer ? layer.getLatLngs() : null, theme);
  }

  #hover({ layer, latlng }) {
    this.hover(String(layer.properties.area_id), layer.properties, () => layer.getLatLngs(), latlng);
  }

  clear() {
    super.clear();
    this.group?.remove();
    this.group = null;
  }
}

function interval(row, place, text) {
  if (row.low === row.high) return text.number(row.low);
  return `${place ? ">" : ""}${text.number(row.low)} – ${text.number(row.high)}`;
}

// Outlines of coarser levels: never clickable, the coarser the heavier.
export function outlines(collection, { rank, theme, renderer }) {
  const lines = collection.features.flatMap((feature) =>
    feature.geometry ? rings(feature.geometry).flatMap((polygon) => polygon.map(turn)) : [],
  );
  const style = { color: theme.outline, weight: 1 + 0.7 * rank, opacity: 0.85, fill: false };
  return L.polygon(lines, { ...style, interactive: false, renderer, pane: "marks", smoothFactor: 0.5 });
}

// Names of the coarser level at the middle of each area, where they have room.
export function names(collection) {
  const markers = [];
  for (const feature of collection.features) {
    if (!feature.geometry) continue;
    const at = middle(rings(feature.geometry));
    const icon = L.divIcon({ className: "getu-name", html: node("span", "", feature.properties.name), iconSize: null });
    markers.push(L.marker([at[1], at[0]], { icon, interactive: false, keyboard: false, pane: "names" }));
  }
  return L.layerGroup(markers);
}

// Centroid of the largest ring, which lies inside all but the oddest shapes.
function middle(polygons) {
  let best = [0, 0, 0];
  for (const [ring] of polygons) {
    let [size, x, y] = [0, 0, 0];
    for (let k = 0; k + 1 < ring.length; k++) {
      const [xa, ya] = [ring[k][0] - ring[0][0], ring[k][1] - ring[0][1]];
      const [xb, yb] = [ring[k + 1][0] - ring[0][0], ring[k + 1][1] - ring[0][1]];
      const cross = xa * yb - xb * ya;
      [size, x, y] = [size + cross, x + (xa + xb) * cross, y + (ya + yb) * cross];
    }
    if (Math.abs(size) > best[0]) best = [Math.abs(size), ring[0][0] + x / size / 3, ring[0][1] + y / size / 3];
  }
  return best.slice(1);
}

// Streets as the quiet basemap: one path per group of kinds; small streets appear when near.
export class Streets {
  constructor(map) {
    this.map = map;
    this.renderer = L.canvas({ pane: "streets", padding: 0.25 });
    this.groups = [];
  }

  set(collection) {
    this.clear();
    const lines = STREETS.map(() => []);
    for (const feature of collection.features) {
      if (!feature.geometry) continue;
      const parts = feature.geometry.type === "MultiLineString" ? feature.geometry.coordinates : [feature.geometry.coordinates];
      const kind = feature.properties?.kind ?? "";
      const place = STREETS.findIndex((group) => group.kinds === null || group.kinds.includes(kind));
      lines[place].push(...parts.map(turn));
    }
    STREETS.forEach((group, place) => {
      if (!lines[place].length) return;
      const { colour: color, opacity, weight, dash: dashArray } = group;
      const style = { color, opacity, weight, dashArray, interactive: false, renderer: this.renderer };
      this.groups.push({ ...group, layer: L.polyline(lines[place], { ...style, pane: "streets" }) });
    });
    this.zoomed();
  }

  zoomed() {
    const zoom = this.map.getZoom();
    for (const { least, layer, weight, widest } of this.groups) {
      // A river keeps its width on the ground, within limits; streets stay lines.
      if (widest) layer.setStyle({ weight: Math.min(widest, weight * 2 ** Math.max(0, zoom - 14)) });
      if (zoom >= least && !this.map.hasLayer(layer)) layer.addTo(this.map);
      if (zoom < least && this.map.hasLayer(layer)) layer.remove();
    }
  }

  clear() {
    for (const { layer } of this.groups) layer.remove();
    this.groups = [];
  }
}
