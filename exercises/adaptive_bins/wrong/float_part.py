def adaptive_bins(n, bins):
    part = n / bins
    return [(int(np.floor(i * part)), int(np.ceil((i + 1) * part))) for i in range(bins)]
