def coverage(n, kernel_size, stride, padding):
    counts, borders = [], []
    for cells, k, s, p in zip(n, kernel_size, stride, padding, strict=True):
        starts = np.arange(-p, cells + p - k + 1, s)[:, None]
        cell = np.arange(cells)
        counts.append(((starts <= cell) & (cell < starts + k)).sum(axis=0))
        borders.append(cell >= starts[-1] + k)
    rows, columns = np.broadcast_arrays(borders[0][:, None], borders[1])
    return np.outer(*counts), np.stack([rows, columns]).all(axis=0)
