def coverage(n, kernel_size, stride, padding):
    counts, borders = [], []
    for cells, k, s, p in zip(n, kernel_size, stride, padding, strict=True):
        reads = np.zeros(cells + 2 * p, dtype=int)
        for start in range(0, len(reads) - k + 1, s):
            reads[start : start + k] += 1
            end = start + k
        counts.append(reads[:cells])
        borders.append(np.arange(cells) >= end)
    return np.outer(*counts), np.logical_or.outer(*borders)
