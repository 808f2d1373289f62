def max_pool2d(x, kernel_size, stride=None, padding=0):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    n, c, h, w = x.shape
    oh, ow = (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1
    out = np.zeros((n, c, oh, ow))
    for i in range(oh):
        for j in range(ow):
            for row in range(i * sh - ph, i * sh - ph + kh):
                for column in range(j * sw - pw, j * sw - pw + kw):
                    if 0 <= row < h and 0 <= column < w:
                        out[:, :, i, j] = np.maximum(out[:, :, i, j], x[:, :, row, column])
    return out
