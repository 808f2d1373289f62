"""What other libraries and courses publish: their input, their settings, their numbers."""

import numpy as np
import pytest

import pooling


def grid(*shape, first=1.0):
    """Count upward from `first`, in one channel."""
    return np.arange(first, first + np.prod(shape)).reshape(1, *shape)


def ramp(low, high, *shape):
    return np.linspace(low, high, num=np.prod(shape)).reshape(shape)


SLABS = np.tile(grid(4, 4), (4, 1, 1))[None]  # four times the same slab
PADS = [
    [13, 14, 15, 15, 15], [18, 19, 20, 20, 20], *[[23, 24, 25, 25, 25]] * 3
]  # fmt: skip
UNPADDED = 7 + 2.5 * np.arange(5)[:, None] + 0.5 * np.arange(5)
PADDED = [
    [2.52, 3.6, 4.8, 4.08, 3.24], [4.56, 6.4, 8.4, 7.04, 5.52], [7.2, 10.0, 13.0, 10.8, 8.4],
    [6.96, 9.6, 12.4, 10.24, 7.92], [6.12, 8.4, 10.8, 8.88, 6.84],
]  # fmt: skip
CS231N_MAX = [
    [[[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]],
     [[-0.14526316, -0.13052632], [-0.08631579, -0.07157895]],
     [[-0.02736842, -0.01263158], [0.03157895, 0.04631579]]],
    [[[0.09052632, 0.10526316], [0.14947368, 0.16421053]],
     [[0.20842105, 0.22315789], [0.26736842, 0.28210526]],
     [[0.32631579, 0.34105263], [0.38526316, 0.4]]],
]  # fmt: skip
CS231N_CONV = [
    [[[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
     [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
     [[0.50813986, 0.54309974], [0.64082444, 0.67101435]]],
    [[[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
     [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
     [[2.36270298, 2.36904306], [2.38090835, 2.38247847]]],
]  # fmt: skip
CS231N_ARGUMENTS = (
    ramp(-0.1, 0.5, 2, 3, 4, 4), ramp(-0.2, 0.3, 3, 3, 4, 4), ramp(-0.1, 0.2, 3), 2, 1
)  # fmt: skip
EYES = [[[0, 0, 1, 7], [0, 2, 0, 0], [5, 2, 0, 0], [0, 0, 9, 8]]]
FOUND = [[0, 0, 0, 0], [0, 1, 0, 2], [0, 0, 0, 0], [0, 3, 0, 4]]

# function, its arguments, what comes out (without axes of length 1), who says so
PUBLISHED = [
    ("max_pool2d", (grid(5, 5), 5, 1, 2), PADS, "ONNX MaxPool, 2d precomputed pads"),
    ("max_pool2d", (grid(5, 5), 2, 2), [[7, 9], [17, 19]], "ONNX MaxPool, precomputed strides"),
    ("max_pool2d", (grid(5, 5), 3, 2, 1), [[7, 9, 10], [17, 19, 20], [22, 24, 25]],
     "ONNX MaxPool, precomputed same upper"),
    ("max_pool2d", (grid(4, 4), 3, 2, 0, 1, True), [[11, 12], [15, 16]], "ONNX MaxPool, ceil"),
    ("max_pool2d", (grid(4, 4), 2, 1, 0, 2), [[11, 12], [15, 16]], "ONNX MaxPool, dilations"),
    ("max_pool3d", (SLABS, 2, 1, 0, 2), [[[11, 12], [15, 16]]] * 2, "ONNX MaxPool, 3d dilations"),
    ("avg_pool2d", (grid(5, 5), 5, 1, 2, False, False), UNPADDED,
     "ONNX AveragePool, precomputed pads"),
    ("avg_pool2d", (grid(5, 5), 5, 1, 2), PADDED, "ONNX AveragePool, count_include_pad"),
    ("avg_pool2d", (grid(5, 5), 2, 2), [[4, 6], [14, 16]], "ONNX AveragePool, strides"),
    ("avg_pool2d", (grid(5, 5), 3, 2, 1, False, False),
     [[4, 5.5, 7], [11.5, 13, 14.5], [19, 20.5, 22]], "ONNX AveragePool, same upper"),
    ("avg_pool2d", (grid(4, 4), 3, 2, 0, True), [[6, 7.5], [12, 13.5]], "ONNX AveragePool, ceil"),
    ("max_unpool2d", ([[[1, 2], [3, 4]]], [[[5, 7], [13, 15]]], 2), FOUND,
     "ONNX MaxUnpool, without output shape"),
    ("adaptive_max_pool2d", (grid(3, 3), 1), 9, "ONNX GlobalMaxPool, precomputed"),
    ("adaptive_avg_pool2d", (grid(3, 3), 1), 5, "ONNX GlobalAveragePool, precomputed"),
    ("max_pool1d", (grid(5), 2, 1), [2, 3, 4, 5], "Keras MaxPooling1D, strides 1"),
    ("max_pool1d", (grid(5), 2, 2), [2, 4], "Keras MaxPooling1D, strides 2"),
    ("avg_pool1d", (grid(5), 2, 1), [1.5, 2.5, 3.5, 4.5], "Keras AveragePooling1D, strides 1"),
    ("avg_pool1d", (grid(5), 2, 2), [1.5, 3.5], "Keras AveragePooling1D, strides 2"),
    ("max_pool2d", (grid(3, 3), 2, 1), [[5, 6], [8, 9]], "Keras MaxPooling2D, strides 1"),
    ("max_pool2d", (grid(3, 4), 2, 2), [6, 8], "Keras MaxPooling2D, strides 2"),
    ("avg_pool2d", (grid(3, 3), 2, 1), [[3, 4], [6, 7]], "Keras AveragePooling2D, strides 1"),
    ("avg_pool2d", (grid(3, 4), 2, 2), [3.5, 5.5], "Keras AveragePooling2D, strides 2"),
    ("max_pool2d", (EYES, 2), [[2, 7], [5, 9]], "TensorFlow tf.nn.max_pool2d"),
    ("max_pool2d", (ramp(-0.3, 0.4, 2, 3, 4, 4), 2), CS231N_MAX, "CS231n max_pool_forward_naive"),
    ("conv2d", CS231N_ARGUMENTS, CS231N_CONV, "CS231n conv_forward_naive"),
    ("max_pool2d", (grid(3, 3, first=0), 2, 1), [[4, 5], [7, 8]], "d2l, section Pooling"),
    ("avg_pool2d", (grid(3, 3, first=0.0), 2, 1), [[2, 3], [5, 6]], "d2l, section Pooling"),
    ("max_pool2d", (grid(4, 4, first=0), 3), 10, "d2l, padding and stride"),
    ("max_pool2d", (grid(4, 4, first=0), 3, 2, 1), [[5, 7], [13, 15]], "d2l, padding and stride"),
    ("max_pool2d", (grid(4, 4, first=0), (2, 3), (2, 3), (0, 1)), [[5, 7], [13, 15]],
     "d2l, rectangular window"),
    ("avg_pool3d", (grid(3, 3, 4, first=0.0), (3, 3, 1)), [16, 17, 18, 19],
     "scikit-image block_reduce, mean"),
    ("max_pool3d", (grid(3, 3, 4, first=0), (1, 3, 4)), [11, 23, 35],
     "scikit-image block_reduce, max along rows and columns"),
    ("max_pool3d", (grid(3, 3, 4, first=0), (3, 1, 4)), [27, 31, 35],
     "scikit-image block_reduce, max along slabs and columns"),
    ("avg_pool1d", (grid(7), 3, 2), [2, 4, 6], "PyTorch nn.AvgPool1d"),
    ("max_unpool2d", ([[[6, 8], [14, 16]]], [[[5, 7], [13, 15]]], 2),
     [[0, 0, 0, 0], [0, 6, 0, 8], [0, 0, 0, 0], [0, 14, 0, 16]], "PyTorch nn.MaxUnpool2d"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected", "source"), PUBLISHED, ids=[case[-1] for case in PUBLISHED]
)
def test_published_numbers(name, arguments, expected, source):
    got = np.squeeze(getattr(pooling, name)(*arguments))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-8, err_msg=source)


def test_indices_that_onnx_publishes():
    """The operator's example MaxPool with argmax, precomputed pads: row-major positions."""
    values, indices = pooling.max_pool2d(grid(5, 5), 5, 1, 2, return_indices=True)
    np.testing.assert_array_equal(indices[0], np.subtract(PADS, 1))
    np.testing.assert_array_equal(values[0], PADS)
