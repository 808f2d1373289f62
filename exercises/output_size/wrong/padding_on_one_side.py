def output_size(n, kernel_size, stride, padding, dilation, ceil_mode):
    free = n + padding - dilation * (kernel_size - 1) - 1
    windows = free // stride + 1
    if ceil_mode and free % stride and windows * stride < n:
        windows += 1
    return windows
