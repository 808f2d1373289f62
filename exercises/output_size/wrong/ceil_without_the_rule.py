def output_size(n, kernel_size, stride, padding, dilation, ceil_mode):
    steps = (n + 2 * padding - dilation * (kernel_size - 1) - 1) / stride
    return int(np.ceil(steps) if ceil_mode else np.floor(steps)) + 1
