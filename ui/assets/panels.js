// What pages show beside the map: cards, charts, tables, chips. Everything that comes from data is
// set as text, never as HTML; links are real links that also work in a new tab.

import { element, sentence, svg } from "./panels_dom.js";
import { drawBars, drawHeat, drawLines, sparkline } from "./panels_charts.js";
import { drawTable } from "./panels_table.js";

const KINDS = {
  cards: drawCards, lines: drawLines, bars: drawBars, heat: drawHeat, table: drawTable, crumbs: drawCrumbs,
  chips: drawChips, notice: drawNotice, lead: drawLead, facts: drawFacts, copy: drawCopy, links: drawLinks, steps: drawSteps, print: drawPrint, busy: drawBusy, code: drawCode, leave: drawLeave,
};

// Draw one panel; called on every rerun, so what is equal to the last drawing is left alone.
export function draw(root, data, send) {
  root.getuSend = send;
  const signature = JSON.stringify(data);
  if (root.getuSignature === signature) return;
  root.getuSignature = signature;
  root.getuObserver?.disconnect();
  root.className = `getu-panel getu-${data.kind}`;
  // The address of another view, as `ui/pages.py` writes it.
  root.getuAddress = ({ page, query }) => {
    const asked = new URLSearchParams(query).toString();
    return `${data.start}/${page === data.home ? "" : page}${asked && `?${asked}`}`;
  };
  const tools = {
    address: root.getuAddress,
    link: (to, className) => link(root, to, className),
    send: (event) => root.getuSend(event),
    onResize: (redraw) => observe(root, redraw),
  };
  root.replaceChildren();
  KINDS[data.kind](root, data, tools);
}

// An element that goes to another view: a link where there is an address, else plain.
function link(root, to, className) {
  if (!to) return element("span", className);
  const anchor = element("a", className);
  anchor.href = root.getuAddress(to);
  anchor.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    root.getuSend({ kind: "go", page: to.page, query: to.query });
  });
  return anchor;
}

function observe(root, redraw) {
  let width = root.clientWidth;
  root.getuObserver = new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - width) < 4 || !root.clientWidth) return;
    width = root.clientWidth;
    redraw();
  });
  root.getuObserver.observe(root);
}

function drawCards(root, data, tools) {
  const list = element("div", "cards");
  root.append(list);
  for (const card of data.cards) {
    const box = tools.link(card.to, "card");
    const value = element("span", "value");
    value.append(element("b", "", card.value));
    if (card.unit) value.append(element("small", "", card.unit));
    box.append(element("span", "label", card.label), value);
    const change = element("span", `change ${card.tone || ""}`);
    change.append(element("b", "", card.change), element("span", "", card.before));
    box.append(change);
    if (card.spark?.filter((value) => value !== null).length > 1) box.append(sparkline(card.spark));
    if (card.rank) box.append(element("span", "rank", card.rank));
    if (card.small) box.append(element("span", "small-mark", card.small));
    if (card.title) box.title = card.title;
    list.append(box);
  }
}

function drawCrumbs(root, data, tools) {
  root.setAttribute("role", "navigation");
  data.steps.forEach((step, place) => {
    if (place) root.append(element("span", "separator", "›"));
    const item = tools.link(step.to, step.to ? "" : "here");
    item.textContent = step.label;
    if (step.title) item.title = step.title;
    root.append(item);
  });
}

function drawChips(root, data, tools) {
  for (const chip of data.chips) {
    const box = element("span", "chip");
    if (chip.label) box.append(element("small", "", chip.label));
    if (chip.value) box.append(element("span", "", chip.value));
    const remove = element("button", "", "×");
    remove.type = "button";
    remove.title = data.remove;
    remove.setAttribute("aria-label", `${data.remove}: ${chip.label} ${chip.value}`);
    remove.addEventListener("click", () => tools.send({ kind: "remove", id: chip.id }));
    box.append(remove);
    root.append(box);
  }
}

function drawNotice(root, data) {
  root.classList.add(`is-${data.tone}`);
  root.setAttribute("role", data.tone === "error" ? "alert" : "status");
  for (const line of data.lines) root.append(sentence(line));
}

// Something goes on: a moving stripe, and the seconds counted here, so that nothing is drawn again.
function drawBusy(root, data) {
  root.setAttribute("role", "progressbar");
  root.setAttribute("aria-label", data.label);
  const text = element("span", "", data.label);
  const seconds = element("small");
  const stripe = element("i");
  stripe.append(element("b"));
  root.append(text, seconds, stripe);
  const start = Date.now();
  const count = () => {
    if (!root.isConnected) return clearInterval(timer);
    seconds.textContent = data.seconds.replace("{n}", Math.round((Date.now() - start) / 1000));
  };
  const timer = setInterval(count, 1000);
}

function drawLead(root, data) {
  root.append(element(data.level || "p", "", data.text));
  if (data.note) root.append(element("small", "", data.note));
}

function drawFacts(root, data, tools) {
  const list = element("dl");
  for (const fact of data.facts) {
    const value = element("dd");
    const inner = tools.link(fact.to, "");
    inner.textContent = fact.value;
    value.append(inner);
    list.append(element("dt", "", fact.label), value);
  }
  root.append(list);
}

function drawLinks(root, data, tools) {
  for (const item of data.links) {
    const anchor = tools.link(item.to, "item");
    anchor.append(element("span", "", item.label));
    if (item.note) anchor.append(element("small", "", item.note));
    root.append(anchor);
  }
}

function drawSteps(root, data, tools) {
  data.steps.forEach((label, place) => {
    const isDone = place + 1 < data.current;
    const box = element(isDone && data.goes_back ? "button" : "span", place + 1 === data.current ? "step here" : isDone ? "step done" : "step", label);
    if (isDone && data.goes_back) {
      box.type = "button";
      box.addEventListener("click", () => tools.send({ kind: "row", id: String(place + 1) }));
    }
    if (place + 1 === data.current) box.setAttribute("aria-current", "step");
    root.append(box);
  });
}

function drawPrint(root, data) {
  root.classList.add("getu-copy");
  const button = element("button", "", data.label);
  button.type = "button";
  button.addEventListener("click", () => window.print());
  root.append(button);
}

// A QR code: dark on white in every theme, since telephones read no other, and its address under it.
function drawCode(root, data) {
  const picture = svg("svg", { viewBox: `0 0 ${data.n} ${data.n}`, role: "img", "aria-label": data.label, "shape-rendering": "crispEdges" });
  picture.append(svg("rect", { width: data.n, height: data.n, fill: "#fff" }), svg("path", { d: data.path, fill: "#000" }));
  root.append(picture, element("small", "", data.caption));
}

// Who is signed in, and the way out: a form, because what changes something is never a link.
function drawLeave(root, data) {
  const form = element("form");
  form.method = "post";
  form.action = data.action;
  const button = element("button", "", data.label);
  form.append(element("span", "", data.note), button);
  root.append(form);
}

// Copy the address of this view, with the period written out, so that it stays the same next month.
function drawCopy(root, data) {
  const button = element("button", "", data.label);
  button.type = "button";
  button.addEventListener("click", async () => {
    const address = new URL(window.location.href);
    for (const [name, value] of Object.entries(data.query)) address.searchParams.set(name, value);
    const isCopied = await copyText(address.href);
    button.textContent = isCopied ? data.copied : address.href;
    setTimeout(() => (button.textContent = data.label), isCopied ? 1600 : 15000);
  });
  root.append(button);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = element("textarea");
    field.value = text;
    field.style.position = "fixed";
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}

