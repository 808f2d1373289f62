// The bin explorer: six rules cut an axis of a cells into n bins, level by level, side by side.

import BINS from "./bins.css" with { type: "css" };
import { button, clamp, downward, Explorer, face, h } from "./kit.mjs";
import { binCoverage, paperPrediction, RULES } from "./rules.mjs";
import { SETTINGS } from "./settings.mjs";

// Formulas stand between backticks: they are not broken at the end of a line.
const HOW = {
  adaptive: "bin i is `[⌊i·a/n⌋, ⌈(i + 1)·a/n⌉)`",
  paper: "window `⌈a/n⌉`, stride `⌊a/n⌋`",
  symmetric: "window and stride `⌈a/n⌉`, padded on both sides",
  rounded: "edges `i·a/n`, rounded to the nearest cell",
  stretched: "stride `⌊a/n⌋`, window `a − (n − 1)·⌊a/n⌋`",
  fixed: "window and stride `⌈13/n⌉`, made for 13 cells",
};
const THEOREM = "Theorem: for `a = q·n + r` with `a ≥ n`, there are n bins and no cell is unread " +
  "if `r = 0`; otherwise `n + ⌊(r − 1)/q⌋` bins and `(r − 1) mod q` cells unread.";

/** The rules that slide a window: window, stride, padding. */
const SLIDES = {
  paper: (a, n) => [Math.ceil(a / n), Math.floor(a / n), 0],
  symmetric: (a, n) => [Math.ceil(a / n), Math.ceil(a / n), Math.ceil((Math.ceil(a / n) * n - a) / 2)],
  stretched: (a, n) => [a - (n - 1) * Math.floor(a / n), Math.floor(a / n), 0],
  fixed: (a, n) => [Math.ceil(13 / n), Math.ceil(13 / n), 0],
};
const MOST_CELLS = SETTINGS.size.limits[1];
const MOST_LEVELS = SETTINGS.levels.limits[1];

// Drawings are WIDE units wide; a cell is at most BROAD units wide and, in a strip, TALL units high.
const [WIDE, BROAD, TALL, BARS] = [240, 60, 14, 17];

const words = (amount, name) => `${amount} ${name}${amount === 1 ? "" : "s"}`;
const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const squares = (numbers) => sum(numbers.map((one) => one * one));
const round = (value) => Math.round(value * 100) / 100;
const write = (element, text) => element.textContent === text || (element.textContent = text);
const together = (text) => text.replaceAll(" ", "\u00a0");
const formulas = (text) =>
  text.split("`").map((part, i) => (i % 2 ? h("span", { class: "formula" }, together(part)) : part));
const put = (element, name, value) =>
  element.getAttribute(name) === value || element.setAttribute(name, value);

/** Say in a class and with a mark whether something is as it should be. */
function judge(element, good, text) {
  write(element, `${text}\u00a0${good ? "✓" : "✗"}`);
  element.classList.toggle("yes", good);
  element.classList.toggle("no", !good);
}

/** What a rule makes of a cells at level n. */
function cut(rule, a, n) {
  try {
    const made = RULES[rule](a, n);
    const reads = binCoverage(made, a);
    const cells = reads.map((_, cell) => cell);
    const full = made.filter(([start, stop]) => Math.min(stop, a) > Math.max(start, 0)).length;
    const unread = cells.filter((cell) => !reads[cell]);
    return {
      n, made, reads, full, unread,
      shared: cells.filter((cell) => reads[cell] > 1),
      right: made.length === n && full === n && !unread.length,
    };
  } catch (error) {
    return { n, error: error.message, right: false };
  }
}

/** What a rule comes to at level n: its window, or the cells of its bins. */
function inNumbers(rule, { n, made }, a) {
  if (rule in SLIDES) {
    const [kernel, stride, padding] = SLIDES[rule](a, n);
    return `window ${kernel}, stride ${stride}` + (padding ? `, padding ${padding}` : "");
  }
  const cells = made.map(([start, stop]) => stop - start);
  const some = cells.length > 6 ? [...cells.slice(0, 3), "…", cells.at(-1)] : cells;
  return `${some.join(", ")} cell${cells.length === 1 && cells[0] === 1 ? "" : "s"}`;
}

/** What the theorem says of the paper's rule, and whether the drawn bins agree. */
function theorem({ n, made, unread }, a) {
  const below = `${a} < ${n}`;
  if (a < n) {
    return [`${together(below)}: the theorem does not apply (q would be 0), and the rule is refused`];
  }
  const tell = (bins, cells) => `${words(bins, "bin")}, ${cells} unread`;
  const predicted = tell(...paperPrediction(a, n));
  const equation = together(`${a} = ${Math.floor(a / n)}·${n} + ${a % n}`);
  return [`${equation}, theorem: ${together(predicted)} `, predicted === tell(made.length, unread.length)];
}

/** Join neighboring cells: [2, 3, 7] to [[2, 4], [7, 8]]. */
function runs(cells) {
  const found = [];
  for (const cell of cells) {
    if (found.at(-1)?.[1] === cell) found.at(-1)[1] += 1;
    else found.push([cell, cell + 1]);
  }
  return found;
}

/** Put each bar in the first lane where it covers no earlier bar. A bin of no cell takes no lane. */
function lanes(made) {
  const ends = [];
  return made.map(([start, stop]) => {
    if (start === stop) return 0;
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = stop;
    return lane;
  });
}

/** How far each bin of no cell stands from its edge, so that those at the same edge stand side by side. */
function aside(made, step) {
  const same = (start) => made.flatMap((bin, i) => (bin[0] === start && bin[1] === start ? [i] : []));
  return made.map(([start, stop], i) => {
    if (start !== stop) return 0;
    const all = same(start);
    return (all.indexOf(i) - (all.length - 1) / 2) * step;
  });
}

const tick = (x, y) => `M${round(x)} ${round(y)}l2.6 6h-5.2z`;
const box = (x, y, w, t) => `M${round(x)} ${round(y)}h${round(w)}v${round(t)}h${round(-w)}z`;

/** Slanted lines in a box. All boxes of a drawing share the same lines, so that crossing bands match. */
function hatch(x, y, w, t, step = 4) {
  let path = "";
  for (let c = Math.ceil((x + y) / step) * step; c <= x + w + y + t; c += step) {
    const [from, to] = [Math.max(x, c - y - t), Math.min(x + w, c - y)];
    path += `M${round(from)} ${round(c - from)}L${round(to)} ${round(c - to)}`;
  }
  return path;
}

/** A drawing made of one path for each kind of thing, in the order from back to front. */
function drawing(label, tall, ...names) {
  const parts = Object.fromEntries(names.map((name) => [name, h("path", { class: name })]));
  parts.times = h("text", { class: "times" });
  const element = h("svg", { viewBox: `0 0 ${WIDE} ${tall}`, role: "img", "aria-label": label },
    ...Object.values(parts));
  return { element, parts };
}

const PARTS = ["cell", "shared", "marks", "unread", "hatch", "grid", "pad"];

/** One level of one rule: how many bins, the strip, and what is wrong with the cells. */
function levelRow(rule) {
  const name = h("b");
  const bins = h("span");
  const { element: svg, parts } = drawing("", TALL + BARS + 1, ...PARTS, "bar", "empty", "ticks");
  const numbers = h("p", { class: "soft" });
  const cells = h("span");
  const lost = h("span");
  const plain = h("b");
  const message = h("span", { class: "soft" });
  const refusal = h("p", { class: "refusal" }, plain, message);
  const note = h("p", { class: "note" }, lost, cells);
  const says = h("span");
  const agrees = h("b");
  const element = h("div", { class: "level" },
    h("p", { class: "head" }, name, bins), numbers, svg, note, refusal);
  if (rule === "paper") element.append(h("p", { class: "says" }, says, agrees));

  function draw({ made, reads, full, unread, shared }, a, low, unit) {
    const x = (cell) => (cell - low) * unit;
    const fill = (list, shape) => runs(list).map(([s, t]) => shape(x(s), 1, (t - s) * unit, TALL)).join("");
    const room = unit >= 7;
    const lines = Array.from({ length: a - 1 }, (_, i) => `M${round(x(i + 1))} 1v${TALL}`);
    const padding = [...new Set(made.flatMap(([start, stop]) =>
      Array.from({ length: stop - start }, (_, i) => start + i)))].filter((cell) => cell < 0 || cell >= a);
    put(parts.cell, "d", box(x(0), 1, a * unit, TALL));
    put(parts.shared, "d", fill(shared, box));
    put(parts.unread, "d", fill(unread, box));
    put(parts.hatch, "d", fill(unread, hatch));
    put(parts.grid, "d", lines.join(""));
    put(parts.grid, "stroke-width", `${round(Math.min(1.2, unit / 6))}`);
    put(parts.marks, "d", room ? "" : fill(shared, (left, top, w) =>
      [4, 7, 10].map((down) => `M${round(left)} ${top + down}h${round(w)}`).join("")));
    put(parts.times, "x", shared.map((cell) => round(x(cell + 0.5))).join(" "));
    put(parts.times, "y", `${TALL / 2 + 4.2}`);
    write(parts.times, room ? shared.map((cell) => reads[cell]).join("") : "");
    put(parts.pad, "d", padding.map((cell) => box(x(cell) + 0.8, 1.6, unit - 1.6, TALL - 1.2)).join(""));

    const lane = lanes(made);
    const pitch = Math.min(6, BARS / (Math.max(...lane) + 1));
    const gap = Math.max(0.4, unit * 0.07);
    const shift = aside(made, 6.5);
    const bars = { bar: "", empty: "", ticks: "" };
    made.forEach(([start, stop], i) => {
      if (start === stop) {
        bars.ticks += tick(x(start) + shift[i], TALL + 4.5 + pitch);
        return;
      }
      const kind = Math.min(stop, a) > Math.max(start, 0) ? "bar" : "empty";
      const wide = Math.max(1.2, (stop - start) * unit - 2 * gap); // wide enough to be seen
      bars[kind] += box(x(start) + gap, TALL + 3.5 + lane[i] * pitch, wide, pitch * 0.72);
    });
    for (const [kind, path] of Object.entries(bars)) put(parts[kind], "d", path);
    const list = (some) => some.join(", ") || "none";
    const ends = made.map(([start, stop]) => (stop > start ? `${start} to ${stop - 1}` : "no cell"));
    put(svg, "aria-label", `Cells of the bins: ${list(ends)}. Unread cells: ${list(unread)}. ` +
      `Shared cells: ${list(shared)}. Empty bins: ${made.length - full}.`);
  }

  return {
    element,
    show(found, a, low, unit) {
      const { n, error, made, full, unread, shared } = found;
      write(name, `level ${n}`);
      write(numbers, inNumbers(rule, found, a));
      if (rule === "paper") {
        const [text, agree] = theorem(found, a);
        write(says, text);
        write(agrees, agree === undefined ? "" : agree ? "✓\u00a0agrees" : "✗\u00a0differs");
        agrees.className = agree ? "yes" : "no";
      }
      svg.toggleAttribute("hidden", Boolean(error));
      note.hidden = Boolean(error);
      refusal.hidden = !error;
      if (error) {
        const unfit = rule === "fixed";
        const [kernel] = SLIDES.fixed(a, n);
        write(plain, unfit ? `a window of ${kernel} does not fit into ${words(a, "cell")}` : "");
        write(message, error);
        return judge(bins, false, "refused");
      }
      const enough = made.length === n;
      judge(bins, enough, enough ? words(n, "bin") : `${words(made.length, "bin")}, not ${n}`);
      const empty = made.length - full;
      const faults = [unread.length && `${unread.length} unread ✗`, empty && `${empty} empty ✗`];
      write(lost, faults.filter(Boolean).join(", "));
      lost.className = "no";
      write(cells, `${lost.textContent ? ", " : "all read, "}${shared.length} shared`);
      draw(found, a, low, unit);
    },
  };
}

/** A level in two dimensions: bands of rows and columns. */
function levelSquare() {
  const name = h("b");
  const note = h("p");
  const { element: svg, parts } = drawing("", WIDE, ...PARTS, "empty", "nothing", "bins");
  svg.classList.add("square");
  const element = h("div", { class: "level" }, h("p", { class: "head" }, name), note, svg);

  function bands(list, shape, a, x, unit) {
    return runs(list).map(([s, t]) =>
      shape(x(0), x(s), a * unit, (t - s) * unit) + shape(x(s), x(0), (t - s) * unit, a * unit)).join("");
  }

  return {
    element,
    show({ n, error, made = [], full = 0, unread = [], shared = [] }, a, low, unit, span) {
      const x = (cell) => round((cell - low) * unit);
      const first = Math.min(0, ...made.map(([start]) => start));
      const last = Math.max(a, ...made.map(([, stop]) => stop));
      put(svg, "viewBox", `0 0 ${WIDE} ${round(Math.min(WIDE, span * unit))}`);
      const cross = (at) => `M${x(0)} ${x(at)}h${round(a * unit)}M${x(at)} ${x(0)}v${round(a * unit)}`;
      const lines = Array.from({ length: a - 1 }, (_, i) => cross(i + 1));
      put(parts.cell, "d", error ? "" : box(x(0), x(0), a * unit, a * unit));
      put(parts.shared, "d", bands(shared, box, a, x, unit));
      put(parts.marks, "d", shared.map((cell) => cross(cell + 0.5)).join(""));
      put(parts.unread, "d", bands(unread, box, a, x, unit));
      put(parts.hatch, "d", bands(unread, hatch, a, x, unit));
      put(parts.grid, "d", error ? "" : lines.join(""));
      put(parts.grid, "stroke-width", `${round(Math.min(1, unit / 8))}`);
      const framed = error || last - first > a; // a dashed frame around the padding, or around nothing
      const [corner, side] = [x(first) + 0.6, (last - first) * unit - 1.2];
      put(parts.pad, "d", framed ? box(corner, corner, side, side) : "");

      const flat = made.some(([start, stop]) => start === stop); // they need room between the outlines
      const gap = flat ? unit * 0.12 : Math.max(0.7, Math.min(2, unit * 0.1));
      const shift = aside(made, 4);
      const sides = made.map(([start, stop], i) => {
        const from = (start - low) * unit + (start === stop ? shift[i] : gap);
        const long = Math.max(0.01, (stop - start) * unit - 2 * gap); // of no length, nothing is drawn
        return [round(from), `h${round(long)}`, `v${round(long)}`, `h${round(-long)}`,
          start === stop ? 0 : Math.min(stop, a) > Math.max(start, 0) ? 2 : 1];
      });
      const outlines = ["", "", ""];
      for (const [top, , down, , tall] of sides) {
        for (const [left, right, , back, wide] of sides) {
          outlines[Math.min(tall, wide)] += `M${left} ${top}${right}${down}${back}z`;
        }
      }
      ["nothing", "empty", "bins"].forEach((kind, i) => put(parts[kind], "d", outlines[i]));
      write(name, `level ${n} on ${a} × ${a} cells`);
      const never = a * a - (a - unread.length) ** 2;
      const hollow = made.length ** 2 - full ** 2;
      const text = error ? "Refused: no bins to draw."
        : `${made.length} × ${made.length} = ${words(made.length ** 2, "number")}` +
          (hollow ? `, ${hollow} of empty bins; ` : "; ") +
          (never ? `${never} of ${a * a} cells unread` : "all cells read");
      write(note, text);
      put(svg, "aria-label", `${a} by ${a} cells. ${text}`);
    },
  };
}

class BinExplorer extends Explorer {
  static sheets = [BINS];

  build() {
    const numbers = Array.from({ length: MOST_LEVELS }, (_, i) => MOST_LEVELS - i);
    const chips = (text, press, name) => {
      const all = numbers.map((n) => [n, button(`${n}`, () => press(n), { "aria-label": name(n) })]);
      const element = h("div", { class: "chips", role: "group", "aria-label": text },
        h("span", {}, text), ...all.map(([, chip]) => chip));
      return { element, all };
    };
    this.levels = chips("Bins per axis (levels)", (n) => this.#toggle(n), (n) => `Level ${n}`);
    this.drawn = chips("In two dimensions", (level) => this.#by({ level }),
      (n) => `Draw level ${n} in two dimensions`);
    this.cards = Object.fromEntries(Object.keys(RULES).map((rule) => [rule, this.#card(rule)]));
    this.wanted = h("p", { class: "wanted" });
    this.grid = h("div", { class: "cards" }, ...Object.values(this.cards).map(({ element }) => element));
    this.app.append(this.#sizes(), this.levels.element, this.drawn.element, this.wanted, this.#key(),
      this.grid);
  }

  update() {
    const { size: a, levels, level } = this.state;
    const shown = levels.includes(level) ? level : levels[0];
    const goal = squares(levels);
    this.found = Object.fromEntries(
      Object.keys(RULES).map((rule) => [rule, levels.map((n) => cut(rule, a, n))]));
    this.range.value = a;
    this.range.setAttribute("aria-valuetext", words(a, "cell"));
    if (Number(this.field.value) !== a) this.field.value = a;
    this.fewer.ariaDisabled = a === 1; // not disabled: it would lose the focus
    this.more.ariaDisabled = a === MOST_CELLS;
    for (const [n, chip] of this.levels.all) put(chip, "aria-pressed", `${levels.includes(n)}`);
    for (const [n, chip] of this.drawn.all) {
      chip.hidden = !levels.includes(n);
      put(chip, "aria-pressed", `${n === shown}`);
    }
    const terms = levels.map((n) => `${n}²`).join(" + ");
    write(this.wanted, `All levels together: ${terms} = ${words(goal, "number")} a channel, for every a.`);
    this.grid.style.setProperty("--rows", levels.length + 5); // what a card is made of
    for (const [rule, card] of Object.entries(this.cards)) card.show(this.found[rule], a, shown, goal);
  }

  /** Change by hand, and tell the outcome. */
  #by(settings) {
    this.change(settings);
    this.say(this.#spoken());
  }

  #toggle(n) {
    const { levels } = this.state;
    const rest = levels.filter((other) => other !== n);
    if (!rest.length) return this.say("At least one level stays on");
    this.#by({ levels: rest.length < levels.length ? rest : downward([...levels, n]) });
  }

  #sizes() {
    const set = (size) => this.#by({ size: clamp(size, 1, MOST_CELLS) });
    const label = "Cells of the axis, a";
    this.range = h("input", { type: "range", min: 1, max: MOST_CELLS, step: 1, "aria-label": label });
    this.range.addEventListener("input", () => set(Number(this.range.value)));
    this.field = h("input", { type: "number", min: 1, max: MOST_CELLS, step: 1, id: "cells",
      inputmode: "numeric", "aria-label": label });
    const typed = () => {
      const size = parseFloat(this.field.value);
      return Number.isInteger(size) ? size : NaN;
    };
    this.field.addEventListener("input", () => typed() >= 1 && typed() <= MOST_CELLS && set(typed()));
    this.field.addEventListener("change", () => {
      if (!Number.isNaN(typed())) set(typed());
      this.field.value = this.state.size;
    });
    this.fewer = button("−", () => set(this.state.size - 1), { "aria-label": "One cell fewer" });
    this.more = button("+", () => set(this.state.size + 1), { "aria-label": "One cell more" });
    return h("div", { class: "top" },
      h("label", { for: "cells" }, "a ="), this.field, this.fewer, this.more, this.range);
  }

  #key() {
    const sample = (text, ...parts) =>
      h("li", {}, h("svg", { viewBox: "0 0 28 18", "aria-hidden": "true" }, ...parts), text);
    const area = (name) => h("path", { class: name, d: box(4, 2, 20, 14) });
    return h("ul", { class: "key" },
      sample("read by one bin", area("cell")),
      sample("by several (how many)", area("shared"), h("text", { class: "times", x: 14, y: 12.2 }, "2")),
      sample("unread", area("unread"), h("path", { class: "hatch", d: hatch(4, 2, 20, 14) })),
      sample("padding", h("path", { class: "pad", d: box(4, 2, 20, 14) })),
      sample("a bin", h("path", { class: "bar", d: box(4, 6, 20, 5) })),
      sample("an empty bin: only padding", h("path", { class: "empty", d: box(4, 6, 20, 5) })),
      sample("an empty bin: no cell at all", h("path", { class: "ticks", d: tick(9, 6) }),
        h("path", { class: "nothing", d: "M19 4v10" })));
  }

  #card(rule) {
    const verdict = h("p", { class: "verdict" });
    const length = h("p", { class: "sum" });
    const rows = Array.from({ length: MOST_LEVELS }, () => levelRow(rule));
    const square = levelSquare();
    if (rule === "paper") square.element.append(h("p", { class: "soft" }, ...formulas(THEOREM)));
    const element = h("section", { class: "card", "aria-label": `Rule ${rule}` },
      h("h4", {}, rule), h("p", { class: "soft" }, ...formulas(HOW[rule])), verdict, length,
      ...rows.map((row) => row.element), square.element);
    return {
      element,
      show(found, a, level, goal) {
        const wrong = found.filter(({ right }) => !right).map(({ n }) => n);
        judge(verdict, !wrong.length, !wrong.length ? "right at every level"
          : `wrong at level${wrong.length === 1 ? "" : "s"} ${wrong.join(", ")}`);
        const refused = found.filter(({ error }) => error);
        const counts = found.map(({ made }) => made?.length ?? 0);
        const hollow = squares(counts) - squares(found.map(({ full = 0 }) => full));
        const vector = `${words(squares(counts), "number")} a channel`;
        if (refused.length) judge(length, false, "no vector: a level is refused");
        else if (squares(counts) !== goal) judge(length, false, `${vector}, not ${goal}`);
        else if (hollow) judge(length, false, `${vector}, ${hollow} of empty bins`);
        else judge(length, true, vector);

        const starts = found.flatMap(({ made = [] }) => made.map(([start]) => start));
        const stops = found.flatMap(({ made = [] }) => made.map(([, stop]) => stop));
        const low = Math.min(0, ...starts);
        const span = Math.max(a, ...stops) - low;
        const unit = Math.min(BROAD, WIDE / span);
        rows.forEach((row, i) => {
          row.element.hidden = i >= found.length;
          if (found[i]) row.show(found[i], a, low, unit);
        });
        square.show(found.find(({ n }) => n === level), a, low, unit, span);
      },
    };
  }

  /** One short sentence for all six rules. */
  #spoken() {
    const { size, levels } = this.state;
    const goal = squares(levels);
    const parts = Object.entries(this.found).map(([rule, found]) => {
      if (found.some(({ error }) => error)) return `${rule} refused`;
      const faults = [
        found.some(({ unread }) => unread.length) && "unread cells",
        found.some(({ made, full }) => full < made.length) && "empty bins",
      ].filter(Boolean);
      return [`${rule} ${squares(found.map(({ made }) => made.length))} of ${goal}`, ...faults].join(", ");
    });
    return `a = ${size}: ${parts.join("; ")}`;
  }
}

export default face("bin-explorer", BinExplorer);
