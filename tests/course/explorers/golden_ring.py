"""Golden cases for pools on a ring: what the Python library answers, for ring.mjs to equal."""

from typing import Any

import numpy as np

from pooling_course.explorers.arithmetic import RING, compare

PALETTES = {
    "ties": np.arange(3),
    "signed": np.arange(-9, 10),
    "decimals": np.arange(-999, 1000) / 100,
    "levels": np.arange(256),
}
NEAR = np.array([0, 4e-10, 3e-8, 1])
"""Values that differ by less than `arithmetic.TINY`, and by little more."""


def expected(pool: str, values: np.ndarray, shift: tuple[int, int]) -> dict[str, Any]:
    """Return a pool's output before and after a shift, and how the two compare."""
    layer = RING[pool]
    before = layer(values[None])[0]
    after = layer(np.roll(values, shift, axis=(0, 1))[None])[0]
    return {"before": before.tolist(), "after": after.tolist(), **compare(before, after)}


def planes() -> list[np.ndarray]:
    """List signals and pictures: those that the explorer offers, and random ones."""
    rng = np.random.default_rng(6)
    n = np.arange(16)
    found = [np.array([[0, 0, 1, 1] * 2]), n[None] // 8, 1 - 2 * (n[None] % 2), np.eye(2)]
    found += [np.full((1, 6), 3), np.cos(2 * np.pi * 2 / 16 * n)[None], np.add.outer(n, n) % 2]
    for palette in PALETTES.values():
        found += [rng.choice(palette, (1, size)) for size in (2, 4, 8, 10, 16)]
        shapes = ((2, 2), (2, 6), (4, 2), (6, 8), (10, 4), (16, 16))
        found += [rng.choice(palette, shape) for shape in shapes]
    found += [rng.choice(NEAR, (1, size)) for size in (4, 8, 12, 16)]
    return [plane.astype(float) for plane in found]


def ring_cases() -> list[dict[str, Any]]:
    """Write out all cases: a plane, a shift, a pool, and what the library answers.

    Returns
    -------
    list of dict
        `atol` is how far a pooled value may be off, and `change_atol` the mean change: 0 where
        nothing is added, else some last digits of the largest value.
    """
    rng = np.random.default_rng(7)
    cases = []
    for values in planes():
        down, right = (int(rng.integers(-16, 17)) for _ in range(2))
        drawn = [(0, 1), (2 * down, 2 * right), (down, right)]
        digits = 1e-13 * max(1.0, np.abs(values).max())
        for pool in RING:
            for shift in drawn:
                given = {"pool": pool, "values": values.tolist(), "shift": list(shift)}
                cases.append(
                    {
                        "given": given,
                        "expected": expected(pool, values, shift),
                        "atol": digits if pool in ("average 2/2", "max, blur 3") else 0,
                        "change_atol": digits,
                    }
                )
    return cases
