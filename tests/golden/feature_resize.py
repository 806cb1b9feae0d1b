#!/usr/bin/env python3
"""Numbers for tests/metrics/feature_resize_test.cpp: images resized for feature networks.

"clean", "box" and "lanczos" are Pillow's own (mode "F", one channel at a time); "legacy-pytorch" is
torch's; "legacy-tensorflow" follows TensorFlow 1's resize_bilinear kernel in numpy float32. The file
holds, for each case, the mean, the root of the mean square and a grid of pixels, for the
TensorFlow form also the sum of all bit patterns modulo 2^32.
Needs numpy, torch, Pillow. Run: python3 tests/golden/feature_resize.py
"""
import json
import pathlib

import numpy as np
import torch
from PIL import Image

SIZES = [(28, 28), (32, 40), (310, 401), (5, 1)]
GRID = [0, 1, 43, 150, 213, 298]
FILTERS = {"clean": Image.Resampling.BICUBIC, "box": Image.Resampling.BOX,
           "lanczos": Image.Resampling.LANCZOS}


def picture(height, width):
    """Bytes [3, height, width] with edges and slopes."""
    c, y, x = np.meshgrid(np.arange(3), np.arange(height), np.arange(width), indexing="ij")
    return ((37 * x + 61 * y + 101 * c + 13 * x * y + 7 * c * x) % 256).astype(np.float32)


def pillow(planes, filter):
    # Two calls fix the order of the passes (width first), which Pillow 13 may swap.
    rows = [Image.fromarray(p).resize((299, p.shape[0]), filter) for p in planes]
    return np.stack([np.asarray(r.resize((299, 299), filter)) for r in rows])


def tensorflow(planes):
    def places(n):
        scale = np.float32(n) / np.float32(299)
        at = np.arange(299, dtype=np.float32) * scale
        low = np.floor(at).astype(np.int64)
        return low, np.minimum(low + 1, n - 1), at - low.astype(np.float32)

    top, bottom, ys = places(planes.shape[1])
    left, right, xs = places(planes.shape[2])
    ys = ys[:, None]
    top_left, top_right = planes[:, top][:, :, left], planes[:, top][:, :, right]
    bottom_left, bottom_right = planes[:, bottom][:, :, left], planes[:, bottom][:, :, right]
    upper = top_left + (top_right - top_left) * xs
    lower = bottom_left + (bottom_right - bottom_left) * xs
    return upper + (lower - upper) * ys


def resized(planes, mode):
    if mode == "legacy-tensorflow":
        return tensorflow(planes)
    if mode == "legacy-pytorch":
        return torch.nn.functional.interpolate(torch.from_numpy(planes)[None], size=(299, 299),
                                               mode="bilinear", align_corners=False)[0].numpy()
    result = pillow(planes, FILTERS[mode])
    return result.clip(0, 255) if mode == "clean" else result


def case(height, width, mode):
    out = resized(picture(height, width), mode)
    assert out.shape == (3, 299, 299) and out.dtype == np.float32
    grid = out[1][np.ix_(GRID, GRID)].astype(np.float64).reshape(-1).tolist()
    wide = out.astype(np.float64)
    return {"height": height, "width": width, "mode": mode, "mean": wide.mean(),
            "root_mean_square": np.sqrt(np.square(wide).mean()), "grid": grid,
            "bits": int(out.view(np.uint32).sum(dtype=np.uint64) % 2**32)}


if __name__ == "__main__":
    modes = [*FILTERS, "legacy-pytorch", "legacy-tensorflow"]
    cases = [case(h, w, mode) for h, w in SIZES for mode in modes]
    text = "[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n"
    pathlib.Path(__file__).with_suffix(".json").write_text(text)
