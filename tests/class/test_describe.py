"""Values as text: to be typed again, short, and different if the values are."""

import numpy as np
import pytest

from pooling_class.describe import (
    LONGEST,
    LONGEST_CALL,
    describe,
    describe_call,
    describe_pair,
)

VALUES = [
    *(3, -2.5, True, None, (1, 2), np.arange(6).reshape(1, 2, 3), np.float32([[1 / 3, 1e-30]])),
    *(np.array([np.nan, np.inf, -np.inf, -0.0]), np.array([True, False]), np.array([], np.int8)),
    *(np.uint8([255]), np.array([1 + 2j, complex(np.nan, np.inf)]), np.float64([1e300, 1e-300])),
    *(np.float16([1.5]), np.zeros((0, 3)), np.full((1,) * 40, 7), (np.ones(2), np.zeros((1, 2)))),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_described_can_be_typed_again(value):
    typed = eval(describe(value), {"np": np})
    assert type(typed) is type(value)
    pair = (typed, value) if isinstance(value, tuple) else ((typed,), (value,))
    for one, other in zip(*pair, strict=True):
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
        assert np.shape(one) == np.shape(other)
        if other is not None:
            np.testing.assert_allclose(one, other, rtol=1e-4)


def test_whole_numbers_keep_all_digits():
    assert describe(np.array([1234567.0])) == "np.array([1234567.0])"
    assert describe(123456789) == "123456789"


def test_a_described_call_can_be_pasted():
    called = []
    arguments = (np.random.default_rng(0).normal(size=(1, 2, 4, 5)), (2, 3), None, 0.1 + 0.2)
    exec(describe_call("f", arguments), {"np": np, "f": lambda *a: called.append(a)})
    np.testing.assert_allclose(called[0][0], arguments[0], rtol=1e-4)
    assert called[0][1:] == arguments[1:]


LARGE = [
    *(np.zeros(10**6), np.full((300, 300), np.nan), np.random.default_rng(0).normal(size=200)),
    *(np.zeros((1,) * 64), np.zeros((10,) * 6), (np.ones((20, 20)),) * 50, [1.5] * 10_000),
    *("x" * 10**6, np.zeros((10**9, 0)), np.array(["x" * 10**5]), (np.ones(150) / 3,) * 9),
]


@pytest.mark.parametrize("value", LARGE, ids=lambda value: type(value).__name__)
def test_descriptions_are_short(value):
    limit = 1.5 * LONGEST
    assert len(describe(value)) < limit
    assert all(len(side) < limit for side in describe_pair(value, value))
    assert len(describe_call("f", (value,))) < limit


def test_the_arrays_of_a_call_share_the_room():
    call = describe_call("f", (np.ones(150) / 3,) * 4)
    assert len(call) < 1.5 * LONGEST_CALL and "x1 = np" in call and "# x4: array of" in call


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (0.1, 0.1000005),
        (1.0, 1 + 2**-52),
        (np.array([1, 2.0]), np.array([1, 2.00001])),
        (np.float64(np.nan), 1.0),
        (np.zeros(3), np.zeros((3, 1))),
        (np.zeros(3), np.zeros(3, complex)),
        (np.arange(10_000.0), np.arange(10_000.0) + (np.arange(10_000) == 7_000) * 1e-1),
        ((1, np.zeros(3)), (1, np.array([0, 0, 1e-5]))),
        ((1, 2), (1, 2, 3)),
        (np.zeros(2), None),
        ((1, 2), np.array([1, 2])),
        (5, "refused"),
    ],
)
def test_two_values_that_differ_look_different(expected, got):
    one, other = describe_pair(expected, got)
    assert one != other.split("\n1 of")[0]


def test_the_place_of_the_first_difference_is_shown_with_its_plane():
    expected = np.zeros((4, 5, 6, 7))
    got = expected.copy()
    got[2, 3, 4, 5] = np.nan
    got[3, 0, 0, 0] = 1
    one, other = describe_pair(expected, got)
    assert "first difference at [2, 3, 4, 5]: 0.0" in one and "first difference" in other
    assert "[2, 3] of it:" in other and other.count("np.nan") == 2
    assert other.endswith("[2, 3, 4, 5]: np.nan\n2 of 840 cells differ")


def test_rounding_is_no_difference():
    expected = np.array([1.0, 2, 3])
    got = expected + np.array([1e-9, 0, 1])
    assert "first difference at [2]: 3.0" in describe_pair(expected, got)[0]
