// Pools on a ring, where what leaves on one side comes back on the other. A plane is a list of rows;
// a signal is a plane of one row, and is pooled along its columns alone.

// Cells that differ by less keep their value (the change is 0), and moves whose mean change differs
// by less tie.
const TINY = 1e-9;

/** The remainder that is never negative. */
export const modulo = (value, size) => ((value % size) + size) % size;

function turn(list, by) {
  const first = modulo(-by, list.length);
  return [...list.slice(first), ...list.slice(0, first)];
}

/** Move a plane down and to the right, as `np.roll` does. */
export const roll = (plane, [down, right]) => turn(plane, down).map((row) => turn(row, right));

/** At every place, join `size` cells from there on, along the columns and then along the rows. */
function joined(plane, size, join) {
  const along = (rows) => rows.map((row) => row.map((first, c) => {
    let value = first;
    for (let i = 1; i < size; i += 1) value = join(value, row[(c + i) % row.length]);
    return value;
  }));
  const wide = along(plane);
  return plane.length === 1 ? wide : turned(along(turned(wide)));
}

const turned = (plane) => plane[0].map((_, c) => plane.map((row) => row[c]));
const largest = (size) => (plane) => joined(plane, size, Math.max);

function average(plane) {
  const cells = plane.length === 1 ? 2 : 4;
  return joined(plane, 2, (a, b) => a + b).map((row) => row.map((sum) => sum / cells));
}

/** Weights 1-2-1, centered. */
function blurred(plane) {
  const along = (rows) => rows.map((row) => row.map((value, c) =>
    (row.at(c - 1) + 2 * value + row[(c + 1) % row.length]) / 4));
  const wide = along(plane);
  return plane.length === 1 ? wide : turned(along(turned(wide)));
}

/** A pool as what it does at every place, and the step between the places that it keeps. */
export const POOLS = {
  subsample: { name: "every second cell", stride: 2, everywhere: (plane) => plane },
  average: { name: "average 2/2", stride: 2, everywhere: average },
  max: { name: "max 2/2", stride: 2, everywhere: largest(2) },
  overlap: { name: "max 3/2", stride: 2, everywhere: largest(3) },
  blur: { name: "max, blur 3", stride: 2, everywhere: (plane) => blurred(largest(2)(plane)) },
  dense: { name: "max 2/1", stride: 1, everywhere: largest(2) },
};

/** Pool a plane: window i starts at cell i, and every stride-th window is kept. */
export function pooled(name, plane) {
  const { stride, everywhere } = POOLS[name];
  const kept = (_, at) => at % stride === 0;
  return everywhere(plane).filter(kept).map((row) => row.filter(kept));
}

/**
 * Compare an output with the one before a shift, which may have moved along.
 *
 * Of all moves by whole cells of the output, take the one with the least mean change. If several tie,
 * take the one that keeps most cells, and of these the smallest. Without the second rule the answer
 * would depend on where the ring begins.
 */
export function compare(before, after) {
  const [rows, columns] = [after.length, after[0].length];
  const cells = rows * columns;
  const [old, now] = [Float64Array.from(before.flat()), Float64Array.from(after.flat())];
  const fits = [];
  let least = Infinity;
  for (let down = 0; down < rows && least > 0; down += 1) {
    for (let right = 0; right < columns && least > 0; right += 1) {
      const found = fit(old, now, rows, columns, [down, right], least + TINY);
      if (!found) continue;
      least = Math.min(least, found.change);
      fits.push(found);
    }
  }
  const ties = fits.filter(({ change }) => change <= least + TINY);
  const best = ties.reduce((first, next) => (next.count > first.count ? next : first));
  const moved = roll(before, best.move);
  const kept = after.map((row, r) => row.map((value, c) => Math.abs(value - moved[r][c]) < TINY));
  return { ...best, cells, before, after, moved, kept };
}

/** The mean change under a move and how many cells keep their value; null beyond a bound. */
function fit(old, now, rows, columns, [down, right], bound) {
  const cells = rows * columns;
  let [sum, count] = [0, 0];
  for (let r = 0; r < rows; r += 1) {
    const from = ((r - down + rows) % rows) * columns;
    for (let c = 0; c < columns; c += 1) {
      const source = c < right ? c - right + columns : c - right;
      const step = Math.abs(now[r * columns + c] - old[from + source]);
      if (step < TINY) count += 1;
      else sum += step;
    }
    if (sum / cells > bound) return null;
  }
  return { move: [down, right], change: sum / cells, count };
}

const phase = (name, shift) => shift.map((by) => modulo(by, POOLS[name].stride));

/**
 * Compare what a pool makes of a plane before and after a shift, up to a move of the output.
 *
 * A shift by the stride moves the output by one cell and changes nothing else. So it is enough to
 * compare once for each phase, the rest of the shift by the stride. `known` keeps what was compared.
 */
export function figures(name, plane, shift, known = new Map()) {
  const rest = phase(name, shift);
  const key = `${name} ${rest}`;
  if (!known.has(key)) known.set(key, compare(pooled(name, plane), pooled(name, roll(plane, rest))));
  return known.get(key);
}

/** The same with the output where it is. If it is the same in place, as a constant is, it has not moved. */
export function shifted(name, plane, shift, known = new Map()) {
  const found = figures(name, plane, shift, known);
  const rest = phase(name, shift);
  const further = shift.map((by, axis) => (by - rest[axis]) / POOLS[name].stride);
  const [after, moved, kept] = [found.after, found.moved, found.kept].map((cells) => roll(cells, further));
  const still = after.every((row, r) => row.every((value, c) => Math.abs(value - found.before[r][c]) < TINY));
  if (still) return { ...found, move: [0, 0], after, moved: found.before, kept };
  return { ...found, move: found.move.map((by, axis) => by + further[axis]), after, moved, kept };
}
