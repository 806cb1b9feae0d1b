"""File containers exchanged with safetensors, NumPy, zipfile, tarfile and TensorBoard.

Every peer writes a file, the program peer_container_tool (tests/peers/container_tool.cpp, below
GANYMEDE_BUILD_DIR/bin) reads it with our reader and writes the content with our writer, and the peer
reads that back.
"""

import gzip
import hashlib
import io
import itertools
import json
import os
import pathlib
import struct
import subprocess
import tarfile
import zipfile

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GANYMEDE_BUILD_DIR", ROOT / "build" / "release"))
TOOL = BUILD / "bin" / "peer_container_tool"
DTYPES = "bool u1 i1 i2 u2 i4 u4 i8 u8 f2 f4 f8".split()


def tool(*args, fails=False):
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=120)
    assert done.returncode == (1 if fails else 0), done.stderr
    return done.stderr


def arrays():
    made = {dtype: np.arange(6).reshape(2, 3).astype(dtype) for dtype in DTYPES}
    made["nan"] = np.array([np.nan, np.inf, -0.0], np.float32)
    made["empty"] = np.zeros((0, 4), np.float32)
    made["layers.0/weight é"] = np.random.default_rng(0).normal(size=(17, 5)).astype(np.float32)
    return made


def assert_same(got, expected):
    assert sorted(got) == sorted(expected)
    for name, array in expected.items():
        assert got[name].dtype == array.dtype, name
        assert got[name].shape == array.shape, name
        assert got[name].tobytes() == array.tobytes(), name


@pytest.mark.parametrize("command", ["safetensors", "tensors"])
def test_safetensors_both_ways(tmp_path, command):
    expected = arrays() | {"scalar": np.array(2.5)}
    safetensors.numpy.save_file(expected, tmp_path / "theirs", metadata={"a": "b", "ü": "\n\""})
    tool(command, tmp_path / "theirs", tmp_path / "ours")
    assert_same(safetensors.numpy.load_file(tmp_path / "ours"), expected)
    if command == "safetensors":
        with safetensors.safe_open(tmp_path / "ours", "numpy") as file:
            assert file.metadata() == {"a": "b", "ü": "\n\""}


def test_safetensors_gives_the_reference_bytes(tmp_path):
    safetensors.numpy.save_file(arrays(), tmp_path / "theirs")
    tool("safetensors", tmp_path / "theirs", tmp_path / "ours")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("command", ["safetensors", "tensors"])
def test_bfloat16_both_ways(tmp_path, command):
    bits = np.arange(65536, dtype=np.uint16)
    spec = safetensors.TensorSpec(
        dtype="bfloat16", shape=[256, 256], data_ptr=bits.ctypes.data, data_len=bits.nbytes
    )
    (tmp_path / "theirs").write_bytes(safetensors.serialize({"w": spec}))
    tool(command, tmp_path / "theirs", tmp_path / "ours")
    ((name, info),) = safetensors.deserialize((tmp_path / "ours").read_bytes())
    assert (name, info["dtype"], info["shape"]) == ("w", "BF16", [256, 256])
    assert bytes(info["data"]) == bits.tobytes()


def test_tensor_folder_is_plain_safetensors_and_hashes(tmp_path):
    expected = {"w": np.arange(5, dtype=np.float32)}
    safetensors.numpy.save_file(expected, tmp_path / "theirs")
    tool("folder", tmp_path / "theirs", tmp_path / "000001")
    assert_same(safetensors.numpy.load_file(tmp_path / "000001/model.safetensors"), expected)
    text = (tmp_path / "000001/manifest.json").read_text()
    manifest = json.loads(text)
    (file,) = manifest["files"]
    digest = hashlib.sha256((tmp_path / "000001" / file["name"]).read_bytes()).hexdigest()
    assert (file["name"], file["sha256"]) == ("model.safetensors", digest)
    body = text[: text.rindex(',\n  "sha256"')]
    assert manifest["sha256"] == hashlib.sha256(body.encode()).hexdigest()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npy_both_ways(tmp_path, version):
    shapes = [(), (7,), (2, 3), (3, 1, 4, 2), (0, 3)]
    expected, files = {}, []
    for case in itertools.product(DTYPES, "CF", "<>", shapes):
        dtype, order, endian, shape = case
        array = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
        stored = array.astype(np.dtype(dtype).newbyteorder(endian), order=order)
        theirs, ours = (tmp_path / f"{len(expected)}.{who}.npy" for who in ("theirs", "ours"))
        with open(theirs, "wb") as file:
            np.lib.format.write_array(file, stored, version)
        files += [theirs, ours]
        expected[case] = array
    tool("npy", *files)
    assert len(expected) == 240
    assert_same(dict(zip(expected, map(np.load, files[1::2]))), expected)


def test_npy_bytes_are_those_of_numpy(tmp_path):
    np.save(tmp_path / "theirs.npy", np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    tool("npy", tmp_path / "theirs.npy", tmp_path / "ours.npy")
    assert np.load(tmp_path / "ours.npy", mmap_mode="r").shape == (2, 3, 4)
    theirs, ours = (np.load(tmp_path / f"{who}.npy").tobytes() for who in ("theirs", "ours"))
    assert theirs == ours


def test_npy_objects_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    assert "pickle" in tool("npy", tmp_path / "a.npy", tmp_path / "b.npy", fails=True)
    assert not (tmp_path / "b.npy").exists()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_both_ways(tmp_path, save):
    expected = {name.replace("/", "_"): array for name, array in arrays().items()}
    save(tmp_path / "theirs.npz", **expected)
    tool("npz", tmp_path / "theirs.npz", tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as file:
        assert_same(dict(file), expected)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("streamed", [False, True])
def test_zip_both_ways(tmp_path, method, streamed):
    content = {"dataset.json": b"{}", "00000/é.png": b"x" * 100_000, "empty": b""}
    buffer = io.BytesIO()
    if streamed:  # sizes follow the data
        buffer.seekable = lambda: False
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.mkdir("folder")
        for name, data in content.items():
            archive.writestr(name, data)
    (tmp_path / "theirs.zip").write_bytes(buffer.getvalue())
    tool("zip", tmp_path / "theirs.zip", tmp_path / "ours.zip")
    with zipfile.ZipFile(tmp_path / "ours.zip") as archive:
        assert archive.testzip() is None
        assert {i.filename: archive.read(i) for i in archive.infolist()} == content
        assert {i.compress_type for i in archive.infolist()} == {zipfile.ZIP_STORED}


def test_zip64_both_ways(tmp_path):
    with zipfile.ZipFile(tmp_path / "theirs.zip", "w") as archive:
        for i in range(66_000):
            with archive.open(str(i), "w", force_zip64=True) as member:
                member.write(b"%d" % i)
    tool("zip", tmp_path / "theirs.zip", tmp_path / "ours.zip")
    with zipfile.ZipFile(tmp_path / "ours.zip") as archive:
        assert len(archive.infolist()) == 66_000
        assert archive.testzip() is None
        assert archive.read("65999") == b"65999"


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_is_read(tmp_path, format):
    long_name = "/".join(["folder" * 5] * (3 if format == tarfile.USTAR_FORMAT else 12)) + "/x.png"
    content = {"a.png": b"a" * 513, long_name: b"long", "é.png": b"utf-8", "empty": b""}
    with tarfile.open(tmp_path / "theirs.tar", "w", format=format) as archive:
        for name, kind in [("dir", tarfile.DIRTYPE), ("link", tarfile.SYMTYPE)]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "../../etc/passwd"
            archive.addfile(info)
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    tool("tar", tmp_path / "theirs.tar", tmp_path / "ours.zip")
    with zipfile.ZipFile(tmp_path / "ours.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == content


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_is_read(tmp_path, pack):
    array = np.random.default_rng(2).integers(-9, 9, (4, 3, 5)).astype(">i4")
    head = struct.pack(">BBBB3i", 0, 0, 0x0C, 3, *array.shape)
    (tmp_path / "a.idx").write_bytes(pack(head + array.tobytes()))
    tool("idx", tmp_path / "a.idx", tmp_path / "a.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)


def accumulated(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    events.Reload()
    return events


def test_tensorboard_reads_events(tmp_path):
    Image.new("RGB", (9, 5), (10, 200, 30)).save(tmp_path / "a.png")
    tool("events", tmp_path / "run", tmp_path / "a.png", 9, 5)
    events = accumulated(tmp_path / "run")
    losses = [(e.step, e.value) for e in events.Scalars("loss/d")]
    assert losses == [(s, pytest.approx(1 / s)) for s in range(1, 6)]
    assert [e.value for e in events.Scalars("speed")] == [100, 200, 300, 400, 500]
    (image,) = events.Images("fakes")
    assert (image.step, image.width, image.height) == (4, 9, 5)
    assert Image.open(io.BytesIO(image.encoded_image_string)).getpixel((0, 0)) == (10, 200, 30)
    (text,) = events.Tensors("recipe")
    assert text.tensor_proto.string_val[0].decode() == "**bold** grüß"
    assert events.summary_metadata["recipe"].plugin_data.plugin_name == "text"


def test_tensorboard_forgets_what_a_resume_repeats(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    tool("events", tmp_path / "run", tmp_path / "a.png", 1, 1)
    tool("resume", tmp_path / "run", 3)
    losses = [(e.step, e.value) for e in accumulated(tmp_path / "run").Scalars("loss/d")]
    assert losses == [(1, 1.0), (2, 0.5), (3, 7.0)]
