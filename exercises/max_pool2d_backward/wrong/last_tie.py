def max_pool2d_backward(grad_output, x, kernel_size, stride=None, padding=0):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    grad = np.zeros(x.shape)
    for (n, c, i, j), g in np.ndenumerate(grad_output):
        top, left = i * sh - ph, j * sw - pw
        rows, columns = slice(max(top, 0), top + kh), slice(max(left, 0), left + kw)
        window = x[n, c, rows, columns]
        row, column = np.argwhere(window == window.max())[-1]
        grad[n, c, rows, columns][row, column] += g
    return grad
