def coverage(n, kernel_size, stride, padding):
    counts, borders = [], []
    for cells, k, s, p in zip(n, kernel_size, stride, padding, strict=True):
        reads = np.zeros(cells, dtype=int)
        for start in range(-p, cells + p - k + 1, s):
            reads[max(start, 0) : start + k] += 1
        left_over = (cells + 2 * p - k) % s
        counts.append(reads)
        borders.append(np.arange(cells) >= cells - left_over)
    return np.outer(*counts), np.logical_or.outer(*borders)
