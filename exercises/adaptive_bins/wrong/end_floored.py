def adaptive_bins(n, bins):
    return [(i * n // bins, (i + 1) * n // bins) for i in range(bins)]
