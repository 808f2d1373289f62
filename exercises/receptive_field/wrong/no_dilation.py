def view_of(layers, i):
    first = last = i
    for k, s, p, _ in reversed(layers):
        first = first * s - p
        last = last * s - p + k - 1
    return first, last
