def pyramid_pool(x, levels, mode="max"):
    keep = np.max if mode == "max" else np.mean

    def cut(a, n):
        return [slice(i * a // n, -(-(i + 1) * a // n)) for i in range(n)]

    pieces = []
    for n in levels:
        level = np.empty((*x.shape[:-2], n, n))
        for i, rows in enumerate(cut(x.shape[-2], n)):
            for j, columns in enumerate(cut(x.shape[-1], n)):
                level[..., i, j] = keep(x[..., rows, columns], axis=(-2, -1))
        pieces.append(level.ravel())
    return np.concatenate(pieces)
