"""Solids and clips through the program: from arrays and strips to meshes and animations."""

import struct
import zlib

import numpy as np
import pytest

from gan_program import FAILED, USAGE, fails, gan, json_lines

TINY = ["--set", "gan.base_channels=4", "--batch", "8", "--kimg", "0.04", "--threads", "1",
        "--set", "train.health_kimg=0", "--set", "evaluate.metrics=[]"]


def png(path, pixels):
    """uint8 [H, W, 3] as a PNG."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture(scope="module")
def solids(tmp_path_factory):
    """Boxes of two classes: flat and tall."""
    folder = tmp_path_factory.mktemp("solids")
    random = np.random.default_rng(1)
    voxels, labels = np.zeros((60, 15, 15, 15), np.int32), np.arange(60) % 2
    for solid, label in zip(voxels, labels):
        a, b = random.integers(3, 7, 2)
        solid[4:4 + a, 5:5 + b, 1:(12 if label else 4)] = 1
    np.savez_compressed(folder / "boxes.npz", X_train=voxels, y_train=labels)
    return folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Strips of 16 frames of 32 px in which a square moves right or down."""
    folder = tmp_path_factory.mktemp("clips")
    for i in range(12):
        strip = np.zeros((32, 16 * 32, 3), np.uint8)
        for t in range(16):
            x, y = (t + 4, 12) if i % 2 else (12, t + 4)
            strip[y:y + 6, 32 * t + x:32 * t + x + 6] = 40 + 15 * i
        png(folder / "strips" / ("right" if i % 2 else "down") / f"{i}.png", strip)
    return folder


def scores(*arguments):
    lines = json_lines(gan("evaluate", *arguments, "--json", "--threads", "1").stdout)
    record = [line for line in lines if line["event"] == "record"][-1]
    return {score["name"]: score for score in record["scores"]}


def test_one_class_of_solids_is_learned_and_written(solids):
    run = solids / "run"
    done = gan("train", "gan3d", "--data", f"{solids / 'boxes.npz'}#1", "--out", run, *TINY)
    assert "domain voxels" in done.stdout + done.stderr, "the program says what it took the data for"
    for name in ("a.obj", "a.ply", "a.npz", "a.gif", "a.png"):
        gan("sample", run, "--seeds", "0-3", "--out", solids / name)
        assert (solids / name).stat().st_size > 0
    assert (solids / "a.ply").read_bytes().startswith(b"ply\nformat binary_little_endian 1.0\n")
    assert np.load(solids / "a.npz")["voxels"].shape == (4, 16, 16, 16)
    gan("sample", run, "--seeds", "5-6", "--out", solids / "folder")
    assert len(list((solids / "folder").glob("*.binvox"))) == 2
    fails(USAGE, "sample", run, "--seeds", "0", "--out", solids / "a.stl", says=[".obj"])
    judged = scores(run, "--data", f"{solids / 'boxes.npz'}#1", "-n", "20", "--metrics",
                    "solids,solid_variety")
    assert 0 <= judged["IoU to nearest"]["value"] <= 1
    assert 0 <= judged["coverage"]["value"] <= 1
    assert judged["parts"]["floor"] == 1, "every box is one part"


def test_solids_are_told_from_their_copies(solids):
    data = str(solids / "boxes.npz")
    judged = scores(data + "#1", "--data", data + "#0", "-n", "30", "--metrics", "solids,solid_variety")
    assert judged["volume"]["value"] > 2 * judged["volume"]["floor"], "tall beside flat"
    assert judged["1-NN accuracy"]["value"] == 1
    assert judged["IoU to nearest"]["value"] < 0.5


def test_classes_that_are_not_there_are_refused(solids):
    fails(USAGE, "train", "gan3d", "--data", f"{solids / 'boxes.npz'}#7", *TINY, says=["0 to 1"])
    fails(FAILED, "train", "gan3d", "--data", f"{solids / 'nothing.npz'}#1", *TINY, says=["nothing.npz"])


def test_clips_are_learned_by_class_and_written(clips):
    run = clips / "run"
    gan("train", "mocogan/shapes", "--data", clips / "strips", "--set", "data.frames=16", "--out", run, *TINY)
    for name in ("a.gif", "a.webp", "a.npz", "a.png"):
        gan("sample", run, "--seeds", "0-3", "--out", clips / name)
    assert (clips / "a.gif").read_bytes().count(b"\x21\xf9\x04") == 16, "frames"
    assert np.load(clips / "a.npz")["clips"].shape == (4, 16, 32, 32, 3)
    gan("sample", run, "--class", "1", "--seeds", "0-2", "--out", clips / "strips-made")
    assert len(list((clips / "strips-made").glob("*.png"))) == 3
    fails(USAGE, "sample", run, "--seeds", "0", "--out", clips / "a.mp4", says=["no program ffmpeg"],
          env={"PATH": "/nowhere"})
    judged = scores(run, "--data", clips / "strips", "-n", "10", "--metrics", "frame_fd,motion")
    assert judged["motion"]["value"] > 0
    assert judged["frame FD"]["value"] > judged["frame FD"]["floor"]
