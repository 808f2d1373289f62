// Pools on a ring against the cases that golden_ring.py writes with the Python library.
// GOLDEN_RING is the path of the file; tests/course/test_explorers_ring.py writes it and starts this.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compare, pooled, POOLS, roll, shifted } from "../../../code/pooling_course/explorers/js/ring.mjs";

function near(got, want, atol, name) {
  const close = got.length === want.length && got.every((row, r) => row.length === want[r].length &&
    row.every((value, c) => Math.abs(value - want[r][c]) <= atol));
  assert.ok(close, `${name}: got ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
}

const direct = (name, plane, shift) => compare(pooled(name, plane), pooled(name, roll(plane, shift)));

const golden = JSON.parse(readFileSync(process.env.GOLDEN_RING, "utf8"));
golden.forEach(({ given, expected, atol, change_atol }, i) => {
  const { values, shift } = given;
  const pool = Object.keys(POOLS).find((key) => POOLS[key].name === given.pool);
  test(`ring ${i}: ${given.pool}, ${values.length} x ${values[0].length}, shift ${shift}`, () => {
    const [before, after] = [pooled(pool, values), pooled(pool, roll(values, shift))];
    near(before, expected.before, atol, "before");
    near(after, expected.after, atol, "after");
    const { move, moved, kept, count, cells, change } = compare(before, after);
    near(moved, roll(before, expected.move), 0, "moved");
    assert.deepEqual({ move, count, cells }, { move: expected.move, count: expected.count,
      cells: after.length * after[0].length });
    assert.equal(kept.flat().filter(Boolean).length, count);
    near([[change]], [[expected.change]], change_atol, "change");

    const quick = shifted(pool, values, shift);
    near(quick.after, expected.after, atol, "after, by phase");
    near(quick.moved, roll(before, quick.move), 0, "moved, by phase");
    assert.equal(quick.count, count, "count, by phase");
    near([[quick.change]], [[expected.change]], change_atol, "change, by phase");
    const keeps = quick.after.flat().filter((value, i) => Math.abs(value - quick.moved.flat()[i]) < 1e-9);
    assert.deepEqual([keeps.length, quick.kept.flat().filter(Boolean).length], [count, count]);
  });
});

test("a multiple of the stride moves the output and changes nothing", () => {
  const value = (r, c) => (7 * r + 5 * c * c) % 11;
  const picture = Array.from({ length: 8 }, (_, r) => Array.from({ length: 12 }, (_, c) => value(r, c)));
  for (const plane of [picture, [picture[3]]]) {
    for (const [name, { stride }] of Object.entries(POOLS)) {
      for (let by = -16; by <= 16; by += stride) {
        const { count, cells, change } = direct(name, plane, [by, by]);
        assert.deepEqual([count, change], [cells, 0], `${name}, shift ${by}`);
      }
    }
  }
});

test("what is known of a plane serves all shifts", () => {
  const plane = [[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8], [9, 7, 9, 3, 2, 3], [8, 4, 6, 2, 6, 4]];
  const known = new Map();
  for (const name of Object.keys(POOLS)) {
    for (const shift of [[0, 0], [0, 1], [1, 0], [-1, -1], [5, 2], [0, -4]]) {
      assert.deepEqual(shifted(name, plane, shift, known), shifted(name, plane, shift));
    }
  }
});

test("an output that is the same in place has not moved", () => {
  for (const by of [-3, -1, 0, 1, 2]) {
    assert.deepEqual(shifted("overlap", [[0, 0, 1, 1, 0, 0, 1, 1]], [0, by]).move, [0, 0]);
  }
  assert.deepEqual(shifted("dense", [[0, 2, 0, 1]], [0, -1]).move, [0, -1]);
});

test("where the ring begins does not matter: shifts of one phase change as much", () => {
  for (const name of Object.keys(POOLS)) {
    for (const row of [[0, 0, 1, 1, 0, 2, 1, 1], [1, 2, 2, 0, 0, 1, 0, 2], [2, 1, 0, 0, 2, 2, 1, 0]]) {
      const counts = [-3, -1, 1, 3, 5].map((by) => direct(name, [row], [0, by]).count);
      assert.equal(new Set(counts).size, 1, `${name} of ${row}: ${counts}`);
    }
  }
});
