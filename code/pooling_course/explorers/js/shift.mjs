// The shift explorer: a signal or a picture that is dragged round a ring, and what pools make of it.

import { button, choice, clamp, Explorer, face, h, number, slider } from "./kit.mjs";
import { PHOTO } from "./photo.mjs";
import SHIFT from "./shift.css" with { type: "css" };
import { figures, modulo, POOLS, roll, shifted } from "./ring.mjs";
import { SETTINGS } from "./settings.mjs";

const [, FAR] = SETTINGS.shift.limits;
const CHAPTER = SETTINGS.values.start;
const near = (by) => clamp(by, -FAR, FAR);
const sixteen = (value) => [Array.from({ length: 16 }, (_, c) => value(c))];

const PRESETS = {
  chapter: [CHAPTER[0].join(" "), CHAPTER],
  step: ["one step", sixteen((c) => (c < 8 ? 0 : 1))],
  spike: ["spike", sixteen((c) => (c === 6 ? 1 : 0))],
  smooth: ["smooth wave", sixteen((c) => Math.round(100 * Math.cos((Math.PI * c) / 4)) / 100)],
  finest: ["finest wave", sixteen((c) => (c % 2 ? -1 : 1))],
  row: ["row of a photo", [PHOTO[8]]],
  picture: ["picture", PHOTO],
};

const DEFINITION = `How an output is compared: it may have moved along with the input. Of all moves by whole
  cells of the output we take the one with the least mean change, and of equally good ones the one that keeps
  most cells. Under that move, a cell keeps its value if it differs by less than 0.000000001. The mean change
  is the mean absolute difference over all cells. Averages and blurs seldom give equal numbers: for them, and
  for blurred maxima, it says more than the number of cells kept.`;
const LEGENDS = {
  signal: `Bars: the output now. Dashed: the output before the shift, moved along as well as it fits. ≠ marks
    a cell that changed. Same for one input is no promise: try another.`,
  picture: `Left: the output now; a corner marks a cell that changed. Right: the output before the shift,
    moved along as well as it fits.`,
};

/** Say a move in words: "right by 1", "down by 2 and left by 1", or nothing. */
function words([down, right]) {
  const axis = (by, more, less) => (by ? [`${by > 0 ? more : less} by ${Math.abs(by)}`] : []);
  return [...axis(down, "down", "up"), ...axis(right, "right", "left")].join(" and ");
}

const percent = (part) => `${100 * part}%`;

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Bars of one row, a dashed outline of other bars behind, and a line of marks below. */
class Bars {
  #size = 0;

  constructor(height) {
    this.height = height;
    this.below = h("g");
    this.bars = h("g");
    this.base = h("line", { class: "base", x1: 0, x2: "100%" });
    this.element = h("svg", { height: height + 20, "aria-hidden": "true" }, this.bars, this.base, this.below);
  }

  /** Let `below(size)` make what stands under the bars, once for each size. */
  draw(row, ghost, [low, high], below, changed = () => false) {
    if (row.length !== this.#size) this.#resize(row.length, below);
    const y = (value) => 4 + ((high - value) / (high - low)) * (this.height - 8);
    put(this.base, { y1: y(0), y2: y(0) });
    const place = (value) => ({ y: y(Math.max(0, value)), height: Math.abs(y(value) - y(0)) });
    row.forEach((value, c) => {
      const { y, height } = place(value);
      const look = changed(c) ? "bar changed" : "bar";
      put(this.solid[c], { y: y - (height ? 0 : 1), height: height || 2, class: look });
      put(this.dashed[c], place(ghost[c])); // a bar of height 0 is not drawn
    });
  }

  #resize(size, below) {
    this.#size = size;
    const rect = (name, c, inset) =>
      h("rect", { class: name, x: percent((c + inset) / size), width: percent((1 - 2 * inset) / size) });
    this.solid = Array.from({ length: size }, (_, c) => rect("bar", c, 0.16));
    this.dashed = Array.from({ length: size }, (_, c) => rect("ghost", c, 0.06));
    this.bars.replaceChildren(...this.solid, ...this.dashed);
    this.below.replaceChildren(...below(size));
  }
}

/** Draw a plane in gray, `wide` pixels across, with a corner for each cell that is marked. */
function paint(canvas, plane, [low, high], wide, marked = () => false) {
  const [rows, columns] = [plane.length, plane[0].length];
  const side = Math.floor(wide / Math.max(rows, columns));
  if (canvas.width !== columns * side || canvas.height !== rows * side) {
    [canvas.width, canvas.height] = [columns * side, rows * side];
  }
  const context = canvas.getContext("2d");
  const corners = new Path2D();
  plane.forEach((row, r) => row.forEach((value, c) => {
    context.fillStyle = GRAYS[Math.round((255 * (value - low)) / (high - low))];
    context.fillRect(c * side, r * side, side, side);
    if (!marked(r, c)) return;
    const [x, y, size] = [(c + 1) * side - 1, r * side + 1, 0.5 * side];
    corners.moveTo(x - size, y);
    corners.lineTo(x, y);
    corners.lineTo(x, y + size);
    corners.closePath();
  }));
  context.fillStyle = "#ff9d3b";
  context.fill(corners);
  context.stroke(corners);
}

const GRAYS = Array.from({ length: 256 }, (_, gray) => `rgb(${gray},${gray},${gray})`);

class ShiftExplorer extends Explorer {
  static sheets = [SHIFT];
  #drag = null;
  #metric = "change";
  #phases = new Map();
  #drawn = "";

  build() {
    this.bars = new Bars(120);
    this.canvas = h("canvas");
    this.seams = [0, 1].map(() => ["seam", "seam top"].map((name) => h("line", { class: name })));
    this.overlay = h("svg", { class: "seams" }, ...this.seams.flat());
    this.stage = h("div",
      { class: "stage", role: "slider", tabindex: 0, "aria-valuemin": -FAR, "aria-valuemax": FAR },
      this.bars.element, this.canvas, this.overlay);
    this.#listen();
    this.caption = h("figcaption");
    this.preset = choice("Input", { ...PRESETS, own: "your own" },
      (name) => name !== "own" && this.#change({ values: PRESETS[name][1] }));
    const to = (axis, value) => this.state.shift.map((old, at) => (at === axis ? value : old));
    const mover = (axis, name, back, on) => {
      const by = (step) => () => this.#change({ shift: to(axis, near(this.state.shift[axis] + step)) });
      const control = slider(name, -FAR, FAR, (value) => this.#change({ shift: to(axis, value) }));
      const element = h("div", { class: "mover" }, button("−1", by(-1), { "aria-label": `One cell ${back}` }),
        control.element, button("+1", by(1), { "aria-label": `One cell ${on}` }));
      return { element, show: control.show };
    };
    this.movers = [mover(0, "Down", "up", "down"), mover(1, "Right", "left", "right")];
    this.panels = h("div", { class: "panels" }, ...Object.keys(POOLS).map((name) => this.#panel(name)));
    this.legend = h("p", { class: "quiet" });
    this.app.append(
      this.preset.element,
      h("figure", {}, this.stage, this.caption),
      h("div", { class: "movers" }, this.movers[1].element, this.movers[0].element),
      this.panels,
      this.legend,
      this.#chart(),
      h("p", { class: "quiet" }, DEFINITION),
    );
  }

  stop() {
    this.#release();
  }

  update(names) {
    if (names.includes("values")) {
      const values = JSON.stringify(this.state.values);
      const preset = Object.keys(PRESETS).find((name) => JSON.stringify(PRESETS[name][1]) === values);
      this.preset.show(preset ?? "own");
      this.#phases.clear();
    }
    this.#show();
  }

  #change(settings) {
    this.change(settings);
    if (!this.#drag) this.say(this.#spoken());
  }

  /** Dragging, and the keys of a slider. */
  #listen() {
    const { stage } = this;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button || !event.isPrimary) return;
      stage.setPointerCapture(event.pointerId);
      stage.focus({ preventScroll: true });
      const { width, height } = stage.getBoundingClientRect();
      const { values, shift } = this.state;
      this.#drag = { id: event.pointerId, x: event.clientX, y: event.clientY, shift,
        cell: [height / values.length, width / values[0].length] };
      stage.toggleAttribute("data-drag", true);
    });
    stage.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.#drag?.id) return;
      const { x, y, cell, shift } = this.#drag;
      const by = [this.#flat() ? 0 : (event.clientY - y) / cell[0], (event.clientX - x) / cell[1]];
      this.#change({ shift: shift.map((from, axis) => near(from + Math.round(by[axis]))) });
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      stage.addEventListener(name, (event) => event.pointerId === this.#drag?.id && this.#release());
    }
    stage.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Escape" && this.#drag) {
        this.change({ shift: this.#drag.shift });
        return this.#release();
      }
      const [down, right] = this.state.shift;
      const next = {
        ArrowLeft: [down, right - 1], ArrowRight: [down, right + 1],
        ArrowUp: this.#flat() ? [down, right + 1] : [down - 1, right],
        ArrowDown: this.#flat() ? [down, right - 1] : [down + 1, right],
        Home: [down, -FAR], End: [down, FAR], 0: [0, 0],
      }[event.key];
      if (!next) return;
      event.preventDefault();
      this.#change({ shift: next.map(near) });
    });
  }

  #release() {
    if (!this.#drag) return;
    const { id } = this.#drag;
    this.#drag = null;
    this.stage.removeAttribute("data-drag");
    if (this.stage.hasPointerCapture(id)) this.stage.releasePointerCapture(id);
    this.say(this.#spoken());
  }

  #flat() {
    return this.state.values.length === 1;
  }

  /** The shift that counts: a signal moves along its row alone. */
  #shift() {
    const [down, right] = this.state.shift;
    return [this.#flat() ? 0 : down, right];
  }

  #panel(name) {
    const part = {
      bars: new Bars(72),
      now: h("canvas"),
      before: h("canvas"),
      verdict: h("p", { class: "verdict" }),
      text: h("p", { class: "words" }),
    };
    part.two = h("div", { class: "two" },
      h("figure", {}, part.now, h("figcaption", {}, "now")),
      h("figure", {}, part.before, h("figcaption", {}, "before")));
    part.picture = h("div", { role: "img" }, part.bars.element, part.two);
    part.element = h("div", { class: "panel", role: "group", "aria-label": POOLS[name].name },
      h("h4", {}, POOLS[name].name), part.picture, part.verdict, part.text);
    this.parts = { ...this.parts, [name]: part };
    return part.element;
  }

  #chart() {
    const metric = (name, text) => button(text, () => {
      this.#metric = name;
      this.#draw();
    });
    this.metrics = { share: metric("share", "Cells kept"), change: metric("change", "Mean change") };
    this.chartName = h("b");
    this.lanes = Object.fromEntries(Object.entries(POOLS).map(([key, { name }]) => {
      const plot = h("svg", { height: 48, role: "img" });
      return [key, { name, plot, value: h("div", { class: "value" }) }];
    }));
    this.axis = h("svg", { height: 18, "aria-hidden": "true" });
    this.tableName = h("caption");
    this.table = h("tbody");
    const lane = (...parts) => h("div", { class: "lane" }, ...parts);
    return h("figure", {},
      h("div", { class: "head" }, this.chartName,
        h("div", { class: "switch", role: "group", "aria-label": "What the figure shows" },
          ...Object.values(this.metrics))),
      ...Object.values(this.lanes).map(({ name, plot, value }) =>
        lane(h("div", {}, name), h("div", { class: "plot" }, plot), value)),
      lane(h("div", { class: "plot axis" }, this.axis, "shift to the right or left, in cells")),
      h("details", {}, h("summary", {}, "The figure as a table"),
        h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" },
          h("table", {}, this.tableName, this.table))));
  }

  #show() {
    const { values } = this.state;
    const shift = this.#shift();
    const flat = this.#flat();
    const moved = roll(values, shift);
    const cells = values.flat();
    const [least, most] = [Math.min(...cells), Math.max(...cells)];
    this.limits = flat ? [Math.min(0, least), Math.max(0, most)] : [least, most];
    if (this.limits[0] === this.limits[1]) this.limits[1] += 1;

    this.#showInput(values, moved, shift, flat);
    for (const name of Object.keys(POOLS)) {
      this.#showPanel(this.parts[name], shifted(name, values, shift, this.#phases), flat);
    }
    this.panels.classList.toggle("picture", !flat);
    this.panels.classList.toggle("long", values[0].length > 16);
    write(this.legend, LEGENDS[flat ? "signal" : "picture"]);
    this.#draw();
  }

  #showInput(values, moved, shift, flat) {
    const { stage } = this;
    const said = words(shift);
    const where = said ? "moved " + said : "not moved";
    stage.classList.toggle("picture", !flat);
    this.bars.element.toggleAttribute("hidden", !flat);
    this.canvas.hidden = flat;
    this.overlay.toggleAttribute("hidden", flat);
    if (flat) this.bars.draw(moved[0], values[0], this.limits, strips);
    else {
      paint(this.canvas, moved, this.limits, 480);
      [values.length, values[0].length].forEach((size, axis) => {
        const by = modulo(shift[axis], size);
        const at = by ? percent(by / size) : -9; // its own edge needs no line
        const ends = axis ? { x1: at, x2: at, y1: 0, y2: "100%" } : { y1: at, y2: at, x1: 0, x2: "100%" };
        for (const line of this.seams[axis]) put(line, ends);
      });
    }
    put(stage, {
      "aria-label": flat ? "Signal, drag it along its ring" : "Picture, drag it on its ring",
      "aria-valuenow": shift[1],
      "aria-valuetext": where,
    });
    const size = flat ? `${values[0].length} cells` : `${values.length} × ${values[0].length} cells`;
    const hint = flat ? "Dashed: as it was. Below: the windows of 2/2, which stay where they are."
      : "Dashed lines: where its edges are now.";
    write(this.caption, `Input of ${size}, ${where}. Drag it. ${hint}`);
    this.movers[0].element.hidden = flat;
    this.movers.forEach(({ show }, axis) => show(this.state.shift[axis]));
  }

  #showPanel(part, { after, moved, kept, count, cells, change, move }, flat) {
    const all = count === cells;
    const along = words(move);
    part.bars.element.toggleAttribute("hidden", !flat);
    part.two.hidden = flat;
    if (flat) {
      part.bars.draw(after[0], moved[0], this.limits, marks, (c) => !kept[0][c]);
      [...part.bars.below.children].forEach((mark, c) => {
        put(mark, { class: kept[0][c] ? "mark kept" : "mark" });
        write(mark, kept[0][c] ? (cells > 8 ? "·" : "=") : "≠");
      });
    } else {
      paint(part.now, after, this.limits, 256, (r, c) => !kept[r][c]);
      paint(part.before, moved, this.limits, 256);
    }
    part.element.classList.toggle("changed", !all);
    write(part.verdict, all ? "= same, " + (along ? "moved " + along : "in place") : "≠ changed");
    const told = `${count} of ${cells} cells keep their value; mean change ${number(change, 4)}`;
    write(part.text, told);
    const shown = flat ? after[0].map((value) => number(value, 3)).join(", ") : told;
    put(part.picture, { "aria-label": `Output: ${shown}` });
    part.all = all;
  }

  /** The figure over all shifts, and the same as a table. */
  #draw() {
    const { values } = this.state;
    const [down, right] = this.#shift();
    const columns = values[0].length;
    const last = Math.max(8, columns / 2);
    const round = modulo(right, columns);
    const at = Math.abs(right) <= last ? Math.abs(right) : Math.min(round, columns - round);
    const shares = this.#metric === "share";
    const curves = Object.keys(POOLS).map((name) => Array.from({ length: last + 1 }, (_, by) => {
      const { count, cells, change } = figures(name, values, [down, by], this.#phases);
      return { value: shares ? count / cells : change, all: count === cells };
    }));
    const top = shares ? 1 : Math.max(...curves.flat().map(({ value }) => value)) || 1;
    const text = (value) => (shares ? `${number(100 * value, 3)} %` : number(value, 4));
    for (const [name, element] of Object.entries(this.metrics)) {
      put(element, { "aria-pressed": name === this.#metric });
    }
    Object.values(this.lanes).forEach((lane, i) => write(lane.value, text(curves[i][at].value)));

    const x = (by) => percent(by / last);
    const key = JSON.stringify([curves, shares, down]);
    if (key !== this.#drawn) {
      this.#drawn = key;
      const others = down ? `, ${words([down, 0])}` : "";
      write(this.chartName, (shares ? "Share of cells that keep their value" : "Mean change") + others);
      const y = (value) => 40 - 30 * (value / top);
      Object.values(this.lanes).forEach((lane, i) => this.#curve(lane, curves[i], text, text(top), x, y));
      const shifts = Array.from({ length: last + 1 }, (_, by) => by);
      this.ticks = shifts.map((by) => h("text", { x: x(by), y: 13, "text-anchor": "middle" }, `${by}`));
      this.axis.replaceChildren(...this.ticks);
      write(this.tableName, this.chartName.textContent);
      this.table.replaceChildren(
        h("tr", {}, h("th", { scope: "row" }, "shift"),
          ...shifts.map((by) => h("th", { scope: "col" }, `${by}`))),
        ...Object.values(this.lanes).map(({ name }, i) => h("tr", {}, h("th", { scope: "row" }, name),
          ...curves[i].map(({ value }) => h("td", {}, text(value))))));
    }
    for (const { now, dots } of Object.values(this.lanes)) {
      put(now, { x1: x(at), x2: x(at) });
      dots.forEach((dot, by) => put(dot, { r: by === at ? 5.5 : 3.5 }));
    }
    this.ticks.forEach((tick, by) => put(tick, { class: by === at ? "at" : "" }));
  }

  #curve(lane, curve, text, top, x, y) {
    const line = (name, x1, y1, x2, y2) => h("line", { class: name, x1, y1, x2, y2 });
    const label = (text, y) => h("text", { x: -8, y, "text-anchor": "end" }, text);
    const points = curve.map(({ value }, by) => [x(by), y(value)]);
    lane.now = line("now", 0, 0, 0, 48);
    const look = (by) => (curve[by].all ? "dot all" : "dot");
    lane.dots = points.map(([cx, cy], by) => h("circle", { class: look(by), cx, cy }));
    lane.plot.replaceChildren(
      line("rule", 0, 10, "100%", 10), line("rule", 0, 40, "100%", 40), lane.now,
      label(top, 14), label("0", 44),
      ...points.slice(1).map((point, by) => line("link", ...points[by], ...point)), ...lane.dots);
    const told = curve.map(({ value }) => text(value)).join(", ");
    put(lane.plot, { "aria-label": `${lane.name}, shifts 0 to ${curve.length - 1}: ${told}` });
  }

  #spoken() {
    const said = words(this.#shift());
    const list = (title, all) => {
      const names = Object.keys(POOLS).filter((name) => this.parts[name].all === all);
      return names.length ? ` ${title}: ${names.map((name) => POOLS[name].name).join(", ")}.` : "";
    };
    return (said ? "Moved " + said : "Not moved") + "." + list("Same", true) + list("Changed", false);
  }
}

/** Under the input: one strip for each window of 2/2. */
const strips = (size) => Array.from({ length: size / 2 }, (_, i) => {
  const [x, width] = [percent((2 * i + 0.1) / size), percent(1.8 / size)];
  return h("rect", { class: "strip", x, width, y: 127, height: 7, rx: 3 });
});

/** Under an output: one mark for each cell. */
const marks = (size) => Array.from({ length: size }, (_, c) =>
  h("text", { x: percent((c + 0.5) / size), y: 86 }));

export default face("shift-explorer", ShiftExplorer);
