def adaptive_bins(n, bins):
    return [(i * n // bins, min(n, (i + 1) * n // bins + 1)) for i in range(bins)]
