// A table: columns with widths, sortable heads, rows that open something; cells may hold a bar, a
// range with its interval, or a mark. It stays a real table, so it prints and can be read aloud.

import { element } from "./panels_dom.js";

const WIDE_PX = 400;

export function drawTable(root, data, tools) {
  const scroll = element("div", "scroll");
  if (data.height) scroll.style.maxHeight = `${data.height}px`;
  scroll.tabIndex = 0;
  const table = element("table", data.is_plain ? "plain" : isWide(data) ? "wide" : "");
  if (data.caption) table.append(element("caption", "", data.caption));
  table.append(head(data, tools), body(data, tools));
  scroll.append(table);
  root.append(scroll);
  if (data.note) root.append(element("p", "note", data.note));
}

// A table whose columns cannot stand side by side on a telephone keeps their widths and scrolls.
function isWide(data) {
  const widths = data.columns.map((column) => Number.parseInt(column.width || "0", 10));
  return widths.reduce((sum, width) => sum + width, 0) > WIDE_PX;
}

function head(data, tools) {
  const line = element("tr");
  for (const column of data.columns) {
    const cell = element("th", column.align === "right" ? "right" : "");
    cell.scope = "col";
    if (column.width) cell.style.minWidth = cell.style.width = column.width;
    if (column.title) cell.title = column.title;
    if (column.sort) {
      const button = element("button", "", column.label);
      button.type = "button";
      const isSorted = data.sort?.column === column.sort;
      button.append(element("i", "", isSorted ? (data.sort.down ? "▼" : "▲") : "↕"));
      if (isSorted) cell.setAttribute("aria-sort", data.sort.down ? "descending" : "ascending");
      button.addEventListener("click", () => tools.send({ kind: "sort", id: column.sort }));
      cell.append(button);
    } else cell.textContent = column.label;
    line.append(cell);
  }
  const made = element("thead");
  made.append(line);
  return made;
}

function body(data, tools) {
  const made = element("tbody");
  for (const row of data.rows) {
    const line = element("tr", row.is_chosen ? "chosen" : "");
    row.cells.forEach((cell, place) => line.append(tableCell(cell, data.columns[place], row, place, tools)));
    if (row.id !== undefined && row.id !== null) {
      line.classList.add("opens");
      line.addEventListener("click", (event) => {
        if (!event.target.closest("a, button")) tools.send({ kind: "row", id: row.id });
      });
    }
    made.append(line);
  }
  if (!data.rows.length && data.empty) {
    const line = element("tr");
    const cell = element("td", "empty", data.empty);
    cell.colSpan = data.columns.length;
    line.append(cell);
    made.append(line);
  }
  return made;
}

function tableCell(cell, column, row, place, tools) {
  const value = typeof cell === "object" && cell !== null ? cell : { text: cell ?? "" };
  const made = element("td", `${column.align === "right" ? "right" : ""} ${column.is_long ? "long" : ""}`);
  const inner = value.to ? tools.link(value.to, "") : place === 0 && row.id != null ? opener(row, tools) : element("span");
  if (value.mark) inner.append(element("i", `mark ${value.mark}`, "●"));
  inner.append(document.createTextNode(value.text ?? ""));
  if (value.title || value.text?.length > 40) made.title = value.title || value.text;
  made.append(inner);
  if (value.note) made.append(element("small", value.tone ?? "", value.note));
  if (value.bar !== undefined && value.bar !== null) made.append(share(value.bar));
  if (value.range) made.append(range(value.range));
  return made;
}

// The first cell of a row that opens is a button, so that the keyboard reaches it.
function opener(row, tools) {
  const button = element("button", "opener");
  button.type = "button";
  button.addEventListener("click", () => tools.send({ kind: "row", id: row.id }));
  return button;
}

function share(value) {
  const track = element("span", "track");
  const fill = element("i");
  fill.style.width = `${Math.min(100, value * 100)}%`;
  track.append(fill);
  return track;
}

function range({ at, low, high }) {
  const track = element("span", "range");
  const line = element("i", "line");
  line.style.left = `${low * 100}%`;
  line.style.width = `${Math.max(0, high - low) * 100}%`;
  const dot = element("i", "dot");
  dot.style.left = `${at * 100}%`;
  track.append(line, dot);
  return track;
}
