#!/usr/bin/env python3
"""Numbers for tests/metrics from numpy, SciPy and scikit-image, written beside this script.

Pictures, patch places and directions come from formulas in whole numbers that the C++ tests share.
PSNR and SSIM are scikit-image's, MS-SSIM is written out with two-dimensional windows, the pyramid
uses scipy.ndimage as the code of Karras et al. 2018 does, spectra numpy's FFT.
Run with a Python that has numpy, SciPy and scikit-image: python3 tests/golden/image_metrics.py
"""
import json
import pathlib

import numpy as np
from scipy import ndimage, signal
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
PYRAMID = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0
PATCHES, DIRECTIONS = 8, 40


def places(shape):
    return np.indices(shape)


def pictures(shape):
    n, c, y, x = places(shape)
    return ((3 * x + 5 * y + 40 * c + 17 * n + 3 * (x * y % 23)) % 256).astype(np.uint8)


def damaged(shape):
    n, c, y, x = places(shape)
    noise = (7 * x + 11 * y + 3 * n + 5 * c + x * y) % 41 - 20
    return np.clip(pictures(shape).astype(int) + noise, 0, 255).astype(np.uint8)


def luma(image):
    """MATLAB's rgb2ycbcr on [C, H, W] in 0..255, without its rounding."""
    r, g, b = image.astype(float) / 255
    return (65.481 * r + 128.553 * g + 24.966 * b + 16)[None]


def prepared(image, border, in_luma):
    image = image[:, border:image.shape[1] - border, border:image.shape[2] - border]
    return luma(image) if in_luma and image.shape[0] == 3 else image.astype(float)


def fidelity(shape, border, in_luma):
    pairs = [(prepared(a, border, in_luma), prepared(b, border, in_luma))
             for a, b in zip(pictures(shape), damaged(shape))]
    return {"shape": shape, "border": border, "luma": in_luma,
            "psnr": [peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs],
            "ssim": [structural_similarity(a, b, data_range=255, channel_axis=0, sigma=1.5,
                                           gaussian_weights=True, use_sample_covariance=False)
                     for a, b in pairs]}


def window(size):
    sigma = 1.5 * size / 11
    y, x = np.indices((size, size)) - (size - 1) / 2
    g = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
    return g / g.sum()


def terms(a, b):
    """Mean contrast-structure and mean SSIM over all channels."""
    w = window(min(11, *a.shape[1:]))
    blur = lambda t: np.stack([signal.convolve2d(p, w, mode="valid") for p in t])
    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = 2.55 ** 2, 7.65 ** 2
    cs = (2 * cov + c2) / (va + vb + c2)
    return cs.mean(), (cs * (2 * ma * mb + c1) / (ma * ma + mb * mb + c1)).mean()


def half(t):
    t = np.pad(t, ((0, 0), (0, t.shape[1] % 2), (0, t.shape[2] % 2)), mode="edge")
    return (t[:, ::2, ::2] + t[:, 1::2, ::2] + t[:, ::2, 1::2] + t[:, 1::2, 1::2]) / 4


def ms_ssim(a, b):
    a, b = a.astype(float), b.astype(float)
    sides, side = [], min(a.shape[1:])
    while side >= 2 and len(sides) < 5:
        sides.append(side)
        side = (side + 1) // 2
    weights = np.array(WEIGHTS[:len(sides)]) / sum(WEIGHTS[:len(sides)])
    result = 1.0
    for level, weight in enumerate(weights):
        cs, full = terms(a, b)
        result *= max(0.0, full if level + 1 == len(weights) else cs) ** weight
        a, b = half(a), half(b)
    return result


def multi_scale(shape):
    return {"shape": shape, "values": [ms_ssim(a, b) for a, b in
                                       zip(pictures(shape), damaged(shape))]}


def smooth(t, gain=1.0):
    return ndimage.convolve(t, gain * PYRAMID[None, None], mode="mirror")


def pyramid(images):
    levels = [images.astype(float)]
    while min(levels[-1].shape[2:]) > 16:
        fine = levels[-1]
        coarse = smooth(fine)[:, :, ::2, ::2]
        spread = np.zeros_like(fine)
        spread[:, :, ::2, ::2] = coarse
        levels[-1] = fine - smooth(spread, 4.0)
        levels.append(coarse)
    return levels


def descriptors(level, which):
    rows = []
    for i, image in enumerate(level):
        for p in range(PATCHES):
            top = (37 * p + 11 * i + 5 * which) % (image.shape[1] - 6)
            left = (53 * p + 7 * i + 3 * which) % (image.shape[2] - 6)
            rows.append(image[:, top:top + 7, left:left + 7])
    rows = np.stack(rows)
    rows -= rows.mean(axis=(0, 2, 3), keepdims=True)
    return (rows / rows.std(axis=(0, 2, 3), keepdims=True)).reshape(len(rows), -1)


def sliced(real, fake):
    count = real.shape[1] * DIRECTIONS
    directions = np.sin(1.3 * np.arange(count) + 0.2).reshape(real.shape[1], DIRECTIONS)
    directions /= np.sqrt((directions ** 2).sum(axis=0, keepdims=True))
    return np.abs(np.sort(real @ directions, axis=0) - np.sort(fake @ directions, axis=0)).mean()


def wasserstein(shape):
    levels = list(zip(pyramid(pictures(shape)), pyramid(damaged(shape))))
    return {"shape": shape, "sides": [list(a.shape[2:]) for a, _ in levels],
            "squares": [float((a ** 2).mean()) for a, _ in levels],
            "distances": [sliced(descriptors(a, 0), descriptors(b, 1)) for a, b in levels]}


def radial(images):
    height, width = images.shape[2:]
    side = min(height, width)
    power = np.abs(np.fft.fft2(images / 255.0) / (height * width)) ** 2
    power = power.mean(axis=(0, 1))
    radius = side * np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width),
                                          indexing="ij"))
    return np.array([power[(radius >= k - 0.5) & (radius < k + 0.5)].mean()
                     for k in range(side // 2 + 1)])


def spectrum(shape):
    a, b = radial(pictures(shape)), radial(damaged(shape))
    floor = 1 / (12 * 255 ** 2 * shape[2] * shape[3])
    decibels = 10 * np.log10(np.maximum(a, floor) / np.maximum(b, floor))
    return {"shape": shape, "power": a.tolist(), "distance": np.abs(decibels[1:]).mean()}


if __name__ == "__main__":
    colour, grey = [2, 3, 24, 21], [2, 1, 13, 18]
    table = {
        "fidelity": [fidelity(colour, 0, False), fidelity(colour, 4, False),
                     fidelity(colour, 0, True), fidelity(colour, 3, True),
                     fidelity(grey, 0, False), fidelity(grey, 1, True)],
        "ms_ssim": [multi_scale(s) for s in ([2, 3, 64, 48], [2, 1, 28, 28], [1, 3, 35, 33],
                                             [2, 1, 16, 16], [1, 1, 180, 176])],
        "wasserstein": [wasserstein(s) for s in ([4, 3, 64, 64], [5, 1, 28, 28], [3, 3, 37, 24],
                                                 [4, 1, 8, 9])],
        "spectrum": [spectrum(s) for s in ([3, 3, 16, 16], [2, 1, 28, 28], [2, 3, 15, 22])],
    }
    lines = [f"  {json.dumps(k)}: [\n    " + ",\n    ".join(json.dumps(v) for v in values) + "\n  ]"
             for k, values in table.items()]
    path = pathlib.Path(__file__).parent / "image_metrics.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
