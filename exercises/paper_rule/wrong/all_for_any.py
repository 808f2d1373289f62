def rule_breaks(height, width, n):
    a = np.array([height, width])
    window, stride = -(-a // n), a // n
    made = (a - window) // stride + 1
    read = (made - 1) * stride + window
    broken = (made != n) | (read < a)
    return made[0], made[1], a.prod() - read.prod(), broken.all()
