"""Writes image_resize.txt, image_luma.txt: what Pillow makes of small fixed pictures.

Run with a Python that has Pillow and numpy:  python3 make_image_goldens.py
The C++ tests (tests/media/resize_test.cpp, image_test.cpp) make the same input by the same formula.
"""

import pathlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
CASES = [  # width, height, channels, new width, new height
    (7, 13, 1, 3, 5),
    (7, 13, 1, 16, 20),
    (16, 12, 3, 5, 9),
    (5, 4, 3, 12, 12),
    (1, 9, 1, 4, 3),
    (9, 1, 3, 2, 1),
    (16, 16, 3, 16, 7),
    (16, 16, 3, 7, 16),
    (11, 10, 4, 6, 4),
    (6, 5, 2, 9, 8),
    (64, 48, 1, 6, 5),
]


def pattern(width, height, channels):
    """Bytes of a linear congruential sequence: rough enough to overshoot every filter."""
    state, out = 12345, []
    for _ in range(width * height * channels):
        state = (1103515245 * state + 12345) % 2**31
        value = state >> 16 & 255
        out.append(255 if value > 200 else 0 if value < 60 else value)
    return np.array(out, dtype=np.uint8).reshape(height, width, channels)


def picture(array):
    channels = array.shape[2]
    return Image.fromarray(array[:, :, 0] if channels == 1 else array, MODES[channels])


def resized(source, size, method):
    """Width first, then height: the order of every Pillow before 13, whichever one runs this."""
    premultiplied = {"LA": "La", "RGBA": "RGBa"}.get(source.mode, source.mode)
    wide = source.convert(premultiplied).resize((size[0], source.height), method)
    return wide.resize(size, method).convert(source.mode)


def main():
    lines = []
    for width, height, channels, new_width, new_height in CASES:
        source = picture(pattern(width, height, channels))
        for name, method in FILTERS.items():
            result = resized(source, (new_width, new_height), method)
            result = np.asarray(result).tobytes().hex()
            lines.append(f"{width} {height} {channels} {new_width} {new_height} {name} {result}")
    (HERE / "image_resize.txt").write_text("\n".join(lines) + "\n")
    grey = np.asarray(picture(pattern(64, 48, 3)).convert("L")).tobytes().hex()
    (HERE / "image_luma.txt").write_text(grey + "\n")


if __name__ == "__main__":
    main()
