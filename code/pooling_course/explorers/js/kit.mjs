// What the explorers share: a custom element with settings, controls, grids of numbers, and a face
// for notebooks. The explorers stand in a shadow tree, so no style of a page gets in or out.

import KIT from "./kit.css" with { type: "css" };
import { SETTINGS } from "./settings.mjs";

/** Make an element: `h("button", { class: "x", onclick }, "text", child)`. */
export function h(tag, properties = {}, ...children) {
  const svg = ["svg", "g", "rect", "path", "line", "text", "circle"].includes(tag);
  const element = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Write a number for people: a real minus, infinity, so many digits, but none lost before the point. */
export function number(value, digits = 6) {
  const before = `${Math.trunc(Math.abs(value))}`.length;
  const text = Number.isInteger(value) ? value : Number(value.toPrecision(Math.max(digits, before)));
  return `${text}`.replaceAll("-", "−").replace("Infinity", "∞");
}

/** The sign between a value and how `number` writes it. */
export const equals = (value) => (number(value) === number(value, 15) ? " = " : " ≈ ");

// A kind of setting reads whatever a page, an address or Python gives it, and returns undefined
// for what it cannot use; `write` makes the text of the address.
const real = (low, high) => (raw) => {
  const value = typeof raw === "string" && raw.trim() ? Number(raw) : raw;
  return Number.isFinite(value) ? clamp(value, low, high) : undefined;
};
const whole = (low, high) => (raw) => (Number.isInteger(Number(raw)) ? real(low, high)(raw) : undefined);
const list = (read, separator, most) => (raw) => {
  const parts = typeof raw === "string" ? raw.split(separator) : [].concat(raw);
  const found = parts.slice(0, most + 1).map(read);
  return found.length && found.length <= most && !found.includes(undefined) ? found : undefined;
};
const one = (names) => (raw) => (names.includes(raw) ? raw : undefined);

export const downward = (numbers) => [...new Set(numbers)].sort((a, b) => b - a);

const kinds = {
  pair: ({ limits }) => ({
    read(raw) {
      const found = list(whole(...limits), "x", 2)(raw);
      return found && [found[0], found.at(-1)];
    },
    write: ([a, b]) => (a === b ? `${a}` : `${a}x${b}`),
  }),
  int: ({ limits }) => ({ read: whole(...limits) }),
  ints: ({ limits }) => ({
    read(raw) {
      const found = list(whole(...limits), "_", limits[1])(raw);
      return found && downward(found);
    },
    write: (numbers) => numbers.join("_"),
  }),
  bool: () => ({ read: (raw) => one(["true", "false"])(`${raw}`) && `${raw}` === "true" }),
  choice: ({ choices }) => ({ read: one(Object.keys(choices)) }),
  number: ({ limits }) => ({ read: real(...limits) }),
  table: ({ limits, most, even }) => ({
    read(raw) {
      const found = list(list(real(...limits), "_", most), "*", most)(raw);
      const wide = found?.[0].length;
      const odd = even && found && (wide % 2 || (found.length > 1 && found.length % 2));
      return !odd && found?.every((row) => row.length === wide) ? found : undefined;
    },
    write: (rows) => rows.map((row) => row.join("_")).join("*"),
  }),
};
const settings = Object.entries(SETTINGS).map(([name, setting]) =>
  [name, { start: setting.start, write: String, ...kinds[setting.kind](setting) }]);

/** The scheme of the page around: the book's theme, or JupyterLab's. */
function scheme() {
  const lab = document.body.dataset.jpThemeLight === "false" ? "dark" : "light";
  return document.documentElement.dataset.theme ?? lab;
}

/**
 * A custom element with the settings of settings.py.
 *
 * A subclass has `static sheets`; `build()`, which fills
 * `this.app` once; and `update(names)`, which shows `this.state` after the named settings changed.
 * Initial settings stand as JSON in the attribute `state`. An element with an `id` keeps what differs
 * from them in the address, as `?id.name=value`. A change by hand is announced by an event `change`.
 */
export class Explorer extends HTMLElement {
  #state = null;
  #initial = null;
  #given = {};
  #timer = 0;
  #saying = 0;

  connectedCallback() {
    if (this.shadowRoot) return this.#watch();
    const root = this.attachShadow({ mode: "open" });
    const title = this.getAttribute("label") ?? this.localName.replaceAll("-", " ");
    this.app = h("section", { class: "app", "aria-label": title },
      h("div", { class: "head" }, h("h3", { class: "title" }, title),
        button("Start again", () => this.change(this.#initial))));
    this.status = h("div", { class: "status", role: "status", "aria-live": "polite" });
    root.adoptedStyleSheets = [KIT, ...(this.constructor.sheets ?? [])];
    root.append(
      h("div", { class: "static" }, h("slot")),
      this.app,
    );
    this.#initial = { ...this.#defaults(), ...this.#given };
    this.#state = { ...this.#initial, ...this.#fromAddress() };
    this.build();
    this.app.append(this.status);
    this.#watch();
    this.update(Object.keys(this.#state));
  }

  disconnectedCallback() {
    this.observer?.disconnect();
    clearTimeout(this.#timer);
    this.stop?.();
  }

  /** All settings. Assign some to change these, without an event. */
  get state() {
    return { ...(this.#state ?? { ...this.#defaults(), ...this.#given }) };
  }

  set state(given) {
    if (this.#state) this.#apply(given);
    else this.#given = { ...this.#given, ...this.#read(given) };
  }

  /** Change settings by hand: show them, keep them in the address, tell the notebook. */
  change(given) {
    const names = this.#apply(given);
    if (!names.length) return false;
    this.#remember();
    this.dispatchEvent(new CustomEvent("change", { detail: names }));
    return true;
  }

  /** Say something to a screen reader, once the reader has come to rest. */
  say(text) {
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => (this.status.textContent = text), 300);
  }

  #read(given) {
    const known = {};
    for (const [name, { read }] of settings) {
      const value = name in given ? read(given[name]) : undefined;
      if (value !== undefined) known[name] = value;
    }
    return known;
  }

  #defaults() {
    const byDefault = Object.fromEntries(settings.map(([name, { start }]) => [name, start]));
    return { ...byDefault, ...this.#read(JSON.parse(this.getAttribute("state") ?? "{}")) };
  }

  #apply(given) {
    const next = this.#read(given);
    const names = Object.keys(next).filter((name) => !same(next[name], this.#state[name]));
    Object.assign(this.#state, next);
    if (names.length) this.update(names);
    return names;
  }

  #fromAddress() {
    if (!this.id) return {};
    const found = {};
    for (const [key, value] of new URLSearchParams(location.search)) {
      if (key.startsWith(`${this.id}.`)) found[key.slice(this.id.length + 1)] = value;
    }
    return this.#read(found);
  }

  #remember() {
    if (!this.id) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const address = new URL(location.href);
      for (const [name, { write }] of settings) {
        const key = `${this.id}.${name}`;
        if (same(this.#state[name], this.#initial[name])) address.searchParams.delete(key);
        else address.searchParams.set(key, write(this.#state[name]));
      }
      try {
        history.replaceState(history.state, "", address);
      } catch {
        // A page opened as a file may not change its address: then there is none to copy.
      }
    }, 200);
  }

  #watch() {
    const paint = () => (this.dataset.scheme = scheme());
    this.observer = new MutationObserver(paint);
    for (const element of [document.documentElement, document.body]) {
      this.observer.observe(element, { attributeFilter: ["data-theme", "data-jp-theme-light"] });
    }
    paint();
  }
}

/** A paragraph of a class. */
export const p = (name, ...children) => h("p", { class: name }, ...children);

/** Define an explorer and return what anywidget wants: a face that keeps view and model equal. */
export function face(tag, Class) {
  // A notebook loads the module again for each widget, perhaps after it was edited: under another name.
  while (customElements.get(tag)) tag += "-";
  customElements.define(tag, Class);
  return {
    render({ model, el }) {
      const explorer = document.createElement(tag);
      explorer.dataset.lmSuppressShortcuts = "true"; // or JupyterLab takes the arrow keys for itself
      const names = Object.keys(SETTINGS);
      const known = (list) => Object.fromEntries(list.map((name) => [name, model.get(name)]));
      explorer.state = known(names);
      explorer.addEventListener("change", ({ detail }) => {
        for (const name of detail) model.set(name, explorer.state[name]);
        model.save_changes();
      });
      const follow = () => (explorer.state = known(names));
      for (const name of names) model.on(`change:${name}`, follow);
      el.append(explorer);
      return () => names.forEach((name) => model.off(`change:${name}`, follow));
    },
  };
}

// Controls. Each returns { element, show(value), off(flag) } and calls `change` with its new value.

let count = 0;
const unique = () => `control-${(count += 1)}`;
const rowOf = (id, name, ...children) =>
  h("div", { class: "row" }, h("label", { for: id }, name), ...children);

/** A slider with its value beside it. */
export function slider(name, low, high, change) {
  const id = unique();
  const value = h("output", { for: id, "aria-live": "off" });
  const input = h("input", { type: "range", id, min: low, max: high, step: 1 });
  input.addEventListener("input", () => change(Number(input.value)));
  const element = rowOf(id, name, input, value);
  return {
    element,
    show(now) {
      input.max = Math.max(high, now);
      input.value = now;
      value.textContent = number(now);
      input.setAttribute("aria-valuetext", number(now));
    },
  };
}

/** Sliders for height and width, or one for both. */
export function pairSlider(name, low, high, change) {
  let pair = [low, low];
  let apart = false;
  const axis = (label, at) => {
    const value = h("output", { "aria-live": "off" });
    const input = h("input", { type: "range", min: low, max: high, step: 1, "aria-label": `${name}${label}` });
    input.addEventListener("input", () => {
      const next = Number(input.value);
      change(apart ? pair.map((old, i) => (i === at ? next : old)) : [next, next]);
    });
    return { input, value, box: h("div", { class: "slide" }, input, value) };
  };
  const axes = [axis(", height", 0), axis(", width", 1)];
  const element = h("div", { class: "row", role: "group", "aria-label": name },
    h("span", { class: "name" }, name), h("div", { class: "pairs" }, ...axes.map(({ box }) => box)));
  return {
    element,
    show(next, separate) {
      [pair, apart] = [next, separate];
      axes.forEach(({ input, value, box }, at) => {
        input.max = Math.max(high, next[at]);
        input.value = next[at];
        value.textContent = (separate ? "HW"[at] + " " : "") + next[at];
        box.hidden = at === 1 && !separate;
        input.setAttribute("aria-label", separate ? `${name}, ${["height", "width"][at]}` : name);
      });
    },
    off: (flag) => axes.forEach(({ input }) => (input.disabled = flag)),
  };
}

/** A choice: each option has its words, or a list that begins with them. */
export function choice(name, options, change) {
  const id = unique();
  const select = h("select", { id },
    ...Object.entries(options).map(([value, text]) => h("option", { value }, [text].flat()[0])));
  select.addEventListener("change", () => change(select.value));
  const element = rowOf(id, name, select);
  return { element, show: (value) => (select.value = value) };
}

/** A box to tick. */
export function check(name, change) {
  const input = h("input", { type: "checkbox" });
  input.addEventListener("change", () => change(input.checked));
  const element = h("label", { class: "check" }, input, name);
  return {
    element,
    show: (value) => (input.checked = value),
    off: (flag) => (input.disabled = flag),
  };
}

/** A button. */
export const button = (name, onclick, properties = {}) =>
  h("button", { type: "button", onclick, ...properties }, name);

/** A line of code, with a button that copies the program around it. */
export function code(name, say) {
  const text = h("pre", { tabindex: 0, role: "group", "aria-label": `${name} code` });
  let program = "";
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(program);
      copy.textContent = "Copied";
      say("Copied");
    } catch {
      // Without leave to copy, as on a page opened as a file, the reader copies what is selected.
      text.textContent = program;
      getSelection().selectAllChildren(text);
      say("Selected, press Control and C to copy");
    }
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  }, { "aria-label": `Copy ${name} code` });
  const element = h("div", { class: "line" }, h("b", {}, name), text, copy);
  return {
    element,
    show(line, whole) {
      program = whole;
      if (text.textContent !== line) text.textContent = line;
    },
  };
}

/**
 * A grid of numbers, walked with the arrow keys.
 *
 * `draw(rows, columns, cell)` asks `cell(row, column)` for `{ text, label, look, tint }`, where look is
 * a list of classes. `choose(row, column)` is called when a cell is pointed at, tapped or walked to.
 */
export class Grid {
  #cells = [];
  #at = [0, 0];
  #size = [0, 0];

  constructor(label, { choose, press }) {
    this.body = h("tbody");
    this.table = h("table", { role: "grid", "aria-label": label }, this.body);
    this.element = h("div", { class: "plane" }, this.table);
    const place = (event) => event.target.closest("td")?.dataset.at?.split(",").map(Number);
    this.table.addEventListener("pointerover", (event) => {
      const at = event.pointerType === "mouse" && place(event);
      if (at) choose(...at, "hover");
    });
    this.table.addEventListener("click", (event) => {
      const at = place(event);
      if (!at) return;
      this.#move(at);
      choose(...at, "click");
    });
    this.table.addEventListener("keydown", (event) => {
      const [row, column] = this.#at;
      const [rows, columns] = this.#size;
      const next = {
        ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
        ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
        Home: [row, 0], End: [row, columns - 1],
      }[event.key];
      if (!next) return press?.(row, column, event);
      event.preventDefault();
      this.#move([clamp(next[0], 0, rows - 1), clamp(next[1], 0, columns - 1)]);
      choose(...this.#at, "key");
    });
  }

  draw(rows, columns, cell) {
    if (!same(this.#size, [rows, columns])) this.#resize(rows, columns);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const { text, label, look = [], tint = "", count = "" } = cell(row, column);
        const td = this.#cells[row][column];
        if (td.firstChild.data !== text) td.firstChild.data = text;
        const name = look.join(" ");
        if (td.className !== name) td.className = name;
        if (td.ariaLabel !== label) td.ariaLabel = label;
        const style = `--n:${text.length};${tint}`;
        if (td.dataset.style !== style) td.style.cssText = td.dataset.style = style;
        if ((td.dataset.count ?? "") !== count) td.dataset.count = count;
      }
    }
  }

  /** Make a cell the one that the Tab key leads to. */
  point(row, column) {
    if (row < this.#size[0] && column < this.#size[1]) this.#tab([row, column]);
  }

  #tab(at) {
    const old = this.#cells[this.#at[0]]?.[this.#at[1]];
    if (old) old.tabIndex = -1;
    this.#at = at;
    this.#cells[at[0]][at[1]].tabIndex = 0;
  }

  #move(at) {
    this.#tab(at);
    this.#cells[at[0]][at[1]].focus({ preventScroll: true });
  }

  /** Take cells away or add some; a cell that had the focus hands it on. */
  #resize(rows, columns) {
    const held = this.table.contains(this.table.getRootNode().activeElement);
    this.#size = [rows, columns];
    this.table.style.setProperty("--columns", columns);
    while (this.#cells.length > rows) this.body.lastChild.remove(this.#cells.pop());
    while (this.#cells.length < rows) {
      this.#cells.push([]);
      this.body.append(h("tr"));
    }
    this.#cells.forEach((line, row) => {
      const tr = this.body.children[row];
      while (line.length > columns) line.pop().remove();
      while (line.length < columns) {
        line.push(h("td", { tabindex: -1, "data-at": `${row},${line.length}` }, " "));
        tr.append(line.at(-1));
      }
    });
    if (!rows) return;
    const at = [clamp(this.#at[0], 0, rows - 1), clamp(this.#at[1], 0, columns - 1)];
    this.#tab(at);
    if (held) this.#move(at);
  }

  /** Put the focus on the cell that the Tab key leads to. */
  focus() {
    this.#move(this.#at);
  }
}
