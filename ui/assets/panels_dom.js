// Make elements; text is always text.

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function svg(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// A paragraph in which a name between two back ticks stands out; a single one is text like any other.
export function sentence(text) {
  const made = element("p");
  const parts = text.split(/`([^`]+)`/);
  parts.forEach((part, place) => part && made.append(place % 2 ? element("code", "", part) : part));
  return made;
}
