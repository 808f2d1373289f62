def max_pool2d(x, kernel_size, stride=None, padding=0):
    k = kernel_size if np.isscalar(kernel_size) else kernel_size[0]
    s = k if stride is None else stride if np.isscalar(stride) else stride[0]
    p = padding if np.isscalar(padding) else padding[0]
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
    return windows[:, :, ::s, ::s].max(axis=(4, 5))
