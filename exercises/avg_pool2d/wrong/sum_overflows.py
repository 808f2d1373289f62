def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)

    def total(x):
        x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        oh, ow = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
        cells = [
            x[:, :, u:, v:][:, :, ::sh, ::sw][:, :, :oh, :ow] for u in range(kh) for v in range(kw)
        ]
        return sum(cells[1:], cells[0])

    return total(x) / (kh * kw if count_include_pad else total(np.ones(x.shape)))
