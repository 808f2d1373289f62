// Where windows lie: the rules of pooling/windows.py, along one axis, with its error messages.

/** Write a number, a pair, a boolean or a table as Python does; one number for a pair of equal ones. */
export function python(value) {
  if (Array.isArray(value?.[0])) return "[" + value.map((row) => "[" + row.join(", ") + "]").join(", ") + "]";
  if (Array.isArray(value)) return value[0] === value[1] ? `${value[0]}` : `(${value.join(", ")})`;
  return value === true ? "True" : value === false ? "False" : `${value}`;
}

/** Count the windows along one axis of n cells. */
export function outputSize(n, k, s, p = 0, d = 1, ceilMode = false) {
  const free = n + 2 * p - d * (k - 1) - 1;
  let o = (ceilMode ? Math.ceil(free / s) : Math.floor(free / s)) + 1;
  if (ceilMode && (o - 1) * s >= n + p) o -= 1;
  if (o < 1) {
    throw new RangeError(
      `kernel_size ${k} with dilation ${d} spans ${d * (k - 1) + 1} cells, more than the ` +
        `${n + 2 * p} of the padded input (n=${n}, padding=${p}): the output would be empty`,
    );
  }
  return o;
}

/** List the cells that each window reads; a place outside 0 .. n - 1 is padding. */
export function windowPositions(n, k, s, p = 0, d = 1, ceilMode = false) {
  return Array.from({ length: outputSize(n, k, s, p, d, ceilMode) }, (_, i) =>
    Array.from({ length: k }, (_, j) => i * s - p + j * d),
  );
}

/** Count how many windows read each of n cells. */
export function coverage(positions, n) {
  const counts = new Array(n).fill(0);
  for (const cells of positions) {
    for (const cell of cells) if (cell >= 0 && cell < n) counts[cell] += 1;
  }
  return counts;
}
