def coverage(n, kernel_size, stride, padding):
    counts = []
    for cells, k, s, p in zip(n, kernel_size, stride, padding, strict=True):
        reads = np.zeros(cells, dtype=int)
        for start in range(-p, cells + p - k + 1, s):
            reads[max(start, 0) : start + k] += 1
        counts.append(reads)
    counts = np.outer(*counts)
    return counts, counts == 0
