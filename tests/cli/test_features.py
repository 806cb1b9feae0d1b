"""gan features train, with good and bad input."""

import json
import struct

import numpy
import pytest
from PIL import Image

from gan_program import FAILED, USAGE, fails, gan

SMALL = ["--threads", "1", "--set", "data.limit=600"]


def metadata(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length])["__metadata__"]


def train(out, *more, data="digits", kimg=2):
    return gan("features", "train", "--data", data, "--out", out, "--kimg", kimg, *SMALL, *more)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(24):
        Image.fromarray(numpy.full((16, 20, 3), 10 * i, numpy.uint8)).save(folder / f"{i:02}.png")
    return folder


def test_a_classifier_of_labelled_data(tmp_path):
    out = tmp_path / "digits.safetensors"
    told = json.loads(train(out, "--json").stdout.splitlines()[-1])
    assert (told["kind"], told["classes"], told["shape"], told["held_out"]) == (
        "classifier", 10, [1, 28, 28], 60)
    assert told["accuracy"] > 0.3  # chance: 0.1
    said = metadata(out)
    assert said["kind"] == "classifier" and said["split"] == "train"
    assert float(said["accuracy"]) == told["accuracy"]
    assert said["data_fingerprint"] == told["data_fingerprint"]
    assert "encoder.1.weight" in gan("info", out).stdout


def test_the_same_seed_makes_the_same_file(tmp_path):
    files = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for file, seed in zip(files, (3, 3, 4)):
        train(file, "--seed", seed, kimg=0.3)
    first, second, third = (file.read_bytes() for file in files)
    assert first == second != third


def test_an_autoencoder_of_unlabelled_data(tmp_path, pictures):
    out = tmp_path / "pictures.safetensors"
    text = train(out, data=pictures, kimg=0.2).stdout
    assert "autoencoder" in text and "variance" in text
    assert metadata(out)["kind"] == "autoencoder"
    fails(USAGE, "features", "train", "--data", pictures, "--out", tmp_path / "x.safetensors",
          "--kind", "classifier", says=["without labels", "--kind autoencoder"])


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    out = tmp_path / "net.safetensors"
    out.write_bytes(b"mine")
    fails(USAGE, "features", "train", "--data", "digits", "--out", out, says=["exists", "--force"])
    assert out.read_bytes() == b"mine"
    train(out, "--force", kimg=0.1)
    assert metadata(out)["kind"] == "classifier"


@pytest.mark.parametrize("arguments, says", [
    (["--data", "digits", "--out", "net.pt"], ["net.pt", ".safetensors"]),
    (["--data", "digits", "--out", "nowhere/net.safetensors"], ["no such folder"]),
    (["--data", "ring8", "--out", "net.safetensors"], ["points", "identity"]),
    (["--data", "digits", "--out", "net.safetensors", "--kimg", "-1"], ["kimg"]),
    (["--data", "digits", "--out", "net.safetensors", "--batch", "0"], ["batch"]),
    (["--data", "digits", "--out", "net.safetensors", "--dim", "0"], ["features"]),
    (["--data", "digits", "--out", "net.safetensors", "--seed", "-1"], ["--seed"]),
    (["--data", "digits", "--out", "net.safetensors", "--kind", "vgg"], ["classifier"]),
    (["--data", "digits", "--out", "net.safetensors", "--set", "data.limt=5"], ["limit"]),
    (["--data", "digits"], ["--out"]),
])
def test_bad_arguments(tmp_path, arguments, says):
    fails(USAGE, "features", "train", *arguments, says=says, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_data_that_is_not_there(tmp_path):
    fails(FAILED, "features", "train", "--data", tmp_path / "none", "--out",
          tmp_path / "x.safetensors", says=["none"])


def test_too_few_pictures(tmp_path, pictures):
    for path in sorted(pictures.iterdir())[:6]:
        path.unlink()
    fails(USAGE, "features", "train", "--data", pictures, "--out", tmp_path / "x.safetensors",
          says=["18 images", "20 or more"])
