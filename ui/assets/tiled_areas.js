// Areas by the ten thousand: vector tiles on one canvas, coloured in the browser.
//
// An area stands whole in every tile it touches and is drawn once, so there are no seams at the edges
// of tiles. Values come beside the tiles, by code: a filter paints what is here and fetches no outline.

import { AreaFigures, hatch } from "./areas.js";
import { loadBytes, loadReader } from "./load.js";
import { Tile } from "./tile_file.js";

const DEEPEST = 14; // nearer views magnify these tiles
const TILE_PX = 256; // Leaflet's width of the world at zoom 0
const PADDING = 0.25; // drawn beyond each edge of the map, in its widths
const MOST_KEPT = 48; // tiles, beside those that are shown
const BATCH = 32; // areas painted at once: one long path costs twenty times as much as many short ones
const LINED_PX = 7; // areas narrower than this are told apart by colour alone, without lines

export class TiledAreas extends AreaFigures {
  constructor(map, { base, onShow, onError, ...shared }) {
    super(map, shared);
    Object.assign(this, { base, onShow, onError, tiles: new Map(), shown: [] });
    this.sheet = new (sheetClass())({ pane: "areas", padding: PADDING });
    this.sheet.on("update", () => this.#draw());
    map.on("click", (event) => this.#click(event));
    map.on("mousemove", (event) => this.#move(event));
    map.on("mouseout", () => this.url && this.leave());
  }

  // Show the tiles of an address; resolves when those of the present view are drawn.
  async open(url, signal) {
    this.clear();
    Object.assign(this, { url, signal });
    if (!this.map.hasLayer(this.sheet)) this.sheet.addTo(this.map);
    await this.#load();
  }

  // --- tiles ---------------------------------------------------------------------------------

  // The world's width in px at a zoom of tiles, seen from the present zoom, shared out among them.
  #tilePx(z) {
    return TILE_PX * 2 ** (this.map.getZoom() - z);
  }

  // A tile is drawn 362 to 724 px wide, and wider beyond the deepest.
  #zoom() {
    return Math.min(DEEPEST, Math.max(0, Math.round(this.map.getZoom()) - 1));
  }

  #wanted() {
    const z = this.#zoom(), size = this.#tilePx(z), last = 2 ** z - 1;
    const { min, max } = this.map.getPixelBounds(), room = this.map.getSize().multiplyBy(PADDING);
    const count = (px) => Math.min(last, Math.max(0, Math.floor(px / size)));
    const [left, top] = [count(min.x - room.x), count(min.y - room.y)];
    const [right, bottom] = [count(max.x + room.x), count(max.y + room.y)];
    const found = [];
    for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) found.push({ z, x, y });
    return found;
  }

  async #load() {
    const { url, signal } = this;
    const wanted = this.#wanted();
    this.view = wanted.map(({ z, x, y }) => `${z}/${x}/${y}`).join(" ");
    const { view } = this;
    const tiles = await Promise.all(wanted.map((at) => this.#tile(at)));
    if (signal.aborted || this.url !== url || this.view !== view) return; // a newer view draws
    this.#show(tiles);
    this.onError("");
  }

  #tile(at) {
    const key = `${at.z}/${at.x}/${at.y}`;
    const kept = this.tiles.get(key);
    this.tiles.delete(key);
    const fetchIt = async () => {
      const address = this.url.replace("{z}", at.z).replace("{x}", at.x).replace("{y}", at.y);
      const [bytes] = await Promise.all([loadBytes(address, this.signal), loadReader(this.base)]);
      return new Tile(at, bytes);
    };
    const made = kept ?? fetchIt();
    this.tiles.set(key, made);
    made.catch(() => this.tiles.get(key) === made && this.tiles.delete(key)); // asked for anew when it is needed again
    return made;
  }

  // Every area once, from the first tile that holds it.
  #show(tiles) {
    this.leave();
    this.byId.clear();
    this.drawn = this.view;
    this.shown = tiles.filter((tile) => tile.n).map((tile) => ({ tile, places: [] }));
    for (const part of this.shown) {
      part.tile.ids.forEach((id, place) => {
        if (this.byId.has(id)) return;
        this.byId.set(id, { tile: part.tile, place });
        part.places.push(place);
      });
    }
    const spare = this.tiles.size - tiles.length - MOST_KEPT;
    for (const key of [...this.tiles.keys()].slice(0, Math.max(0, spare))) this.tiles.delete(key);
    if (this.theme) this.paint(this.theme);
    this.onShow(this.byId.size);
  }

  // --- drawing -------------------------------------------------------------------------------

  paint(theme) {
    this.theme = theme;
    const isPlain = !this.values || this.isPlain;
    const n = isPlain ? 0 : (this.values.classes?.length ?? 0);
    for (const part of this.shown) {
      part.classes = Array.from({ length: n + 1 }, () => []); // the last: no value
      const classOf = n ? this.#classesOf(part) : () => null;
      for (const place of part.places) part.classes[classOf(place) ?? n].push(place);
    }
    this.#draw();
    if (this.chosen) this.select(this.chosen, theme);
  }

  // The class of each place of a tile; which row of the values it has is looked up once for all filters.
  #classesOf(part) {
    const { ids } = part.tile, { values } = this;
    if (!values.ids) return (place) => this.classOf(ids[place]);
    if (part.rowsOf !== this.rows) {
      part.rowsOf = this.rows;
      part.rows = Int32Array.from(ids, (id) => this.rows.get(id) ?? -1);
    }
    return (place) => values.figures[values.rows[part.rows[place]]]?.[1] ?? null;
  }

  #draw() {
    const { sheet, theme } = this;
    if (!sheet._ctx || !theme) return;
    const isPlain = !this.values || this.isPlain;
    const colours = isPlain ? [] : (this.values.classes?.map((row) => row.colour) ?? []);
    const none = isPlain ? theme.ground : hatch(theme.isDark);
    sheet.clear();
    const brush = sheet._ctx;
    brush.lineJoin = "round";
    const side = this.#side();
    const isLined = isPlain || side >= LINED_PX;
    for (const part of this.shown) {
      part.classes?.forEach((places, place) => {
        brush.fillStyle = brush.strokeStyle = colours[place] ?? none;
        brush.lineWidth = 0.7; // in its own colour: neighbours leave no hairline between them
        this.#trace(part.tile, places, () => {
          brush.fill();
          if (!isLined) brush.stroke();
        });
      });
    }
    if (!isLined) return;
    brush.strokeStyle = isPlain ? theme.faint : theme.line;
    brush.lineWidth = Math.min(1.2, Math.max(0.25, side / 40));
    for (const { tile, places } of this.shown) this.#trace(tile, places, () => brush.stroke());
  }

  // How wide a typical area is, in px.
  #side() {
    let [sum, n] = [0, 0];
    for (const { tile, places } of this.shown) {
      const scale = this.#tilePx(tile.z) / tile.extent;
      for (const place of places) sum += (tile.boxes[4 * place + 2] - tile.boxes[4 * place]) * scale;
      n += places.length;
    }
    return n ? sum / n : 0;
  }

  #trace(tile, places, use) {
    const brush = this.sheet._ctx, { xy, boxes } = tile;
    const { scale, left, top } = this.#placeOf(tile);
    const { x: width, y: height } = this.sheet._bounds.getSize();
    let n = 0;
    brush.beginPath();
    for (const place of places) {
      const at = 4 * place;
      if (boxes[at + 2] * scale + left < 0 || boxes[at] * scale + left > width) continue;
      if (boxes[at + 3] * scale + top < 0 || boxes[at + 1] * scale + top > height) continue;
      tile.eachRing(place, (from, to) => {
        brush.moveTo(xy[from] * scale + left, xy[from + 1] * scale + top);
        for (let k = from + 2; k < to; k += 2) brush.lineTo(xy[k] * scale + left, xy[k + 1] * scale + top);
        brush.closePath();
      });
      if (++n % BATCH === 0) {
        use();
        brush.beginPath();
      }
    }
    if (n % BATCH) use();
  }

  // Where a tile stands on the canvas: px = units * scale + left or top.
  #placeOf(tile) {
    const size = this.#tilePx(tile.z), origin = this.map.getPixelOrigin(), { min } = this.sheet._bounds;
    return { scale: size / tile.extent, left: tile.x * size - origin.x - min.x, top: tile.y * size - origin.y - min.y };
  }

  // --- what a person does ----------------------------------------------------------------------

  select(id, theme) {
    this.chosen = id;
    const found = id === null ? undefined : this.byId.get(String(id));
    this.drawSelected(found ? this.#outline(found) : null, theme);
  }

  #outline({ tile, place }) {
    const size = TILE_PX / tile.extent, rings = [];
    tile.eachRing(place, (from, to) => {
      const ring = [];
      for (let k = from; k < to; k += 2) {
        const px = L.point((tile.x * tile.extent + tile.xy[k]) * size, (tile.y * tile.extent + tile.xy[k + 1]) * size);
        ring.push(this.map.unproject(px, tile.z));
      }
      rings.push([ring]);
    });
    return rings;
  }

  #under(at) {
    for (const { tile, places } of this.shown) {
      const px = this.map.project(at, tile.z), size = tile.extent / TILE_PX;
      const place = tile.find(px.x * size - tile.x * tile.extent, px.y * size - tile.y * tile.extent, places);
      if (place >= 0) return { tile, place };
    }
    return null;
  }

  // Only what no symbol above the areas has taken.
  #isMine(event) {
    const { target } = event.originalEvent;
    return Boolean(this.url) && (target === this.sheet._container || target === this.map.getContainer());
  }

  #click(event) {
    if (!this.#isMine(event)) return;
    const found = this.#under(event.latlng);
    if (found) this.onPick(this.#properties(found), event.latlng);
  }

  #move(event) {
    if (!this.url) return;
    const found = this.#isMine(event) ? this.#under(event.latlng) : null;
    this.map.getContainer().classList.toggle("leaflet-interactive", Boolean(found));
    if (found) this.hover(found.tile.ids[found.place], this.#properties(found), () => this.#outline(found), event.latlng);
    else this.leave();
  }

  #properties({ tile, place }) {
    return { area_id: tile.ids[place], name: tile.nameOf(place) };
  }

  // The view moved: fetch what it lacks; what is shown stays until all of it is here.
  reweigh() {
    if (!this.url) return;
    const { signal } = this;
    this.#load().catch((error) => signal.aborted || error.name === "AbortError" || this.onError(error.message));
  }

  clear() {
    super.clear();
    this.url = null;
    this.chosen = null;
    this.tiles.clear();
    this.drawn = null;
    this.shown = [];
    this.sheet.remove();
  }
}

// A canvas that Leaflet moves and zooms with the map; made when Leaflet is there.
function sheetClass() {
  return L.Renderer.extend({
    _initContainer() {
      this._container = document.createElement("canvas");
      this._ctx = this._container.getContext("2d");
    },
    _destroyContainer() {
      this._container.remove();
      delete this._container;
      delete this._ctx;
    },
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const { min } = this._bounds, size = this._bounds.getSize();
      const dots = L.Browser.retina ? 2 : 1;
      L.DomUtil.setPosition(this._container, min);
      Object.assign(this._container, { width: dots * size.x, height: dots * size.y });
      Object.assign(this._container.style, { width: `${size.x}px`, height: `${size.y}px` });
      this._ctx.scale(dots, dots);
      this.fire("update");
    },
    _updatePaths() {},
    clear() {
      const size = this._bounds.getSize();
      this._ctx.clearRect(0, 0, size.x, size.y);
    },
  });
}
