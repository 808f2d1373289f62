def max_unpool2d(values, indices, kernel_size, stride=None, padding=0, output_size=None):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    kh, kw = pair(kernel_size)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    n, c, oh, ow = values.shape
    h, w = output_size or (oh * sh, ow * sw)
    out = np.zeros((n, c, h * w))
    for plane in np.ndindex(n, c):
        out[plane][indices[plane]] = values[plane]
    return out.reshape(n, c, h, w)
