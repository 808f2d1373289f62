def conv2d(x, weight, bias=None, stride=1, padding=0):
    pair = lambda v: (v, v) if np.isscalar(v) else tuple(v)
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    kh, kw = weight.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    oh, ow = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = np.zeros((len(x), len(weight), oh, ow))
    for i in range(oh):
        for j in range(ow):
            for o in range(len(weight)):
                for c in range(x.shape[1]):
                    window = x[:, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
                    out[:, o, i, j] = (window * weight[o, c]).sum(axis=(1, 2))
    return out if bias is None else out + np.reshape(bias, (-1, 1, 1))
