// Which cells belong to which bin: the six rules of pooling/bins.py, with its error messages.

import { coverage, outputSize } from "./windows.mjs";

const bins = (count, start, stop) =>
  Array.from({ length: count }, (_, i) => [start(i), stop(i)]);

const strided = (a, k, s) =>
  bins(outputSize(a, k, s), (i) => i * s, (i) => i * s + k);

function refuseSmall(a, n) {
  if (a < n) throw new RangeError(`a must be at least n=${n}, got ${a}: the stride floor(a/n) would be 0`);
}

const edge = (i, a, n) => Math.floor((2 * i * a + n) / (2 * n));

/** Each rule: input size a and wanted number of bins n to a list of [start, stop). */
export const RULES = {
  adaptive: (a, n) =>
    bins(n, (i) => Math.floor((i * a) / n), (i) => Math.ceil(((i + 1) * a) / n)),
  paper: (a, n) => {
    refuseSmall(a, n);
    return strided(a, Math.ceil(a / n), Math.floor(a / n));
  },
  symmetric: (a, n) => {
    const k = Math.ceil(a / n);
    const p = Math.floor((k * n - a + 1) / 2);
    return bins(n, (i) => i * k - p, (i) => (i + 1) * k - p);
  },
  rounded: (a, n) => bins(n, (i) => edge(i, a, n), (i) => edge(i + 1, a, n)),
  stretched: (a, n) => {
    refuseSmall(a, n);
    return strided(a, a - (n - 1) * Math.floor(a / n), Math.floor(a / n));
  },
  fixed: (a, n) => strided(a, Math.ceil(13 / n), Math.ceil(13 / n)),
};

/** What the theorem says of the paper's rule: how many bins, and how many cells unread. */
export function paperPrediction(a, n) {
  refuseSmall(a, n);
  const [q, r] = [Math.floor(a / n), a % n];
  return r === 0 ? [n, 0] : [n + Math.floor((r - 1) / q), (r - 1) % q];
}

/** Count how many bins read each of a cells. */
export function binCoverage(list, a) {
  return coverage(
    list.map(([start, stop]) => Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i)),
    a,
  );
}
