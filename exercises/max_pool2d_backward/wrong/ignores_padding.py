def max_pool2d_backward(grad_output, x, kernel_size, stride=None, padding=0):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    kh, kw = pair(kernel_size)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    grad = np.zeros(x.shape)
    for (n, c, i, j), g in np.ndenumerate(grad_output):
        window = x[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        if window.size:
            row, column = divmod(window.argmax(), window.shape[1])
            grad[n, c, i * sh + row, j * sw + column] += g
    return grad
