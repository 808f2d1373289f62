def pyramid_pool(x, levels, mode="max"):
    keep = np.max if mode == "max" else np.mean
    pieces = []
    for n in levels:
        kh, kw = -(-x.shape[-2] // n), -(-x.shape[-1] // n)
        fill = [(0, 0)] * (x.ndim - 2) + [(0, n * kh - x.shape[-2]), (0, n * kw - x.shape[-1])]
        blocks = np.pad(x, fill).reshape(*x.shape[:-2], n, kh, n, kw)
        pieces.append(keep(blocks, axis=(-3, -1)).reshape(*x.shape[:-3], -1))
    return np.concatenate(pieces, axis=-1)
