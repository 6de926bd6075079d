// What stands in the corners of the map: legend, scale, review number, messages.

import { node } from "./texts.js";

const NARROW_PX = 520;

// Whether the page is drawn for paper, where nobody can unfold a legend.
export const isPaper = () => new URLSearchParams(window.location.search).get("print") === "1";

export class Legend {
  constructor(map, root) {
    this.root = root;
    this.sections = new Map();
    const control = L.control({ position: "bottomright" });
    this.box = node("details", "getu-legend");
    this.box.open = root.clientWidth > NARROW_PX || isPaper();
    this.summary = node("summary");
    this.body = node("div", "getu-legend-body");
    this.box.append(this.summary, this.body);
    control.onAdd = () => this.box;
    control.addTo(map);
    L.DomEvent.disableClickPropagation(this.box);
    L.DomEvent.disableScrollPropagation(this.box);
  }

  // Replace one section (areas, cases, facilities); null takes it away.
  set(name, section) {
    if (section) this.sections.set(name, section);
    else this.sections.delete(name);
  }

  draw(text) {
    this.summary.textContent = text.say("legend");
    this.body.replaceChildren(...["areas", "cases", "facilities"].flatMap((name) => this.#section(name, text)));
    this.box.hidden = this.sections.size === 0;
  }

  #section(name, text) {
    const section = this.sections.get(name);
    if (!section) return [];
    const box = node("section");
    box.append(node("h4", "", section.title));
    if (section.note) box.append(node("p", "getu-note", section.note));
    if (section.ramp) box.append(ramp(section.ramp, text));
    for (const row of section.rows ?? []) {
      const line = node("div", "getu-row");
      const count = node("span", "getu-count", row.count ?? "");
      line.append(row.swatch, node("span", "getu-interval", row.label), count);
      box.append(line);
    }
    return [box];
  }
}

export function swatch(colour) {
  const element = node("i", "getu-swatch");
  if (colour) element.style.background = colour;
  else element.classList.add("getu-hatched");
  return element;
}

function ramp(colours, text) {
  const line = node("div", "getu-ramp");
  const bar = node("i");
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  line.append(node("span", "", text.say("few")), bar, node("span", "", text.say("many")));
  return line;
}

// Review number and source, bottom left, as text.
export class Credits {
  constructor(map) {
    const control = L.control({ position: "bottomleft" });
    this.box = node("div", "getu-credits");
    control.onAdd = () => this.box;
    control.addTo(map);
  }

  draw(spec, text) {
    const parts = [];
    if (spec.review_number) parts.push(text.say("review") + spec.review_number);
    if (spec.source) parts.push(text.say("source") + spec.source);
    this.box.textContent = parts.join(" · ");
    this.box.hidden = parts.length === 0;
  }
}

// The line over the map that says that something is drawn, failed or was cut.
export class Notice {
  constructor(root) {
    this.loading = node("div", "getu-loading");
    this.loading.setAttribute("role", "status");
    this.box = node("div", "getu-notice");
    this.box.setAttribute("role", "alert");
    this.box.hidden = true;
    this.messages = new Map();
    root.append(this.loading, this.box);
  }

  busy(isBusy, text) {
    this.loading.textContent = text.say("loading");
    this.loading.hidden = !isBusy;
  }

  set(name, message) {
    if (message) this.messages.set(name, message);
    else this.messages.delete(name);
    this.box.replaceChildren(...[...new Set(this.messages.values())].map((line) => node("p", "", line)));
    this.box.hidden = this.messages.size === 0;
  }
}
