"""Files that PyTorch wrote, read by the restricted reader.

make_torch_files.py makes them in an environment with torch: .deps/torch, or the Python that
GANYMEDE_TORCH_PYTHON names. The program peer_torch_tool (tests/peers/torch_tool.cpp, below
GANYMEDE_BUILD_DIR/bin) reads them and writes safetensors.
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import safetensors

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GANYMEDE_BUILD_DIR", ROOT / "build" / "release"))
TOOL = BUILD / "bin" / "peer_torch_tool"
GAN = os.environ.get("GAN_BIN", str(BUILD / "bin" / "gan"))
TORCH = os.environ.get("GANYMEDE_TORCH_PYTHON", str(ROOT / ".deps" / "torch" / "bin" / "python"))
CASES = "dtypes state_dict checkpoint views shapes parameters lists bare".split()
NAMES = {"F32": "float32", "F64": "float64", "F16": "float16", "BF16": "bfloat16", "I64": "int64",
         "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
         "U16": "uint16", "U32": "uint32", "U64": "uint64"}


def tool(*args, fails=False):
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=300)
    assert done.returncode == (1 if fails else 0), done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torch")
    if subprocess.run([TORCH, "-c", "import torch"], capture_output=True).returncode != 0:
        pytest.skip(f"no torch in {TORCH}: set GANYMEDE_TORCH_PYTHON to a Python that has it")
    script = pathlib.Path(__file__).with_name("make_torch_files.py")
    subprocess.run([TORCH, script, folder], check=True, timeout=300)
    tool("read", *(part for path in folder.glob("*.pth")
                   for part in (path, path.with_suffix(".safetensors"))))
    return folder


def assert_read(files, case, file):
    """`file` holds the tensors of `case`: names, types, shapes and every bit."""
    out = (files / file).with_suffix(".safetensors")
    known = json.loads((files / "cases.json").read_text())[case]
    expected = np.load(files / f"{case}.npz")
    got = {name: (NAMES[info["dtype"]], info["shape"], bytes(info["data"]))
           for name, info in safetensors.deserialize(out.read_bytes())}
    assert got == {name: (dtype, shape, expected[name].tobytes())
                   for name, (dtype, shape) in known.items()}


@pytest.mark.parametrize("form", ["zip", "stream"])
@pytest.mark.parametrize("case", CASES)
def test_torch_files_are_read(files, case, form):
    assert_read(files, case, f"{case}.{form}.pth")


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_newer_pickle_protocols(files, protocol):
    assert_read(files, "checkpoint", f"protocol{protocol}.pth")


def test_unsigned_types(files):
    assert_read(files, "new_types", "new_types.zip.pth")


def test_hostile_files_are_refused_by_name(files):
    names = json.loads((files / "hostile/names.json").read_text())
    assert len(names) == 21
    lines = tool("refuse", *(files / "hostile" / path for path in names)).splitlines()
    for line, (path, name) in zip(lines, names.items(), strict=True):
        assert name in line and path in line, line
        assert name == "TorchScript" or f"wants to run {name}; it is refused" in line, line


@pytest.mark.parametrize("form", ["zip", "stream"])
def test_cut_files_are_refused(files, form):
    size = (files / f"checkpoint.{form}.pth").stat().st_size
    assert int(tool("cut", files / f"checkpoint.{form}.pth", 64)) == (size + 63) // 64


@pytest.mark.parametrize("file", ["checkpoint.zip.pth", "checkpoint.stream.pth", "views.zip.pth",
                                  "views.stream.pth", "protocol4.pth"])
def test_damaged_files_give_tensors_or_a_typed_error(files, file):
    refused = int(tool("soak", files / file, 1, 1000))
    assert 0 < refused <= 1000


def test_the_program_imports(files, tmp_path):
    out = tmp_path / "g.safetensors"
    subprocess.run([GAN, "import", files / "checkpoint.zip.pth", "--only", "g", "--out", out],
                   check=True, capture_output=True, timeout=60)
    known = json.loads((files / "cases.json").read_text())["state_dict"]
    assert {name: list(info["shape"]) for name, info in safetensors.deserialize(out.read_bytes())} \
        == {name: shape for name, (_, shape) in known.items()}
    told = subprocess.run([GAN, "info", files / "checkpoint.stream.pth", "--json"], check=True,
                          capture_output=True, timeout=60)
    assert {"name": "g.0.weight", "shape": [8, 3, 3, 3], "type": "float32"} in json.loads(told.stdout)


def test_the_program_refuses_hostile_files(files, tmp_path):
    hostile = files / "hostile/os.system.2.zip.pth"
    for command in (["info", hostile], ["import", hostile, "--out", tmp_path / "o.safetensors"]):
        done = subprocess.run([GAN, *command], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert "this file wants to run os.system; it is refused" in done.stderr
    assert list(tmp_path.iterdir()) == []
