// Read a vector tile (Vector Tile Specification 2.1) into flat arrays: a tile holds thousands of areas,
// and an object for every corner would take longer to make than the map takes to draw.

const LAYER = 3;
const FEATURE = 2, KEY = 3, VALUE = 4, EXTENT = 5;
const TAGS = 2, GEOMETRY = 4;
const MOVE = 1, LINE = 2;

export class Tile {
  // `at`: z, x, y. Corners are in units of the tile, `extent` to its side; areas may reach beyond it.
  constructor(at, buffer) {
    Object.assign(this, at, { key: `${at.z}/${at.x}/${at.y}`, extent: 4096, n: 0, ids: [] });
    this.reader = new Pbf.PbfReader(new Uint8Array(buffer));
    let layer = -1;
    this.reader.readFields((field, _, reader) => {
      if (field === LAYER) layer = reader.pos;
    });
    if (layer >= 0) this.#readLayer(layer);
  }

  #readLayer(start) {
    const features = [], keys = [];
    const { reader } = this;
    reader.pos = start;
    this.values = [];
    reader.readMessage((field, _, here) => {
      if (field === FEATURE) features.push(here.pos);
      else if (field === KEY) keys.push(here.readString());
      else if (field === VALUE) this.values.push(here.pos);
      else if (field === EXTENT) this.extent = here.readVarint();
    });
    this.n = features.length;
    this.xy = new Int32Array(reader.length); // a corner takes two bytes or more
    this.ringEnds = new Int32Array(reader.length >> 2); // a ring takes more than four
    this.areaRings = new Int32Array(this.n + 1); // first ring of each area, and the end of the last
    this.boxes = new Int32Array(4 * this.n);
    this.names = new Int32Array(this.n);
    this.used = { corners: 0, rings: 0 };
    const [idKey, nameKey] = ["area_id", "name"].map((key) => keys.indexOf(key));
    features.forEach((from, place) => {
      reader.pos = from;
      reader.readMessage((field, _, here) => {
        if (field === GEOMETRY) this.#readRings(here, place);
        else if (field === TAGS) {
          for (const end = here.readVarint() + here.pos; here.pos < end; ) {
            const key = here.readVarint(), value = here.readVarint();
            if (key === idKey) this.ids[place] = value;
            else if (key === nameKey) this.names[place] = value;
          }
        }
      });
      this.areaRings[place + 1] = this.used.rings;
    });
    this.ids = this.ids.map((value) => this.#text(value));
    this.xy = this.xy.slice(0, this.used.corners);
    this.ringEnds = this.ringEnds.slice(0, this.used.rings);
  }

  #readRings(reader, place) {
    const end = reader.readVarint() + reader.pos;
    const { xy, ringEnds, used } = this;
    let [x, y] = [0, 0];
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    while (reader.pos < end) {
      const command = reader.readVarint();
      const kind = command & 7;
      if (kind === MOVE || kind === LINE) {
        for (let n = command >> 3; n > 0; n--) {
          x += reader.readSVarint();
          y += reader.readSVarint();
          xy[used.corners++] = x;
          xy[used.corners++] = y;
          if (x < west) west = x;
          if (x > east) east = x;
          if (y < north) north = y;
          if (y > south) south = y;
        }
      } else ringEnds[used.rings++] = used.corners;
    }
    this.boxes.set([west, north, east, south], 4 * place);
  }

  #text(value) {
    let text = "";
    this.reader.pos = this.values[value];
    this.reader.readMessage((field, _, here) => {
      if (field === 1) text = here.readString();
    });
    return text;
  }

  // Names are read when somebody points at an area, not before.
  nameOf(place) {
    return this.#text(this.names[place]);
  }

  // Call `draw(from, to)` for each ring of an area: places in `xy`, two numbers a corner.
  eachRing(place, draw) {
    for (let ring = this.areaRings[place]; ring < this.areaRings[place + 1]; ring++) {
      draw(ring ? this.ringEnds[ring - 1] : 0, this.ringEnds[ring]);
    }
  }

  // The area that holds a point (in units of the tile), of those named; -1 for none.
  find(x, y, places) {
    const { boxes } = this;
    for (const place of places) {
      const at = 4 * place;
      if (x < boxes[at] || y < boxes[at + 1] || x > boxes[at + 2] || y > boxes[at + 3]) continue;
      if (this.#holds(place, x, y)) return place;
    }
    return -1;
  }

  // A ray to the east crosses the outline an odd number of times.
  #holds(place, x, y) {
    const { xy } = this;
    let isInside = false;
    this.eachRing(place, (from, to) => {
      for (let k = from, before = to - 2; k < to; before = k, k += 2) {
        const crosses = xy[k + 1] > y !== xy[before + 1] > y;
        if (crosses && x < ((xy[before] - xy[k]) * (y - xy[k + 1])) / (xy[before + 1] - xy[k + 1]) + xy[k]) isInside = !isInside;
      }
    });
    return isInside;
  }
}
