def view_of(layers, i):
    size, jump, start = 1, 1, 0
    for k, s, p, d in layers:
        size += d * (k - 1)
        start -= p
        jump *= s
    first = start + i * jump
    return first, first + size - 1
