def view_of(layers, i):
    first = last = i
    for k, s, p, d in layers:
        first = first * s - p
        last = last * s - p + d * (k - 1)
    return first, last
