def adaptive_bins(n, bins):
    edges = np.rint(np.linspace(0, n, bins + 1)).astype(int)
    return list(zip(edges[:-1], edges[1:], strict=True))
