def max_pool2d_backward(grad_output, x, kernel_size, stride=None, padding=0):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    grad = np.zeros(padded.shape)
    for (n, c, i, j), g in np.ndenumerate(grad_output):
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        row, column = divmod(window.argmax(), kw)
        grad[n, c, i * sh + row, j * sw + column] += g
    return grad[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]
