// What a window computes: the pools and the convolution of the library, on one plane.

import { SETTINGS } from "./settings.mjs";
import { python, windowPositions } from "./windows.mjs";

/** Whether an operator takes a setting, in torch and in the library; all take what is no argument. */
export const has = (operator, name) => SETTINGS[name].of?.includes(operator) ?? true;

/** The kernels of the convolution, for every kernel size. */
export const WEIGHTS = {
  ones: (h, w) => plane([h, w], () => 1),
  edges: (h, w) => plane([h, w], (i, j) => Math.sign(2 * j - w + 1)),
  outline: (h, w) => plane([h, w], (i, j) => (i === h >> 1 && j === w >> 1 ? h * w - 1 : -1)),
};

/** A table of so many rows and columns. */
export const plane = ([rows, columns], value) =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => value(r, c)));

/** The settings that count: what the operator lacks stays where it starts, and does nothing there. */
export const effective = (settings) => Object.fromEntries(Object.entries(settings).map(([name, value]) =>
  [name, has(settings.operator, name) ? value : SETTINGS[name].start]));

/** List the places of the windows along rows and along columns, or throw the library's message. */
export function tables(settings) {
  const { values, operator, kernel_size, stride, padding, dilation, ceil_mode } =
    effective(settings);
  if (operator !== "conv" && padding.some((p, axis) => p > kernel_size[axis] >> 1)) {
    throw new RangeError(
      `padding must be at most half of kernel_size, got padding=${python(padding)} ` +
        `for kernel_size=${python(kernel_size)}`,
    );
  }
  return [values.length, values[0].length].map((n, axis) =>
    windowPositions(n, kernel_size[axis], stride[axis], padding[axis], dilation[axis], ceil_mode),
  );
}

/** Whether a window over the padding counts a place along one axis in its average. */
const counted = (place, n, edge) => place >= -edge && place < n + edge;

/**
 * Compute one output cell.
 *
 * Returns its value, its terms (one for each place the window reads, with `value` null outside
 * the input and `counts` false where it is not even padding), the winner's flat index for a
 * maximum or minimum (-1 where the window reads padding alone), and the divisor of an average.
 */
export function outputCell(settings, [rows, columns]) {
  const { values, operator, padding, count_include_pad, norm_type, weight } = effective(settings);
  const [h, w] = [values.length, values[0].length];
  const terms = rows.map((row) =>
    columns.map((column) => {
      const inside = row >= 0 && row < h && column >= 0 && column < w;
      const padded = counted(row, h, padding[0]) && counted(column, w, padding[1]);
      return { row, column, value: inside ? values[row][column] : null, counts: padded };
    }),
  );
  const cells = terms.flat();
  const result = { terms, winner: null, divisor: null };
  if (operator === "max" || operator === "min") {
    const sign = operator === "max" ? 1 : -1;
    let best = null;
    for (const cell of cells) {
      if (cell.value !== null && (best === null || sign * (cell.value - best.value) > 0)) best = cell;
    }
    const winner = best === null ? -1 : best.row * w + best.column;
    return { ...result, value: best === null ? -sign * Infinity : best.value, winner };
  }
  const sum = (term) =>
    terms.reduce((all, line) => all + line.reduce((part, cell) => part + term(cell), 0), 0);
  if (operator === "avg") {
    const include = (cell) => (count_include_pad ? cell.counts : cell.value !== null);
    const divisor = cells.filter(include).length;
    return { ...result, value: sum((cell) => cell.value ?? 0) / divisor, divisor };
  }
  if (operator === "lp") {
    const divisor = cells.filter((cell) => cell.value !== null).length;
    const powers = sum((cell) => (cell.value === null ? 0 : cell.value ** norm_type));
    return { ...result, value: ((powers * cells.length) / divisor) ** (1 / norm_type), divisor };
  }
  const kernel = WEIGHTS[weight](rows.length, columns.length).flat();
  cells.forEach((cell, i) => (cell.weight = kernel[i]));
  return { ...result, value: sum((cell) => (cell.value ?? 0) * cell.weight) };
}

const FIRST = ["norm_type", "kernel_size", "weight", "stride"]; // of a call, the default or not

/** Write the call in the words of `pooling` or of torch: the stride, and what is not where it starts, the default. */
export function call(settings, library) {
  const state = effective(settings);
  const { operator } = settings;
  const torch = library === "torch";
  const conv = operator === "conv";
  const negated = torch && operator === "min";
  const words = [negated ? "-x" : "x"];
  const add = (name) => words.push(`${name}=${python(state[name])}`);
  if (operator === "lp") add("norm_type");
  if (conv) words.push("weight");
  else add("kernel_size");
  add("stride");
  for (const [name, { of, start }] of Object.entries(SETTINGS)) {
    if (of && !FIRST.includes(name) && python(state[name]) !== python(start)) add(name);
  }
  const name = conv ? "conv2d" : `${negated ? "max" : operator}_pool2d`;
  const line = `${torch ? "F" : "pooling"}.${name}(${words.join(", ")})`;
  return negated ? `-${line}` : line;
}

/** Write the whole program: imports, the input, the weight of a convolution, the call. */
export function program(settings, library) {
  const torch = library === "torch";
  const array = (table) =>
    torch ? `torch.tensor([${table}], dtype=torch.float64)` : `np.array([${table}], dtype=float)`;
  const lines = torch
    ? ["import torch", "import torch.nn.functional as F"]
    : ["import numpy as np", "import pooling"];
  lines.push("", `x = ${array(python(settings.values))}`);
  if (settings.operator === "conv") {
    const kernel = WEIGHTS[settings.weight](...settings.kernel_size);
    lines.push("weight = " + array(`[${python(kernel)}]`));
  }
  return [...lines, `print(${call(settings, library)})`].join("\n");
}
