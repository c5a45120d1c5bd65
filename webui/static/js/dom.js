// Elements without HTML text: whatever is a string becomes a text node, so nothing can break out of it.

const SVG = "http://www.w3.org/2000/svg";
const SAFE_LINK = /^(\/(?!\/)|#|\?|tel:|sip:|mailto:|https?:|blob:|data:image\/)/;
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "indeterminate", "readOnly", "hidden", "open"]);

/** h("div.card#main", {title, onclick, class, dataset, vars}, ...children) */
export function h(what, ...rest) {
  const [, tag, id] = what.match(/^([a-z0-9]+)?(?:[^#]*#([\w-]+))?/);
  const element = document.createElement(tag || "div");
  if (id) element.id = id;
  for (const found of what.matchAll(/\.([\w-]+)/g)) element.classList.add(found[1]);
  if (isAttributes(rest[0])) set(element, rest.shift());
  put(element, rest);
  return element;
}

/** An SVG element; attributes are plain. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, String(value));
  }
  put(element, children);
  return element;
}

/** Attributes, properties, listeners (onclick), dataset and custom properties (vars). */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name === "class") {
      element.classList.add(...String(value).split(" ").filter(Boolean));
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else if (name === "vars") {
      for (const [variable, of] of Object.entries(value)) element.style.setProperty(variable, of);
    } else if (name === "href" || name === "src") {
      if (SAFE_LINK.test(value)) element.setAttribute(name, value);
    } else if (PROPERTIES.has(name)) {
      element[name] = value;
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  return element;
}

/** Append children: nodes, texts, numbers, lists of these; nothing for null, undefined and booleans. */
export function put(element, children) {
  for (const child of Array.isArray(children) ? children : [children]) {
    if (Array.isArray(child)) put(element, child);
    else if (child instanceof Node) element.append(child);
    else if (child !== null && child !== undefined && typeof child !== "boolean") element.append(String(child));
  }
  return element;
}

/** Put these in place of everything inside. */
export function fill(element, ...children) {
  element.replaceChildren();
  return put(element, children);
}

/** An id that no other element has. */
let counted = 0;
export function newId(stem = "e") {
  counted += 1;
  return `${stem}-${counted}`;
}

function isAttributes(value) {
  return (
    value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value)
  );
}
