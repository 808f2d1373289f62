def max_unpool2d(values, indices, kernel_size, stride=None, padding=0, output_size=None):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    n, c, oh, ow = values.shape
    if output_size is None:
        output_size = (oh - 1) * sh - 2 * ph + kh, (ow - 1) * sw - 2 * pw + kw
    h, w = output_size
    out = np.zeros(n * c * h * w)
    out[indices] = values
    return out.reshape(n, c, h, w)
