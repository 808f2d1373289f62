// The window explorer: a plane, a window that moves over it, and what it writes for each place.

import {
  button, check, choice, code, equals, Explorer, face, Grid, h, number, p, pairSlider, slider,
} from "./kit.mjs";
import GRID from "./grid.css" with { type: "css" };
import WINDOW from "./window.css" with { type: "css" };
import { PHOTO } from "./photo.mjs";
import { call, effective, has, outputCell, plane, program, tables } from "./pools.mjs";
import { SETTINGS } from "./settings.mjs";
import { coverage } from "./windows.mjs";

const PRESETS = {
  mixed: ["mixed numbers", (r, c) => (7 * r + 5 * c + ((r * c) % 4)) % 10],
  ramp: ["ramp", (r, c) => r + c],
  negative: ["negative numbers", (r, c) => -1 - ((3 * r + 5 * c) % 9)],
  ties: ["ties", (r, c) => ((r >> 1) + c) % 3],
  photo: ["photo patch", (r, c) => PHOTO[r % 16][c % 16]],
};
const preset = (name, size) => plane(size, PRESETS[name][1]);

// Each setting with a label, and each argument of the call, has the control of its kind.
const CONTROLS = {
  pair: ({ slide }, name, set) => pairSlider(name, ...slide, set),
  bool: (_, name, set) => check(name, set),
  choice: ({ choices }, name, set) => choice(name, choices, set),
  number: ({ slide }, name, set) => slider(name, ...slide, set),
};
const [PAIRS, OTHERS] = [true, false].map((paired) => Object.keys(SETTINGS)
  .filter((name) => SETTINGS[name].of && paired === (SETTINGS[name].kind === "pair")));
const brief = (value) =>
  Math.abs(value) < 1e5 || !Number.isFinite(value) ? number(value, 3) : value.toExponential(1).replace("+", "").replace("-", "−");
const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
const times = ([a, b]) => `${a} × ${b}`;
const POWERS = { 1: "", 2: "²", 3: "³" };

class WindowExplorer extends Explorer {
  static sheets = [GRID, WINDOW];
  #hover = null; // the output cell under the mouse
  #look = [0, 0]; // the input cell that is edited
  #looking = false; // whether its readers are shown
  #apart = false;
  #own = null; // numbers of the reader's own, before the plane was made smaller
  #named = "";
  #timer = 0;

  build() {
    const choose = (row, column, how) => {
      if (how === "hover") return this.#peek([row, column]);
      this.#select([row, column]);
    };
    this.input = new Grid("Input", {
      choose: (row, column, how) => how !== "hover" && this.#edit(row, column),
      press: (row, column, event) => this.#type(row, column, event),
    });
    this.output = new Grid("Output", { choose });
    this.output.element.addEventListener("pointerleave", () => this.#peek(null));
    this.inputName = h("figcaption");
    this.outputName = h("figcaption");
    this.frame = h("div", { class: "frame" });
    this.input.element.append(this.frame);
    this.planes = h("div", { class: "planes" },
      h("figure", {}, this.inputName, this.input.element),
      h("figure", {}, this.outputName, this.output.element));

    this.reading = h("div", { class: "reading" });
    this.play = button("Play", () => this.#toggle());
    const shown = Object.entries(SETTINGS).filter(([, { label, of }]) => label || of);
    this.c = Object.fromEntries(shown.map(([name, setting]) => [name,
      CONTROLS[setting.kind](setting, setting.label ?? name, (value) => this.change({ [name]: value }))]));
    this.preset = choice("Numbers", { ...PRESETS, own: "your own" },
      (name) => {
        this.#named = name;
        if (name !== "own") this.change({ values: preset(name, this.#size()) });
      });
    this.size = pairSlider("Input size", 1, 16, (size) => {
      const own = this.#own ?? this.state.values;
      this.change({ values: this.#resized(size, own) });
      this.#own = own; // so that cells which are cut off come back
    });
    this.separate = check("Set height and width apart", (flag) => {
      const { state } = this;
      this.#apart = flag;
      if (!flag) this.change(Object.fromEntries(PAIRS.map((name) => [name, [state[name][0], state[name][0]]])));
      this.#show();
    });
    this.value = h("input", { type: "number", step: "any", id: "value" });
    this.value.addEventListener("input", () => {
      if (this.value.value === "") return;
      const values = this.state.values.map((line) => [...line]);
      values[this.#look[0]][this.#look[1]] = Number(this.value.value);
      this.change({ values });
    });
    this.value.addEventListener("focus", () => (this.before = this.state.values));
    this.value.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.change({ values: this.before });
      if (key === "Escape" || key === "Enter") this.input.focus();
    });
    this.value.addEventListener("blur", () => {
      this.#show();
      this.say(`Cell holds ${this.value.value}. ${this.#spoken()}`);
    });
    this.valueName = h("label", { for: "value" });
    const fields = (name, ...parts) => h("fieldset", {}, h("legend", {}, name), ...parts);
    const elements = (...names) => names.map((name) => this.c[name].element);
    this.formula = p("formula");
    this.counts = p("quiet");
    this.lacks = p("quiet");
    this.key = p("quiet");
    const say = (text) => this.say(text);
    this.codes = { pooling: code("pooling", say), torch: code("torch", say) };
    this.app.append(
      this.planes,
      this.key,
      h("div", { class: "bar" },
        button("◀", () => this.#step(-1), { "aria-label": "Previous output cell" }), this.play,
        button("▶", () => this.#step(1), { "aria-label": "Next output cell" }),
        h("div", { class: "row value" }, this.valueName, this.value), this.c.shading.element),
      this.reading,
      h("div", { class: "controls" },
        fields("Window", ...elements(...PAIRS), this.separate.element),
        h("div", {},
          fields("Operator", ...elements("operator", ...OTHERS), this.lacks),
          fields("Input", this.preset.element, this.size.element))),
      this.formula,
      this.counts,
      h("div", { class: "code" }, this.codes.pooling.element, this.codes.torch.element),
    );
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.play.textContent = "Play";
  }

  update(names) {
    const { state } = this;
    if (names.includes("values")) this.#own = null;
    this.#apart ||= PAIRS.some((name) => state[name][0] !== state[name][1]);
    try {
      this.tables = tables(state);
      this.error = null;
    } catch (error) {
      this.tables = null;
      this.error = error.message;
    }
    this.cells = this.tables?.[0].map((rows) => this.tables[1].map((columns) => outputCell(state, [rows, columns])));
    this.#show();
    if (this.error && this.#timer) this.stop();
    if (!this.#timer) this.say(`${this.outputName.textContent}. ${this.#spoken()}`);
  }

  #size() {
    const { values } = this.state;
    return [values.length, values[0].length];
  }

  #out() {
    return this.tables.map((table) => table.length);
  }

  /** The input at another size: of the same preset, or cut and filled up with 0. */
  #resized(size, own) {
    const name = this.#preset();
    return name === "own" ? plane(size, (r, c) => own[r]?.[c] ?? 0) : preset(name, size);
  }

  #preset() {
    const values = JSON.stringify(this.state.values);
    const fits = (name) => PRESETS[name] && JSON.stringify(preset(name, this.#size())) === values;
    return [this.#named, ...Object.keys(PRESETS)].find(fits) ?? "own";
  }

  /** The output cell that is shown: under the mouse, or chosen, or the nearest that exists. */
  #at() {
    const wanted = this.#hover ?? this.state.selected;
    return this.#out().map((o, axis) => Math.min(wanted[axis], o - 1));
  }

  #peek(at) {
    this.#hover = at;
    if (at) this.#looking = false;
    this.#show();
  }

  #step(by) {
    if (!this.tables) return;
    const [rows, columns] = this.#out();
    const [row, column] = this.#at();
    const next = (row * columns + column + by + rows * columns) % (rows * columns);
    this.#select([Math.floor(next / columns), next % columns]);
  }

  /** Show an output cell. While playing, neither the address nor the notebook hears of it. */
  #select(selected) {
    this.#hover = null;
    this.#looking = false;
    if (this.#timer) this.state = { selected };
    else this.change({ selected });
    this.#show();
    if (!this.#timer) this.say(this.#spoken());
  }

  #toggle() {
    if (this.#timer) {
      this.stop();
      return this.say(this.#spoken());
    }
    if (!this.tables) return;
    this.#timer = setInterval(() => this.#step(1), 900);
    this.play.textContent = "Pause";
    this.#step(1);
  }

  #edit(row, column) {
    const at = [row - this.from[0], column - this.from[1]];
    const inside = at.every((place, axis) => place >= 0 && place < this.#size()[axis]);
    this.#looking = inside;
    if (!inside) return this.say("Padding");
    this.#look = at;
    this.#show();
    this.say(this.#spoken());
  }

  /** A digit, a sign or Enter on a cell of the input goes on in the field for its value. */
  #type(row, column, event) {
    if (!/^([-.\d]|Enter)$/.test(event.key) || event.ctrlKey || event.metaKey) return;
    this.#edit(row, column);
    if (!this.#looking) return;
    if (event.key === "Enter") event.preventDefault();
    this.value.focus();
    this.value.select(); // so that the key, which goes on to the field, replaces what it holds
  }

  #reads(axis, window, place) {
    return this.tables[axis][window].includes(place);
  }

  #readers() {
    if (!this.tables) return 0;
    return this.#look.reduce((all, place, axis) => all * this.tables[axis].filter((w) => w.includes(place)).length, 1);
  }

  #show() {
    const state = effective(this.state);
    const size = this.#size();
    const shown = this.#look.map((place, axis) => Math.min(place, size[axis] - 1));
    this.#look = shown;
    const last = (axis) => Math.max(...(this.tables?.[axis].at(-1) ?? [0]));
    this.from = state.padding;
    this.to = size.map((n, axis) => Math.max(n + state.padding[axis], last(axis) + 1));
    const span = this.to.map((end, axis) => end + state.padding[axis]);
    const out = this.tables ? this.#out() : [0, 0];
    const at = this.tables && !this.#looking ? this.#at() : null;
    const cell = at && this.cells[at[0]][at[1]];
    const reads = this.tables?.map((table, axis) => coverage(table, size[axis]));
    const outside = { max: "−∞", min: "∞", lp: "" }[state.operator] ?? "0";
    const photo = this.#preset() === "photo";

    const [across, many] = [span[1] + out[1], span[1] + out[1] > 10];
    this.planes.style.setProperty("--wide", many ? 2 * span[1] : across);
    this.planes.style.setProperty("--narrow", many ? span[1] : across + 1);
    this.inputName.textContent = `input, ${times(size)}`;
    this.outputName.textContent = this.tables ? `output, ${times(out)}` : "no output";

    this.input.draw(...span, (r, c) => {
      const [row, column] = [r - this.from[0], c - this.from[1]];
      const inside = row >= 0 && column >= 0 && row < size[0] && column < size[1];
      const padded = row < size[0] + state.padding[0] && column < size[1] + state.padding[1];
      const value = inside && state.values[row][column];
      const look = inside ? [] : [padded ? "pad" : "over"];
      const times = inside && reads ? reads[0][row] * reads[1][column] : 1;
      const told = times === 1 ? "" : times ? `, read ${times} times` : ", never read";
      if (state.shading && inside && times !== 1) look.push(times ? "shared" : "unread");
      const term = cell && this.#reads(0, at[0], row) && this.#reads(1, at[1], column);
      if (term) look.push("in");
      if (cell && inside && cell.winner === row * size[1] + column) look.push("win");
      if (inside && this.#looking && row === shown[0] && column === shown[1]) look.push("edited");
      const name = inside ? number(value) : (padded ? "padding " : "beyond the padding ") + outside;
      return {
        text: inside ? brief(value) : padded || outside !== "0" ? outside : "",
        label: `row ${number(row)}, column ${number(column)}: ${name}${told}`,
        look,
        tint: photo && inside ? `background:rgb(${value},${value},${value});color:${value < 118 ? "#fff" : "#000"}` : "",
        count: state.shading && times > 1 ? `${times}` : "",
      };
    });
    this.input.point(shown[0] + this.from[0], shown[1] + this.from[1]);

    this.output.draw(...out, (r, c) => {
      const { value } = this.cells[r][c];
      const look = [];
      if (at && r === at[0] && c === at[1]) look.push("chosen");
      if (this.#looking && this.#reads(0, r, shown[0]) && this.#reads(1, c, shown[1])) look.push("looks");
      return { text: brief(value), label: `row ${r}, column ${c}: ${number(value)}`, look };
    });
    this.output.point(...this.state.selected);
    this.#moveFrame(at);
    this.#read(state, at, cell);
    this.#controls(state, size);
    this.#numbers(state, size, reads, cell);
  }

  #moveFrame(at) {
    this.frame.hidden = !at;
    if (!at) return;
    const ends = at.map((window, axis) => [this.tables[axis][window][0], this.tables[axis][window].at(-1)]);
    const [y, x] = ends.map(([first], axis) => first + this.from[axis]);
    const [tall, wide] = ends.map(([first, last]) => last - first + 1);
    this.frame.style.width = `calc(var(--size) * ${wide})`;
    this.frame.style.height = `calc(var(--size) * ${tall})`;
    this.frame.style.transform = `translate(calc(var(--size) * ${x}), calc(var(--size) * ${y}))`;
  }

  /** The arithmetic of the shown output cell, or of the input cell that is looked at. */
  #read(state, at, cell) {
    if (this.error) {
      this.reading.replaceChildren(p("error", h("b", {}, "Impossible. "), this.error));
      return;
    }
    if (!cell) {
      const [row, column] = this.#look;
      const readers = this.#readers();
      this.reading.replaceChildren(
        p("", `Input cell (${row}, ${column}) = ${number(state.values[row][column])}`),
        p("quiet", readers
          ? `Windows that read it: ${readers}, the outputs with a ring.`
          : "No window reads it: whatever stands here, the output stays the same."));
      return;
    }
    this.reading.replaceChildren(
      p("", `Output cell (${at.join(", ")})` + equals(cell.value) + number(cell.value)),
      h("p", { class: "sum", tabindex: 0, role: "group", "aria-label": "Arithmetic" }, ...this.#sum(state, cell)),
      p("quiet", this.#remark(state, cell)));
  }

  #sum(state, { terms, value, winner, divisor }) {
    const { operator, norm_type } = state;
    const width = state.values[0].length;
    const ranked = operator === "max" || operator === "min";
    const power = POWERS[norm_type] ?? `^${number(norm_type)}`;
    const shown = terms.flat().filter((cell) => {
      if (ranked || operator === "conv") return true;
      if (operator === "lp") return cell.value !== null;
      return state.count_include_pad ? cell.counts : cell.value !== null;
    });
    const parts = shown.flatMap((cell, i) => {
      const inside = cell.value !== null;
      const value = cell.value ?? (ranked ? (operator === "max" ? -Infinity : Infinity) : 0);
      const signed = ranked ? number(value) : bracket(value);
      const text = operator === "conv" ? `${signed}·${bracket(cell.weight)}` : operator === "lp" ? signed + power : signed;
      const wins = inside && cell.row * width + cell.column === winner;
      return [i ? (ranked ? ", " : " + ") : "", wins ? h("b", {}, text) : inside ? text : h("span", {}, text)];
    });
    const answer = equals(value) + number(value);
    if (ranked) return [`${operator}(`, ...parts, ")", answer];
    if (operator === "avg") return ["(", ...parts, `) / ${divisor}`, answer];
    if (operator === "conv") return [...parts, answer];
    const scale = terms.flat().length === divisor ? "" : `${terms.flat().length}/${divisor} · `;
    return [`(${scale}(`, ...parts, `))^(1/${number(norm_type)})`, answer];
  }

  #remark(state, { terms, winner, value, divisor }) {
    const cells = terms.flat();
    const outside = (counts) => cells.filter((cell) => cell.value === null && cell.counts === counts).length;
    const said = [];
    const note = (number, what, does) => number && said.push(`${what}: ${number}, ${does}.`);
    if (winner === -1) said.push("The window reads padding alone, so nobody wins.");
    else if (winner !== null) {
      const width = state.values[0].length;
      said.push(`Found at row ${Math.floor(winner / width)}, column ${winner % width}: index ${winner}, row by row.`);
      const ties = cells.filter((cell) => cell.value === value).length;
      if (ties > 1) said.push(`${ties} cells tie, the first wins.`);
    }
    const ranked = winner !== null;
    const zero = state.operator !== "avg" || state.count_include_pad;
    note(outside(true), "Padded cells", ranked ? "never win" : zero ? "counted as 0" : "not counted");
    note(outside(false), "Places beyond the input and its padding", ranked ? "never win" : "not counted");
    if (state.operator === "lp" && divisor < cells.length) {
      said.push(`The sum is scaled from ${divisor} to ${cells.length} cells, as in torch.`);
    }
    if (Number.isNaN(value)) said.push("A root of a negative sum is not a number.");
    return said.join(" ");
  }

  /** What the reading says, without the arithmetic. */
  #spoken() {
    return [...this.reading.children].filter((part) => part.className !== "sum").map((part) => part.textContent).join(". ");
  }

  #controls(state, size) {
    const lacks = [];
    for (const [name, control] of Object.entries(this.c)) {
      const lacking = !has(state.operator, name);
      control.show(this.state[name], this.#apart);
      control.off ? control.off(lacking) : (control.element.hidden = lacking);
      if (control.off && lacking) lacks.push(name);
    }
    const operator = SETTINGS.operator.choices[state.operator];
    this.lacks.textContent = lacks.length ? `The ${operator} has no ${lacks.join(", no ")}, here or in torch.` : "";
    this.preset.show(this.#preset());
    this.size.show(size, true);
    this.separate.show(this.#apart);
    const [row, column] = this.#look;
    this.valueName.textContent = `Cell (${row}, ${column})`;
    if (this.shadowRoot.activeElement !== this.value) this.value.value = state.values[row][column];
  }

  /** The size formula filled in, how often cells are read, and the two lines of code. */
  #numbers(state, size, reads, cell) {
    const { kernel_size: k, stride: s, padding: p, dilation: d, ceil_mode } = state;
    const [open, close] = ceil_mode ? "⌈⌉" : "⌊⌋";
    const line = (axis) => {
      const free = size[axis] + 2 * p[axis] - d[axis] * (k[axis] - 1) - 1;
      const all = (ceil_mode ? Math.ceil(free / s[axis]) : Math.floor(free / s[axis])) + 1;
      const dropped = this.tables && all > this.#out()[axis];
      return `${open}(${size[axis]} + 2·${p[axis]} − ${d[axis]}·(${k[axis]} − 1) − 1) / ${s[axis]}${close} + 1` +
        (this.tables ? ` = ${all}` : "") +
        (dropped ? `, but the last window would start at ${(all - 1) * s[axis] - p[axis]}, beyond the input: ${all - 1}` : "");
    };
    const lines = line(0) === line(1) ? [`height and width: ${line(0)}`] : [`height: ${line(0)}`, `width: ${line(1)}`];
    this.formula.replaceChildren(`o = ${open}(n + 2p − d(k − 1) − 1) / s${close} + 1`,
      ...lines.flatMap((text) => [h("br"), text]));
    const all = reads ? reads[0].flatMap((a) => reads[1].map((b) => a * b)) : [];
    const unread = all.filter((times) => !times).length;
    const shared = all.filter((times) => times > 1).length;
    this.counts.textContent = reads
      ? `Of ${all.length} cells: ${unread} never read, ${shared} read more than once` + (shared ? `, up to ${Math.max(...all)} times.` : ".")
      : "";
    const marks = [[cell?.winner >= 0 && cell.winner !== null, "corner: the winner"], [p[0] + p[1], "dashed: padding"],
      [this.to.some((end, axis) => end > size[axis] + p[axis]), "gray hatching: beyond it"],
      [state.shading && unread, "red hatching: never read"], [state.shading && shared, "amber: read more than once (small digit: how often)"]];
    this.key.textContent = marks.filter(([on]) => on).map(([, text]) => text).join(" · ");
    for (const [library, { element, show }] of Object.entries(this.codes)) {
      element.hidden = Boolean(this.error);
      show(call(state, library), program(state, library));
    }
  }
}

export default face("window-explorer", WindowExplorer);
