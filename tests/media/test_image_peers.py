"""Pictures exchanged with Pillow: what it writes we read, what we write it reads.

Needs the program peer_image_tool (tests/peers/image_tool.cpp) below GANYMEDE_BUILD_DIR/bin.
"""

import atexit
import io
import os
import pathlib
import struct
import subprocess
import zlib

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GANYMEDE_BUILD_DIR", ROOT / "build" / "release"))
TOOL = BUILD / "bin" / "peer_image_tool"
SIZES = [(1, 1), (1, 9), (9, 1), (7, 13), (33, 20)]
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


class Tool:
    """One process for all tests: starting it costs more than a picture does."""

    process = None

    def __call__(self, *args, fails=False):
        if self.process is None:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen([TOOL], stdin=pipe, stdout=pipe, text=True)
            atexit.register(self.process.kill)
        self.process.stdin.write("\t".join(map(str, args)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.startswith("error" if fails else "ok"), answer or "the program ended"
        return answer


tool = Tool()


def ours(path, tmp_path, *options):
    tool("decode", path, tmp_path / "decoded.raw", *options)
    return read_raw(tmp_path / "decoded.raw")


def read_raw(path):
    header, data = path.read_bytes().split(b"\n", 1)
    width, height, channels = map(int, header.split())
    return np.frombuffer(data, np.uint8).reshape(height, width, channels)


def write_raw(path, array):
    height, width, channels = array.shape
    path.write_bytes(f"{width} {height} {channels}\n".encode() + array.tobytes())
    return path


def random_array(width, height, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def smooth_array(width, height, channels):
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 200 / width, y * 200 / height, (x + y) * 200 / (width + height), 255 - x]
    return np.stack(planes[:channels], axis=2).astype(np.uint8)


def as_array(image):
    array = np.asarray(image)
    return array[:, :, None] if array.ndim == 2 else array


def picture(array):
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


# --- PNG -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", MODES)
def test_png_modes_from_pillow(tmp_path, size, channels):
    array = random_array(*size, channels)
    Image.fromarray(array[:, :, 0] if channels == 1 else array, MODES[channels]).save(
        tmp_path / "a.png"
    )
    np.testing.assert_array_equal(ours(tmp_path / "a.png", tmp_path), array)


@pytest.mark.parametrize("size", SIZES)
def test_png_one_bit_from_pillow(tmp_path, size):
    image = picture(random_array(*size, 1)).convert("1")
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(
        ours(tmp_path / "a.png", tmp_path), as_array(image.convert("L"))
    )


@pytest.mark.parametrize("colors", [2, 4, 16, 200])
@pytest.mark.parametrize("transparent", [False, True])
def test_png_palettes_from_pillow(tmp_path, colors, transparent):
    image = picture(random_array(20, 11, 3)).quantize(colors)
    image.save(tmp_path / "a.png", **({"transparency": 1} if transparent else {}))
    expected = Image.open(tmp_path / "a.png").convert("RGBA" if transparent else "RGB")
    np.testing.assert_array_equal(ours(tmp_path / "a.png", tmp_path), as_array(expected))


@pytest.mark.parametrize("transparency", [None, 1000])
def test_png_sixteen_bit_grey_from_pillow(tmp_path, transparency):
    values = np.random.default_rng(3).integers(0, 65536, (12, 10), np.uint16)
    values[0, 0] = 1000
    Image.fromarray(values).save(tmp_path / "a.png")
    if transparency is not None:
        data = (tmp_path / "a.png").read_bytes()
        chunk = png_chunk(b"tRNS", struct.pack(">H", transparency))
        (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    result = ours(tmp_path / "a.png", tmp_path)
    np.testing.assert_array_equal(result[:, :, 0], np.rint(values / 257).astype(np.uint8))
    if transparency is not None:
        np.testing.assert_array_equal(result[:, :, 1], np.where(values == 1000, 0, 255))


def png_chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2)]


def packed_rows(samples, depth):
    """Filter byte and big-endian packed samples for each row of (height, width, channels)."""
    out = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            out += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = "".join(format(v, f"0{depth}b") for v in row)
            bits += "0" * (-len(bits) % 8)
            out += b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return out


def make_png(samples, depth, color_type, interlaced, extra=b""):
    height, width, _ = samples.shape
    rows = b""
    if interlaced:
        for x, y, dx, dy in ADAM7:
            part = samples[y::dy, x::dx]
            rows += packed_rows(part, depth) if part.size else b""
    else:
        rows = packed_rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra
        + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    )


TYPES = [(0, d, 1) for d in (1, 2, 4, 8, 16)] + [(3, d, 1) for d in (1, 2, 4, 8)]
TYPES += [(t, d, c) for t, c in ((2, 3), (4, 2), (6, 4)) for d in (8, 16)]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("color_type,depth,channels", TYPES)
def test_png_every_type_and_depth(tmp_path, color_type, depth, channels, size, interlaced):
    width, height = size
    samples = np.random.default_rng(1).integers(0, 2**depth, (height, width, channels))
    palette = random_array(2**depth if color_type == 3 else 1, 1, 3, seed=5)
    extra = png_chunk(b"PLTE", palette.tobytes()) if color_type == 3 else b""
    (tmp_path / "a.png").write_bytes(make_png(samples, depth, color_type, interlaced, extra))
    result = ours(tmp_path / "a.png", tmp_path)
    if color_type == 3:
        expected = palette[0][samples[:, :, 0]]
    else:
        expected = np.rint(samples * (255 / (2**depth - 1))).astype(np.uint8)
    np.testing.assert_array_equal(result, expected)
    if depth <= 8:
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[result.shape[2]]
        pillow = Image.open(tmp_path / "a.png").convert(mode)
        np.testing.assert_array_equal(result, as_array(pillow))


@pytest.mark.parametrize("channels", MODES)
@pytest.mark.parametrize("extension", ["png", "webp"])
@pytest.mark.parametrize("size", SIZES)
def test_pillow_reads_our_lossless_files(tmp_path, channels, extension, size):
    array = random_array(*size, channels)
    target = tmp_path / f"a.{extension}"
    tool("encode", write_raw(tmp_path / "a.in", array), target)
    image = Image.open(target)
    image.load()
    if extension == "webp" and channels < 3:
        array = np.concatenate([array[:, :, :1]] * 3 + [array[:, :, 1:]], axis=2)
    if extension == "webp":
        image = image.convert(MODES[array.shape[2]])
    np.testing.assert_array_equal(as_array(image), array)


def test_alpha_is_composited_as_pillow_pastes(tmp_path):
    array = random_array(40, 30, 4)
    image = Image.fromarray(array)
    image.save(tmp_path / "a.png")
    for name, color in (("white", (255,) * 3), ("black", (0,) * 3)):
        backdrop = Image.new("RGB", image.size, color)
        backdrop.paste(image, mask=image.getchannel("A"))
        result = ours(tmp_path / "a.png", tmp_path, "rgb", name)
        np.testing.assert_array_equal(result, as_array(backdrop))
        grey = ours(tmp_path / "a.png", tmp_path, "grey", name)
        np.testing.assert_array_equal(grey, as_array(backdrop.convert("L")))


# --- JPEG ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpegs_from_pillow(tmp_path, size, mode, progressive, subsampling):
    image = Image.fromarray(smooth_array(*size, 3)).convert(mode)
    image.save(tmp_path / "a.jpg", quality=90, progressive=progressive, subsampling=subsampling)
    expected = as_array(Image.open(tmp_path / "a.jpg").convert("L" if mode == "L" else "RGB"))
    result = ours(tmp_path / "a.jpg", tmp_path)
    # Two builds of libjpeg may round the upsampling of chroma differently by one step.
    assert np.abs(result.astype(int) - expected).max() <= 2
    assert result.shape == expected.shape


def test_ycck_jpeg_is_converted(tmp_path):
    """Pillow writes plain CMYK only: turn the inks into YCC ourselves and mark the file as YCCK."""
    inks = np.full((16, 16, 4), (200, 30, 90, 60), np.uint8)
    # Adobe stores 255 - ink, and the YCC of what is stored is that of its complement: of the ink.
    ycc = as_array(Image.fromarray(inks[:, :, :3]).convert("YCbCr"))
    stored = np.concatenate([ycc, 255 - inks[:, :, 3:]], axis=2)
    buffer = io.BytesIO()
    Image.frombytes("CMYK", (16, 16), (255 - stored).tobytes()).save(buffer, "JPEG", quality=100)
    data = buffer.getvalue()
    at = data.index(b"Adobe") + 11
    assert data[at] == 0
    (tmp_path / "a.jpg").write_bytes(data[:at] + b"\x02" + data[at + 1 :])
    result = ours(tmp_path / "a.jpg", tmp_path)
    expected = np.rint((255.0 - inks[:, :, :3]) * (255 - 60) / 255)
    assert np.abs(result - expected).max() <= 3
    pillow = as_array(Image.open(tmp_path / "a.jpg").convert("RGB"))
    assert np.abs(result.astype(int) - pillow).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
def test_exif_orientation(tmp_path, orientation, kind):
    from PIL import ImageOps

    image = Image.fromarray(smooth_array(24, 16, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "webp" else {}
    image.save(tmp_path / f"a.{kind}", exif=exif, **options)
    stored = Image.open(tmp_path / f"a.{kind}")
    upright = as_array(ImageOps.exif_transpose(stored).convert("RGB"))
    result = ours(tmp_path / f"a.{kind}", tmp_path)
    assert np.abs(result.astype(int) - upright).max() <= 2
    raw = ours(tmp_path / f"a.{kind}", tmp_path, "raw")
    assert np.abs(raw.astype(int) - as_array(stored.convert("RGB"))).max() <= 2


@pytest.mark.parametrize("channels", MODES)
@pytest.mark.parametrize("size", SIZES)
def test_pillow_reads_our_jpegs(tmp_path, channels, size):
    array = smooth_array(*size, channels)
    tool("encode", write_raw(tmp_path / "a.in", array), tmp_path / "a.jpg")
    image = Image.open(tmp_path / "a.jpg")
    assert image.mode == ("L" if channels < 3 else "RGB")
    if channels in (1, 3):
        assert np.abs(as_array(image).astype(int) - array).max() <= 16


# --- WebP and GIF ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [True, False])
def test_webps_from_pillow(tmp_path, size, mode, lossless):
    image = Image.fromarray(smooth_array(*size, len(mode)))
    image.save(tmp_path / "a.webp", lossless=lossless, exact=True, quality=90)
    expected = as_array(Image.open(tmp_path / "a.webp").convert(mode))
    result = ours(tmp_path / "a.webp", tmp_path)
    if result.shape[2] != len(mode):
        assert (expected[:, :, 3] == 255).all()
        expected = expected[:, :, :3]
    assert np.abs(result.astype(int) - expected).max() <= (0 if lossless else 2)


def animation(count, channels=3, size=(12, 9)):
    return [random_array(*size, channels, seed=i) for i in range(count)]


def test_pillow_reads_our_animated_webp(tmp_path):
    frames = animation(5)
    raws = [write_raw(tmp_path / f"{i}.raw", frame) for i, frame in enumerate(frames)]
    tool("animate", 70, 3, tmp_path / "a.webp", *raws)
    image = Image.open(tmp_path / "a.webp")
    assert image.n_frames == 5 and image.info["loop"] == 3
    for i, frame in enumerate(frames):
        image.seek(i)
        image.load()
        assert image.info["duration"] == 70
        np.testing.assert_array_equal(as_array(image.convert("RGB")), frame)


@pytest.mark.parametrize("channels,count", [(1, 4), (3, 2), (3, 6)])
def test_pillow_reads_our_animated_gif(tmp_path, channels, count):
    """Two frames share an exact palette; six together have more colours than it can hold."""
    frames = animation(count, channels)
    raws = [write_raw(tmp_path / f"{i}.raw", frame) for i, frame in enumerate(frames)]
    tool("animate", 120, 0, tmp_path / "a.gif", *raws)
    image = Image.open(tmp_path / "a.gif")
    assert image.n_frames == count and image.info["loop"] == 0
    for i, frame in enumerate(frames):
        image.seek(i)
        assert image.info["duration"] == 120
        expected = frame if channels == 3 else np.repeat(frame, 3, axis=2)
        np.testing.assert_array_equal(as_array(image.convert("RGB")), expected)


def test_gif_of_many_colours_stays_near(tmp_path):
    array = smooth_array(160, 120, 3)
    tool("encode", write_raw(tmp_path / "a.in", array), tmp_path / "a.gif")
    result = as_array(Image.open(tmp_path / "a.gif").convert("RGB")).astype(int)
    assert np.abs(result - array).mean() < 4


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["L", "P", "transparent", "interlaced"])
def test_gifs_from_pillow(tmp_path, size, kind):
    image = picture(random_array(*size, 1)) if kind == "L" else picture(random_array(*size, 3)).quantize(32)
    options = {"transparency": 3} if kind == "transparent" else {}
    image.save(tmp_path / "a.gif", interlace=1 if kind == "interlaced" else 0, **options)
    rgba = as_array(Image.open(tmp_path / "a.gif").convert("RGBA"))
    result = ours(tmp_path / "a.gif", tmp_path)
    if result.shape[2] == 3:
        assert (rgba[:, :, 3] == 255).all()
        np.testing.assert_array_equal(result, rgba[:, :, :3])
    else:
        np.testing.assert_array_equal(result[:, :, 3], rgba[:, :, 3])
        seen = rgba[:, :, 3] == 255
        np.testing.assert_array_equal(result[seen], rgba[seen])


def test_first_frame_of_pillows_animations(tmp_path):
    frames = [Image.fromarray(frame) for frame in animation(3)]
    for name, options in (("a.gif", {}), ("a.webp", {"lossless": True})):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        expected = as_array(Image.open(tmp_path / name).convert("RGB"))
        np.testing.assert_array_equal(ours(tmp_path / name, tmp_path, "rgb"), expected)


# --- resize and errors -----------------------------------------------------------------------

FILTERS = {"box": 4, "bilinear": 2, "bicubic": 3, "lanczos": 1}


def width_then_height(source, size, code):
    """Resizes in the order of every Pillow before 13, which sometimes takes the height first."""
    premultiplied = {"LA": "La", "RGBA": "RGBa"}.get(source.mode, source.mode)
    wide = source.convert(premultiplied).resize((size[0], source.height), code)
    return wide.resize(size, code).convert(source.mode)


@pytest.mark.parametrize("name,code", list(FILTERS.items()))
@pytest.mark.parametrize("channels", MODES)
def test_resize_equals_pillow(tmp_path, name, code, channels):
    rng = np.random.default_rng(code * 10 + channels)
    for width, height, new_width, new_height in rng.integers(1, 90, (12, 4)):
        array = random_array(width, height, channels, seed=int(width))
        write_raw(tmp_path / "a.raw", array)
        tool("resize", tmp_path / "a.raw", tmp_path / "b.raw", new_width, new_height, name)
        source = Image.fromarray(array[:, :, 0] if channels == 1 else array, MODES[channels])
        expected = as_array(width_then_height(source, (int(new_width), int(new_height)), code))
        np.testing.assert_array_equal(read_raw(tmp_path / "b.raw"), expected)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "gif"])
def test_truncated_files_are_named(tmp_path, kind):
    Image.fromarray(random_array(64, 48, 3)).save(tmp_path / "whole.bin", {"jpg": "JPEG"}.get(kind, kind.upper()))
    data = (tmp_path / "whole.bin").read_bytes()
    for part in range(16):
        (tmp_path / "cut.bin").write_bytes(data[: len(data) * part // 16])
        message = tool("decode", tmp_path / "cut.bin", tmp_path / "out.raw", fails=True)
        assert "cut.bin" in message and "allowed" in message
