def output_size(n, kernel_size, stride, padding, dilation, ceil_mode):
    free = n + 2 * padding - dilation * (kernel_size - 1) - 1
    windows = round(free / stride) + 1
    if ceil_mode and (windows - 1) * stride >= n + padding:
        windows -= 1
    return windows
