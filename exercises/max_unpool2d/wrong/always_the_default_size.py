def max_unpool2d(values, indices, kernel_size, stride=None, padding=0, output_size=None):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    n, c, oh, ow = values.shape
    output_size = (oh - 1) * sh - 2 * ph + kh, (ow - 1) * sw - 2 * pw + kw
    h, w = output_size
    out = np.zeros((n, c, h * w))
    for plane in np.ndindex(n, c):
        inside = indices[plane] < h * w
        out[plane][indices[plane][inside]] = values[plane][inside]
    return out.reshape(n, c, h, w)
