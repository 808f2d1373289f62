def output_size(n, kernel_size, stride, padding, dilation, ceil_mode):
    free = n + 2 * padding - kernel_size
    windows = free // stride + 1
    if ceil_mode and free % stride and windows * stride - padding < n:
        windows += 1
    return windows
