def conv2d(x, weight, bias=None, stride=1, padding=0):
    s = stride if np.isscalar(stride) else stride[0]
    p = padding if np.isscalar(padding) else padding[0]
    k = weight.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    oh, ow = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
    out = np.zeros((len(x), len(weight), oh, ow))
    for i in range(oh):
        for j in range(ow):
            window = x[:, :, i * s : i * s + k, j * s : j * s + k]
            out[:, :, i, j] = np.einsum("nchw,ochw->no", window, weight)
    return out if bias is None else out + np.reshape(bias, (-1, 1, 1))
