// The explorers' arithmetic against the cases that golden.py writes with the Python library.
// GOLDEN_CASES is the path of the file; tests/course/test_explorers.py writes it and starts this.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { outputCell, tables } from "../../../code/pooling_course/explorers/js/pools.mjs";
import { RULES, binCoverage, paperPrediction } from "../../../code/pooling_course/explorers/js/rules.mjs";
import { coverage } from "../../../code/pooling_course/explorers/js/windows.mjs";

/** Each kind of case: from what is given to the fields that are expected. */
const KINDS = {
  pool(settings) {
    const positions = tables(settings);
    const [rows, columns] = positions;
    const cells = rows.map((row) => columns.map((column) => outputCell(settings, [row, column])));
    const every = (name) => cells.map((line) => line.map((cell) => cell[name]));
    const sizes = [settings.values.length, settings.values[0].length];
    return {
      values: every("value"),
      indices: every("winner"),
      divisors: every("divisor"),
      positions,
      coverage: positions.map((table, axis) => coverage(table, sizes[axis])),
    };
  },
  bin({ rule, a, n }) {
    const list = RULES[rule](a, n);
    return {
      starts: list.map(([start]) => start),
      stops: list.map(([, stop]) => stop),
      coverage: binCoverage(list, a),
    };
  },
  prediction({ a, n }) {
    const [bins, unread] = paperPrediction(a, n);
    return { bins, unread };
  },
};

// How golden.py writes the numbers that JSON has not.
const NUMBERS = { inf: Infinity, "-inf": -Infinity, nan: NaN };

function answer(kind, given) {
  try {
    return KINDS[kind](given);
  } catch (error) {
    if (error instanceof RangeError) return { message: error.message };
    throw error;
  }
}

const isObject = (value) => typeof value === "object" && value !== null;

/** Return the first field that differs, with both values, or null. */
function difference(got, expected, rtol, path) {
  if (isObject(got) && isObject(expected)) {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const found = difference(got[name], expected[name], rtol, `${path}.${name}`);
      if (found) return found;
    }
    return null;
  }
  const want = typeof got === "number" ? (NUMBERS[expected] ?? expected) : expected;
  const near = Number.isFinite(got) && Number.isFinite(want) &&
    Math.abs(got - want) <= rtol * Math.abs(want);
  return near || Object.is(got, want) ? null : `${path}: got ${got}, expected ${want}`;
}

const golden = JSON.parse(readFileSync(process.env.GOLDEN_CASES, "utf8"));
for (const [kind, cases] of Object.entries(golden)) {
  cases.forEach(({ given, expected, rtol }, i) => {
    test(`${kind} ${i}`, () => {
      const found = difference(answer(kind, given), expected, rtol, "answer");
      assert.equal(found, null, `${found}, for ${kind} ${JSON.stringify(given)}`);
    });
  });
}
