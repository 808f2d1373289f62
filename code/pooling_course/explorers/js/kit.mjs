// What the explorers share: a custom element with settings, controls, grids of numbers, and a face
// for notebooks. The explorers stand in a shadow tree, so no style of a page gets in or out.

/** Make an element: `h("button", { class: "x", onclick }, "text", child)`. */
export function h(tag, properties = {}, ...children) {
  const svg = ["svg", "g", "rect", "path", "line", "text", "circle", "polyline"].includes(tag);
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

/** Write a number for people: a real minus, infinity, at most this many significant digits. */
export function number(value, digits = 6) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  const text = Number.isInteger(value) ? `${value}` : `${Number(value.toPrecision(digits))}`;
  return text.replace("-", "−");
}

// A kind of setting reads whatever a page, an address or Python gives it, and returns undefined
// for what it cannot use; `write` makes the text of the address.
const real = (low, high) => (raw) => {
  const value = typeof raw === "string" && raw.trim() ? Number(raw) : raw;
  return Number.isFinite(value) ? clamp(value, low, high) : undefined;
};
export const whole = (low, high) => (raw) => (Number.isInteger(Number(raw)) ? real(low, high)(raw) : undefined);
export const list = (read, separator, most) => (raw) => {
  const parts = typeof raw === "string" ? raw.split(separator) : [].concat(raw);
  const found = parts.slice(0, most + 1).map(read);
  return found.length && found.length <= most && !found.includes(undefined) ? found : undefined;
};
const one = (names) => (raw) => (names.includes(raw) ? raw : undefined);

export const kinds = {
  real: (low, high) => ({ read: real(low, high), write: String }),
  flag: () => ({ read: (raw) => ({ true: true, false: false })[raw], write: String }),
  choice: (...names) => ({ read: one(names), write: String }),
  pair: (low, high) => ({
    read(raw) {
      const found = list(whole(low, high), "x", 2)(raw);
      return found && [found[0], found.at(-1)];
    },
    write: ([a, b]) => (a === b ? `${a}` : `${a}x${b}`),
  }),
  table: (most) => ({
    read(raw) {
      const found = list(list(real(-1e9, 1e9), "_", most), "*", most)(raw);
      return found?.every((row) => row.length === found[0].length) ? found : undefined;
    },
    write: (rows) => rows.map((row) => row.join("_")).join("*"),
  }),
};

const BASE = `
  :host { display: block; container-type: inline-size; margin: 1.5rem 0; color-scheme: light;
    --ink: #1b1f24; --soft: #57606a; --paper: #fff; --panel: #f6f8fa; --line: #d0d7de; --edge: #6e7781;
    --cell: #eef1f5; --read: #cfe8f8; --win: #0063a0; --on-win: #fff; --unread: #fbd9c9; --stripe: #e79a75;
    --shared: #fbe2a6; --accent: #0063a0; --bad: #a33c00; --good: #00654a;
    color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  :host([hidden]), [hidden] { display: none !important; }
  :host([data-scheme="dark"]) { color-scheme: dark;
    --ink: #e6edf3; --soft: #a5b0bc; --paper: #14181e; --panel: #1c2128; --line: #3d444d; --edge: #8b949e;
    --cell: #2a313a; --read: #0f4a73; --win: #7cc4f0; --on-win: #06121c; --unread: #5d2a16; --stripe: #a3502b;
    --shared: #6b4f0c; --accent: #7cc4f0; --bad: #ffa57a; --good: #56d6a6; }
  * { box-sizing: border-box; }
  .app { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: clamp(.5rem, 2cqi, 1rem);
    display: grid; gap: .75rem; }
  .app > * { min-width: 0; }
  .title { font-size: 1rem; font-weight: 600; margin: 0; }
  .static { display: none; }
  @media print { .app { display: none; } .static { display: contents; } }
  .quiet { color: var(--soft); font-size: .875rem; margin: 0; }
  .status { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15.5rem), 1fr)); gap: .25rem 1.25rem;
    align-items: start; }
  fieldset { border: 0; border-top: 1px solid var(--line); margin: 0; padding: .25rem 0 0; min-width: 0; }
  legend { font-weight: 600; font-size: .875rem; padding: 0 .5rem 0 0; }
  .row { display: flex; align-items: center; gap: .5rem; min-height: 44px; }
  .row > label, .row > .name { flex: 0 0 7.2rem; font-size: .9rem; }
  .row[data-off] > * { opacity: .55; }
  .pairs { flex: 1; display: grid; min-width: 0; }
  .slide { display: flex; align-items: center; gap: .5rem; min-width: 0; }
  output { flex: 0 0 1.5rem; text-align: end; font-variant-numeric: tabular-nums; }
  input[type="range"] { flex: 1; min-width: 0; width: 100%; height: 44px; margin: 0; accent-color: var(--accent); cursor: pointer; }
  input[type="range"]:disabled { cursor: not-allowed; }
  select, input[type="number"], input[type="text"], button { font: inherit; min-height: 44px; color: var(--ink); background: var(--panel);
    border: 1px solid var(--edge); border-radius: 6px; padding: 0 .6rem; max-width: 100%; }
  select { flex: 1; min-width: 0; }
  button { min-width: 44px; cursor: pointer; }
  button:hover { border-color: var(--accent); }
  button[aria-pressed="true"] { background: var(--win); border-color: var(--win); color: var(--on-win); }
  .check { display: flex; align-items: center; gap: .6rem; min-height: 44px; font-size: .9rem; cursor: pointer; }
  .check input { width: 22px; height: 22px; margin: 0 11px; accent-color: var(--accent); flex: none; }
  .error { border-inline-start: 4px solid var(--bad); background: var(--panel); padding: .6rem .8rem; margin: 0; overflow-wrap: anywhere; }
  .error b { color: var(--bad); }
  pre { margin: 0; padding: .7rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
    font: .8125rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 12rem; overflow-y: auto; }
  .code { display: grid; gap: .5rem; }
  .line { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: center; }
  .line b { flex: 0 0 4.5rem; font-size: .875rem; }
  .line pre { flex: 1 1 14rem; min-width: 0; }
  @media (forced-colors: active) { .app { --read: Highlight; --win: Highlight; --on-win: HighlightText; } }
`;

/** The scheme of the page around: the book's theme, JupyterLab's, or the reader's own. */
function scheme() {
  const { theme } = document.documentElement.dataset;
  if (theme === "dark" || theme === "light") return theme;
  const lab = document.body.dataset.jpThemeLight;
  if (lab) return lab === "false" ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * A custom element with settings.
 *
 * A subclass has `static settings`, name to `{ kind, value }`; `static style`; `build()`, which fills
 * `this.app` once; and `update(names)`, which shows `this.state` after the named settings changed.
 * Initial settings stand as JSON in the attribute `state`. An element with an `id` keeps what differs
 * from them in the address, as `?id.name=value`. A change by hand is announced by an event `change`.
 */
export class Explorer extends HTMLElement {
  #state = null;
  #initial = null;
  #given = {};
  #timer = 0;

  connectedCallback() {
    if (this.shadowRoot) return this.#watch();
    const root = this.attachShadow({ mode: "open" });
    this.app = h("section", { class: "app", "aria-label": this.getAttribute("label") ?? this.localName });
    this.status = h("div", { class: "status", role: "status", "aria-live": "polite" });
    root.append(
      h("style", {}, BASE + (this.constructor.style ?? "")),
      h("div", { class: "static" }, h("slot")),
      this.app,
    );
    this.#initial = this.#defaults();
    this.#state = { ...this.#initial, ...this.#given, ...this.#fromAddress() };
    this.build();
    this.app.append(this.status);
    this.#watch();
    this.update(Object.keys(this.#state));
  }

  disconnectedCallback() {
    this.observer?.disconnect();
    this.media?.removeEventListener("change", this.paint);
    clearTimeout(this.#timer);
    this.stop?.();
  }

  /** All settings. Assign some to change these, without an event. */
  get state() {
    return { ...(this.#state ?? { ...this.#defaults(), ...this.#given }) };
  }

  set state(settings) {
    if (this.#state) this.#apply(settings);
    else this.#given = { ...this.#given, ...this.#read(settings) };
  }

  /** Change settings by hand: show them, keep them in the address, tell the notebook. */
  change(settings) {
    const names = this.#apply(settings);
    if (!names.length) return;
    this.#remember();
    this.dispatchEvent(new CustomEvent("change", { detail: names }));
  }

  /** Say something to a screen reader. */
  say(text) {
    this.status.textContent = text;
  }

  #read(settings) {
    const known = {};
    for (const [name, { kind }] of Object.entries(this.constructor.settings)) {
      const value = name in settings ? kind.read(settings[name]) : undefined;
      if (value !== undefined) known[name] = value;
    }
    return known;
  }

  #defaults() {
    const schema = Object.entries(this.constructor.settings);
    const byDefault = Object.fromEntries(schema.map(([name, { value }]) => [name, value]));
    return { ...byDefault, ...this.#read(JSON.parse(this.getAttribute("state") ?? "{}")) };
  }

  #apply(settings) {
    const next = this.#read(settings);
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
      for (const [name, { kind }] of Object.entries(this.constructor.settings)) {
        const key = `${this.id}.${name}`;
        if (same(this.#state[name], this.#initial[name])) address.searchParams.delete(key);
        else address.searchParams.set(key, kind.write(this.#state[name]));
      }
      try {
        history.replaceState(history.state, "", address);
      } catch {
        // A page opened as a file may not change its address: then there is none to copy.
      }
    }, 200);
  }

  #watch() {
    this.paint = () => (this.dataset.scheme = scheme());
    this.observer = new MutationObserver(this.paint);
    for (const element of [document.documentElement, document.body]) {
      this.observer.observe(element, { attributeFilter: ["data-theme", "data-jp-theme-light"] });
    }
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", this.paint);
    this.paint();
  }
}

/** Define an explorer and return what anywidget wants: a face that keeps view and model equal. */
export function face(tag, Class) {
  if (!customElements.get(tag)) customElements.define(tag, Class);
  return {
    render({ model, el }) {
      const explorer = document.createElement(tag);
      explorer.dataset.lmSuppressShortcuts = "true"; // or JupyterLab takes the arrow keys for itself
      const names = Object.keys(explorer.constructor.settings);
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
export function slider(name, low, high, change, describe = String) {
  const id = unique();
  const value = h("output", { for: id });
  const input = h("input", { type: "range", id, min: low, max: high, step: 1 });
  input.addEventListener("input", () => change(Number(input.value)));
  const element = rowOf(id, name, input, value);
  return {
    element,
    show(number) {
      input.max = Math.max(high, number);
      input.value = number;
      value.textContent = describe(number);
      input.setAttribute("aria-valuetext", describe(number));
    },
    off: (flag) => ((input.disabled = flag), element.toggleAttribute("data-off", flag)),
  };
}

/** Sliders for height and width, or one for both. */
export function pairSlider(name, low, high, change) {
  let pair = [low, low];
  let apart = false;
  const axis = (label, at) => {
    const value = h("output", {});
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
        value.textContent = next[at];
        box.hidden = at === 1 && !separate;
        input.setAttribute("aria-label", separate ? `${name}, ${["height", "width"][at]}` : name);
      });
    },
    off(flag) {
      for (const { input } of axes) input.disabled = flag;
      element.toggleAttribute("data-off", flag);
    },
  };
}

/** A choice among names. */
export function choice(name, options, change) {
  const id = unique();
  const select = h("select", { id },
    ...Object.entries(options).map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => change(select.value));
  const element = rowOf(id, name, select);
  return { element, show: (value) => (select.value = value), off: (flag) => (element.hidden = flag) };
}

/** A box to tick. */
export function check(name, change) {
  const input = h("input", { type: "checkbox" });
  input.addEventListener("change", () => change(input.checked));
  const element = h("label", { class: "check" }, input, name);
  return {
    element,
    show: (value) => (input.checked = value),
    off: (flag) => ((input.disabled = flag), (element.style.opacity = flag ? ".55" : "")),
  };
}

/** A button. */
export const button = (name, onclick, properties = {}) =>
  h("button", { type: "button", onclick, ...properties }, name);

/** A line of code, with a button that copies the program around it. */
export function code(name, say) {
  const text = h("pre", { tabindex: 0, role: "region", "aria-label": `${name} code` });
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
    this.frame = h("div", { class: "frame", "aria-hidden": "true" });
    this.table = h("table", { role: "grid", "aria-label": label }, this.body);
    this.element = h("div", { class: "plane" }, this.table, this.frame);
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

  #resize(rows, columns) {
    this.#size = [rows, columns];
    this.#cells = Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) =>
        h("td", { tabindex: -1, "data-at": `${row},${column}` }, " ")),
    );
    this.body.replaceChildren(...this.#cells.map((line) => h("tr", {}, ...line)));
    this.#at = [clamp(this.#at[0], 0, rows - 1), clamp(this.#at[1], 0, columns - 1)];
    if (rows && columns) this.#tab(this.#at);
  }
}

export const GRID_STYLE = `
  .plane { position: relative; width: max-content; }
  .plane table { border-collapse: separate; border-spacing: 0; table-layout: fixed; margin: 0; }
  :where(.plane) td { width: var(--size); height: var(--size); min-width: var(--size); padding: 0; text-align: center; position: relative;
    border: 1px solid var(--paper); border-radius: 3px; background: var(--cell); cursor: pointer; overflow: hidden;
    font-size: clamp(6px, calc(var(--size) * min(.4, 1.3 / var(--n))), 17px); line-height: 1; font-variant-numeric: tabular-nums; user-select: none; }
  .plane td:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; z-index: 2; }
`;
