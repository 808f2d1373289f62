def pyramid_pool(x, levels, mode="max"):
    keep = np.max if mode == "max" else np.mean
    pieces = []
    for n in levels:
        kh, kw = -(-x.shape[-2] // n), -(-x.shape[-1] // n)
        oh, ow = x.shape[-2] // kh, x.shape[-1] // kw
        blocks = x[..., : oh * kh, : ow * kw].reshape(*x.shape[:-2], oh, kh, ow, kw)
        pieces.append(keep(blocks, axis=(-3, -1)).reshape(*x.shape[:-3], -1))
    return np.concatenate(pieces, axis=-1)
