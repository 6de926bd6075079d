// Charts as SVG and plain boxes: lines over months, bars now and before, hours by weekday.

import { element, svg } from "./panels_dom.js";

const HEIGHT = 230;
const LEFT = 46, RIGHT = 14, TOP = 14, BOTTOM = 26;

// A small line without axes; gaps where there is no figure.
export function sparkline(values) {
  const width = 120, height = 26, pad = 3;
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known), high = Math.max(...known, low + 1e-9);
  const x = (place) => pad + (place * (width - 2 * pad)) / (values.length - 1);
  const y = (value) => height - pad - ((value - low) * (height - 2 * pad)) / (high - low);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", "aria-hidden": "true", preserveAspectRatio: "none" });
  for (const run of runs(values)) chart.append(svg("polyline", { points: run.map(([place, value]) => `${x(place)},${y(value)}`).join(" ") }));
  return chart;
}

// Split values at gaps into runs of [place, value].
function runs(values) {
  const found = [];
  let run = [];
  values.forEach((value, place) => {
    if (value === null) {
      if (run.length) found.push(run);
      run = [];
    } else run.push([place, value]);
  });
  if (run.length) found.push(run);
  return found;
}

// Ticks of an axis of counts: whole numbers from 0, at most five, the last at or above the highest.
export function wholeTicks(value) {
  const most = Math.max(value, 1);
  const size = 10 ** Math.max(Math.floor(Math.log10(most / 4)), 0);
  const step = [1, 2, 5, 10, 20, 50].map((factor) => factor * size).find((one) => one * 4 >= most);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, place) => place * step);
}

export function drawLines(root, data, tools) {
  const plot = () => {
    root.replaceChildren(legend(data.series), lineChart(root.clientWidth || 600, data, tools));
  };
  plot();
  tools.onResize(plot);
}

function legend(series) {
  const box = element("div", "legend");
  for (const one of series) {
    const item = element("span", one.is_before ? "before" : "now");
    item.append(element("i"), element("span", "", one.name));
    box.append(item);
  }
  return box;
}

function lineChart(width, data, tools) {
  const chart = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": data.label, class: "plot" });
  const ticks = wholeTicks(Math.max(0, ...data.series.flatMap((one) => one.values.filter((value) => value !== null))));
  const most = ticks.at(-1);
  const n = data.labels.length;
  const x = (place) => LEFT + ((place + 0.5) * (width - LEFT - RIGHT)) / n;
  const y = (value) => HEIGHT - BOTTOM - (value * (HEIGHT - TOP - BOTTOM)) / most;
  for (const value of ticks) {
    chart.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: value ? "grid" : "axis" }));
    chart.append(svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, value.toLocaleString("en")));
  }
  const every = Math.ceil((n * 44) / (width - LEFT - RIGHT));
  data.labels.forEach((label, place) => {
    if ((n - 1 - place) % every === 0) chart.append(svg("text", { x: x(place), y: HEIGHT - 8, "text-anchor": "middle" }, label));
  });
  for (const one of data.series) {
    const className = one.is_before ? "before" : "now";
    for (const run of runs(one.values)) {
      chart.append(svg("polyline", { class: className, points: run.map(([place, value]) => `${x(place)},${y(value)}`).join(" ") }));
      for (const [place, value] of run) chart.append(point(one, place, value, [x(place), y(value)], className, tools));
    }
  }
  return chart;
}

function point(one, place, value, [cx, cy], className, tools) {
  const mark = svg("circle", { cx, cy, r: 3, class: className });
  const area = svg("circle", { cx, cy, r: 12, class: "reach" });
  const to = one.to?.[place];
  const group = to ? svg("a", { href: tools.address(to), class: "point" }) : svg("g", { class: "point" });
  if (to) {
    group.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      tools.send({ kind: "go", page: to.page, query: to.query });
    });
  }
  group.append(svg("title", {}, one.titles?.[place] ?? String(value)), area, mark);
  return group;
}

export function drawBars(root, data, tools) {
  if (data.legend) root.append(legend([{ name: data.legend[0] }, { name: data.legend[1], is_before: true }]));
  const list = element("div", "rows");
  // Figures take one width in all rows, so that bars of equal length mean equal numbers.
  list.style.setProperty("--figure", `${Math.max(...data.rows.map((row) => textWidth(row.text)), 4)}ch`);
  const most = Math.max(1, ...data.rows.flatMap((row) => [row.value, row.before ?? 0]));
  for (const row of data.rows) {
    const line = tools.link(row.to, "row");
    const bars = element("span", "bars");
    bars.append(bar(row.value / most, "now"));
    if (row.before !== undefined && row.before !== null) bars.append(bar(row.before / most, "before"));
    const label = element("span", "label", row.label);
    label.title = row.label;
    line.append(label, bars, element("span", "figure", row.text));
    if (row.title) line.title = row.title;
    list.append(line);
  }
  root.append(list);
  if (data.note) root.append(element("p", "note", data.note));
}

// Width of a text in digits; Chinese characters and blanks are two wide.
function textWidth(text) {
  return [...text].reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x2e80 ? 1.9 : letter === "●" ? 1.9 : letter === "←" ? 1.8 : 1), 0.5);
}

function bar(share, className) {
  const made = element("i", className);
  made.style.width = `${Math.max(share * 100, share > 0 ? 0.8 : 0)}%`;
  return made;
}

export function drawHeat(root, data, tools) {
  const most = Math.max(1, ...data.rows.flatMap((row) => row.values));
  const grid = element("div", "grid");
  grid.style.setProperty("--columns", data.columns.length);
  grid.append(element("span"));
  data.columns.forEach((label, place) => grid.append(element("span", "hour", place % 3 === 0 ? label : "")));
  for (const row of data.rows) {
    grid.append(element("span", "day", row.label));
    row.values.forEach((value, place) => {
      const cell = tools.link(value ? row.to?.[place] : null, "cell");
      cell.style.setProperty("--share", `${Math.round((value / most) * 88)}%`);
      cell.title = `${row.label} ${data.columns[place]}:00 — ${value.toLocaleString("en")} ${data.unit[value === 1 ? 0 : 1]}`;
      cell.setAttribute("aria-label", cell.title);
      grid.append(cell);
    });
  }
  const note = element("p", "note", data.note);
  root.append(grid, note);
}
