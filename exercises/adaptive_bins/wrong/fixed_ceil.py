def adaptive_bins(n, bins):
    size = -(-n // bins)
    return [(i * size, (i + 1) * size) for i in range(bins)]
