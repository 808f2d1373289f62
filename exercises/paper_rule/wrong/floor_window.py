def rule_breaks(height, width, n):
    made, read = [], []
    for a in (height, width):
        window, stride = a // n, a // n
        made.append((a - window) // stride + 1)
        read.append((made[-1] - 1) * stride + window)
    unread = height * width - read[0] * read[1]
    return made[0], made[1], unread, made != [n, n] or unread > 0
