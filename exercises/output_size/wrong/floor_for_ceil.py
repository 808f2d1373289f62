def output_size(n, kernel_size, stride, padding, dilation, ceil_mode):
    span = dilation * (kernel_size - 1) + 1
    return (n + 2 * padding - span) // stride + 1
