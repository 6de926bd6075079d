// The map of Getu: one Leaflet map on canvas per place on the page.
//
// It is given addresses and a style, never geometry, and answers with what was clicked. Python calls
// it again on every rerun; each part is compared with what is drawn, so only what changed is redrawn:
// a filter fetches and paints values, and neither fetches nor parses the polygons again.

import { Areas, Streets, names, outlines } from "./areas.js";
import { Cases } from "./cases.js";
import { Facilities, marks } from "./facilities.js";
import { Credits, Legend, Notice, isPaper } from "./legend.js";
import { Runs, loadJson, loadLeaflet, prefetch, setToken } from "./load.js";
import { node, words } from "./texts.js";
import { TiledAreas } from "./tiled_areas.js";

const PANES = [["areas", 380], ["streets", 390], ["cases", 405], ["marks", 420], ["names", 430], ["points", 610], ["facilities", 620]];
const CLICKABLE = ["areas", "points", "facilities"];
const WIDE_PX = 760;
const LEGEND_PX = 225, PAPER_LEGEND_PX = 165;
const NARROW_PX = 520;
const TIMED = ["period", "from", "to"]; // names in the address that say which period is meant
const WORLD = [[20, 70], [50, 135]]; // until a page says where to look
const views = new Map(); // last view of each map, kept while other pages are open

class GetuMap {
  constructor(root) {
    this.root = root;
    this.drawn = {};
    this.runs = new Runs();
    this.pending = 0;
    this.notice = new Notice(root);
    this.canvas = node("div", "getu-canvas");
    root.prepend(this.canvas);
  }

  async update(spec, send) {
    this.spec = spec;
    this.send = send;
    this.text = words(spec.language);
    setToken(spec.token, spec.language);
    this.root.style.height = `${spec.height}px`;
    this.#readTheme();
    if (!this.map) {
      this.notice.busy(true, this.text);
      if (!this.making) prefetch(spec.areas?.is_tiled ? null : spec.areas?.url, spec.areas?.values ? null : spec.areas?.values_url);
      this.making ??= loadLeaflet(spec.base).then(() => this.#create());
      try {
        await this.making;
      } catch {
        this.making = null;
        return this.#fail("leaflet", "");
      }
      if (!this.map || this.spec !== spec) return undefined; // a newer call draws
    }
    return this.#draw();
  }

  #create() {
    if (this.isDead || this.map) return;
    const { spec } = this;
    const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const map = L.map(this.canvas, {
      preferCanvas: true, attributionControl: false, zoomControl: false, doubleClickZoom: false,
      minZoom: 3, maxZoom: 19, zoomSnap: 0.5, wheelPxPerZoomLevel: 90, worldCopyJump: false,
      fadeAnimation: false, zoomAnimation: !isCalm, inertia: !isCalm, keyboardPanDelta: 120,
    }); // prettier-ignore
    this.map = map;
    for (const [name, order] of PANES) {
      const pane = map.createPane(name);
      pane.style.zIndex = order;
      if (!CLICKABLE.includes(name)) pane.style.pointerEvents = "none";
    }
    const { say } = this.text;
    L.control.zoom({ position: "topleft", zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
    this.credits = new Credits(map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 110 }).addTo(map);
    this.legend = new Legend(map, this.root);
    this.tip = L.tooltip({ direction: "top", offset: [0, -6], opacity: 1, className: "getu-tip" });
    this.outlineRenderer = L.canvas({ pane: "marks", padding: 0.25 });
    const ofAreas = {
      marks: this.outlineRenderer,
      onPick: (area, at) => this.#pick(area, at),
      onHover: (area, at) => this.#tell(area, at),
    };
    const told = (name) => (message) => (message === "" ? this.notice.set(name, null) : this.#fail(name, message));
    this.ways = {
      whole: new Areas(map, ofAreas),
      tiled: new TiledAreas(map, { ...ofAreas, base: spec.base, onShow: () => this.#count(), onError: told("areas") }),
    };
    this.areas = this.ways.whole;
    this.streets = new Streets(map);
    const shared = { base: spec.base, runs: this.runs };
    this.cases = new Cases(map, {
      ...shared,
      onPick: (item) => this.send({ kind: "case", id: String(item.case_id) }),
      onChange: () => this.#drawLegend(),
      onError: told("cases"),
    });
    this.facilities = new Facilities(map, {
      ...shared,
      onPick: (item) => this.send({ kind: "facility", id: String(item.facility_id) }),
    });
    this.#firstView();
    map.on("moveend", () => this.#moved());
    this.resizing = new ResizeObserver(() => this.#resized());
    this.resizing.observe(this.canvas);
    this.addressChanged = () => this.#askAhead();
    window.navigation?.addEventListener("currententrychange", this.addressChanged);
    // Leaflet focuses the map on a click; the ring is for those who came by keyboard.
    this.canvas.addEventListener("pointerdown", () => (this.root.dataset.pointer = "1"), true);
    this.root.addEventListener("keydown", () => delete this.root.dataset.pointer);
  }

  // --- parts ---------------------------------------------------------------------------------

  async #draw() {
    const { spec, drawn } = this;
    this.root.dataset.ready = "0";
    this.untimed = address().untimed;
    this.canvas.setAttribute("aria-label", spec.label);
    this.canvas.setAttribute("role", "region");
    this.credits.draw(spec, this.text);
    this.#fit();
    const jobs = [];
    const part = (name, value, run) => {
      const sign = JSON.stringify(value ?? null);
      if (drawn[name] === sign) return;
      drawn[name] = sign;
      this.notice.set(name, null);
      jobs.push(this.#job(name, run));
    };
    const { areas } = spec;
    part("areas", areas?.url, () => this.#drawAreas());
    part("values", areas && [areas.values_url, areas.values], () => this.#fetchValues(areas));
    part("outlines", spec.outlines, () => this.#drawOutlines());
    part("streets", spec.streets_url, () => this.#drawStreets());
    part("cases", spec.cases && [spec.cases, this.theme.isDark], () => this.cases.set(spec.cases, this.theme));
    part("facilities", spec.facilities, () => this.facilities.set(spec.facilities));
    part("marks", spec.marks, async () => {
      this.marks?.remove();
      this.marks = spec.marks.length ? marks(spec.marks).addTo(this.map) : null;
    });
    await Promise.all([...jobs, this.valuesJob]); // which the address may have begun already
    if (this.isDead || this.spec !== spec) return;
    const look = JSON.stringify([this.theme, spec.language]);
    if (drawn.look !== look) {
      if (drawn.look) this.#repaint();
      drawn.look = look;
    }
    if (drawn.selected !== spec.selected || this.selectedIn !== drawn.areas) this.#select(spec.selected);
    this.#drawLegend();
    this.notice.busy(false, this.text);
    this.#settled();
  }

  async #job(name, run) {
    try {
      await run();
    } catch (error) {
      if (error.name === "AbortError" || this.isDead) return;
      this.drawn[name] = undefined;
      this.#fail(name, error.message);
    }
  }

  async #drawAreas() {
    const { areas } = this.spec;
    const signal = this.runs.start("areas");
    this.#use(areas?.is_tiled ? this.ways.tiled : this.ways.whole);
    if (!areas) return this.areas.clear();
    this.areas.fitZoom = this.fitZoom;
    if (areas.is_tiled) await this.areas.open(areas.url, signal);
    const collection = areas.is_tiled ? null : await loadJson(areas.url, signal);
    await this.valuesJob;
    if (signal.aborted) return undefined;
    if (collection) this.areas.setGeometry(collection);
    this.areas.paint(this.theme);
    performance.mark("getu:areas");
    this.#count();
    this.root.dataset.parsed = String(Number(this.root.dataset.parsed ?? 0) + 1);
    return undefined;
  }

  // Some thousand areas come whole, many more as tiles.
  #use(way) {
    if (this.areas === way) return;
    this.areas.clear();
    way.setValues(this.areas.values);
    this.areas = way;
  }

  #count() {
    this.root.dataset.areas = String(this.areas.byId.size);
  }

  // Values come beside the polygons: on a filter they are fetched and painted alone.
  #fetchValues(areas) {
    const signal = this.runs.start("values");
    const fetchThem = async () => {
      const values = areas?.values ?? (areas?.values_url ? await loadJson(areas.values_url, signal) : null);
      if (signal.aborted) return;
      this.areas.setValues(values);
      if (this.areas.byId.size) this.areas.paint(this.theme);
      performance.mark("getu:values");
      this.root.dataset.painted = String(Number(this.root.dataset.painted ?? 0) + 1);
    };
    const job = fetchThem();
    this.valuesJob = job.catch(() => undefined);
    return job;
  }

  // Another period stands in the address before the page has been made anew: its figures are fetched
  // and painted meanwhile, and the page, when it comes, finds them drawn.
  async #askAhead() {
    const { areas } = this.spec;
    const { timed, untimed } = address();
    const url = areas?.ahead?.[timed];
    if (!url || untimed !== this.untimed || !this.areas.byId.size) return;
    const sign = JSON.stringify([url, areas.values]);
    if (this.drawn.values === sign) return;
    this.drawn.values = sign;
    this.root.dataset.ready = "0";
    await this.#job("values", () => this.#fetchValues({ values_url: url }));
    if (this.isDead || this.drawn.values !== sign) return;
    this.#drawLegend();
    this.#settled();
  }

  async #drawOutlines() {
    const signal = this.runs.start("outlines");
    const list = this.spec.outlines;
    const collections = await Promise.all(list.map(({ url }) => loadJson(url, signal)));
    if (signal.aborted) return;
    this.outlines?.remove();
    this.outlines = L.layerGroup(
      collections.flatMap((collection, place) => [
        outlines(collection, { rank: list[place].rank, theme: this.theme, renderer: this.outlineRenderer }),
        ...(list[place].is_named ? [names(collection)] : []),
      ]),
    ).addTo(this.map);
  }

  async #drawStreets() {
    const signal = this.runs.start("streets");
    if (!this.spec.streets_url) return this.streets.clear();
    const collection = await loadJson(this.spec.streets_url, signal);
    if (!signal.aborted) this.streets.set(collection);
    return undefined;
  }

  #repaint() {
    this.areas.paint(this.theme);
    this.selectedIn = null;
    if (this.spec.outlines.length) this.#job("outlines", () => this.#drawOutlines());
  }

  #drawLegend() {
    const isPlain = this.cases.kind === "heat"; // colours seen through a heat picture would be other colours
    if (this.areas.isPlain !== isPlain) {
      this.areas.isPlain = isPlain;
      this.areas.paint(this.theme);
    }
    this.legend.set("areas", isPlain ? null : this.areas.legend(this.text));
    this.legend.set("cases", this.cases.legend(this.text));
    this.legend.set("facilities", this.facilities.legend(this.text));
    this.legend.draw(this.text);
    this.root.dataset.cases = this.cases.kind ?? "";
  }

  // --- view ----------------------------------------------------------------------------------

  #firstView() {
    const kept = views.get(this.spec.key);
    const sign = JSON.stringify(this.spec.fit ?? null);
    if (kept && kept.fit === sign) {
      this.map.setView(kept.centre, kept.zoom, { animate: false });
      this.fitZoom = kept.fitZoom;
      this.drawn.fit = sign;
      this.drawn.look_at = JSON.stringify(this.spec.look_at ?? null);
    } else if (!this.spec.fit) this.map.fitBounds(WORLD, { animate: false });
  }

  #fit() {
    for (const name of ["fit", "look_at"]) {
      const box = this.spec[name];
      const sign = JSON.stringify(box ?? null);
      if (this.drawn[name] === sign) continue;
      const isFirst = this.drawn.fit === undefined;
      this.drawn[name] = sign;
      if (!box) continue;
      const [west, south, east, north] = box;
      const bounds = [[south, west], [north, east]];
      // On a wide map, and on paper, the legend stands beside the place, not on it.
      const right = this.root.clientWidth > WIDE_PX ? LEGEND_PX : isPaper() ? PAPER_LEGEND_PX : 18;
      const room = { paddingTopLeft: [18, 18], paddingBottomRight: [right, 18], maxZoom: 18 };
      if (isFirst || !this.map.options.zoomAnimation) this.map.fitBounds(bounds, { ...room, animate: false });
      else this.map.flyToBounds(bounds, { ...room, duration: 0.6 });
      if (name === "fit") this.fitZoom = this.areas.fitZoom = this.map.getBoundsZoom(bounds);
    }
  }

  #moved() {
    const { map } = this;
    if (!map.getSize().x) return;
    views.set(this.spec.key, {
      fit: this.drawn.fit, centre: map.getCenter(), zoom: map.getZoom(), fitZoom: this.fitZoom,
    }); // prettier-ignore
    this.areas.reweigh();
    this.streets.zoomed();
    this.root.dataset.zoom = String(map.getZoom());
    if (this.drawn.cases) this.cases.moved();
  }

  #resized() {
    if (!this.canvas.clientWidth || this.isDead) return;
    this.root.classList.toggle("is-narrow", this.root.clientWidth < NARROW_PX);
    const wasHidden = this.map.getSize().x === 0;
    this.map.invalidateSize({ animate: false });
    if (wasHidden && this.spec.fit) {
      this.drawn.fit = undefined;
      this.#fit();
    }
  }

  // --- what a person does ----------------------------------------------------------------------

  #pick(area, at) {
    const id = String(area.area_id);
    const level = String(area.level ?? this.spec.areas.level);
    const isSecond = this.drawn.selected === id;
    this.#select(id);
    const cell = this.cases.cellAt(at);
    this.send({ kind: isSecond ? "enter" : "area", id, level, hexagon: cell?.id ?? null });
  }

  #select(id) {
    this.drawn.selected = id ?? null;
    this.selectedIn = this.drawn.areas;
    this.areas.select(id ?? null, this.theme);
    this.root.dataset.selected = id ?? "";
  }

  // Hover stays in the browser; the tooltip is built of text nodes.
  #tell(area, at) {
    if (!area) return void this.tip.remove();
    const box = node("div");
    box.append(node("b", "", String(area.name ?? area.area_id)));
    const value = this.areas.describe(String(area.area_id), this.text);
    if (value) box.append(node("div", "", `${this.areas.values.title} ${value}`));
    const cell = this.cases.cellAt(at);
    if (cell) {
      const n = `${this.text.whole(cell.n)}${this.text.joint}${this.text.say("cases")}`;
      box.append(node("div", "getu-cell", `${this.text.say("casesTitle")} ${n}`));
    }
    if (String(area.area_id) === this.drawn.selected) box.append(node("div", "getu-hint", this.text.say("enter")));
    this.tip.setLatLng(at).setContent(box);
    if (!this.map.hasLayer(this.tip)) this.tip.addTo(this.map);
    return undefined;
  }

  // --- state -----------------------------------------------------------------------------------

  #readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name, other) => style.getPropertyValue(name).trim() || other;
    const ground = read("--st-background-color", "#ffffff");
    const isDark = luminance(ground) < 0.4 && !isPaper();
    this.root.classList.toggle("is-dark", isDark);
    this.theme = {
      isDark,
      ground: isDark ? "#2a2f36" : "#f3f4f5",
      line: isDark ? "#20242a" : "#8f969f",
      faint: isDark ? "#4a515b" : "#b9bfc7",
      outline: isDark ? "#d5d9de" : "#3d434b",
      casing: isDark ? "#11151a" : "#ffffff",
      accent: "#c2410c",
    };
  }

  #fail(name, message) {
    const { say, joint } = this.text;
    this.notice.set(name, message || `${say("failed")}${joint}${say("retry")}`);
    this.notice.busy(false, this.text);
    this.root.dataset.failed = name;
  }

  // Two frames later the canvas holds what was asked for.
  #settled() {
    const { spec } = this;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (this.spec !== spec || this.isDead) return;
        performance.mark("getu:ready");
        this.root.dataset.ready = "1";
      }),
    );
  }

  destroy() {
    this.isDead = true;
    window.navigation?.removeEventListener("currententrychange", this.addressChanged);
    this.runs.stop();
    this.resizing?.disconnect();
    this.map?.remove();
    this.map = null;
    this.canvas.remove();
  }
}

// What the address says of the period, and all else it says.
function address() {
  const all = [...new URLSearchParams(window.location.search)].filter(([, value]) => value);
  const write = (pairs) => pairs.map((pair) => pair.join("=")).sort().join("&");
  const [timed, untimed] = [true, false].map((is) => write(all.filter(([name]) => TIMED.includes(name) === is)));
  return { timed, untimed: window.location.pathname + untimed };
}

function luminance(colour) {
  const brush = document.createElement("canvas").getContext("2d");
  brush.fillStyle = colour;
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(brush.fillStyle.slice(at, at + 2), 16) / 255);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function draw(root, spec, send) {
  root.getuMap ??= new GetuMap(root);
  root.getuMap.update(spec, send);
}

export function remove(root) {
  root.getuMap?.destroy();
  root.getuMap = null;
}
