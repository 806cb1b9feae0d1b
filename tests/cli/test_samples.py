"""Samples and ways between them in every kind of file, read back by other programs; the same bytes
for the same seeds."""

import hashlib
import json

import numpy
import pytest
from PIL import Image

from gan_program import FAILED, USAGE, fails, gan, tiny


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points") / "run"
    gan(*tiny(folder))
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "run"
    gan("train", "dcgan", "--data", "digits", "--out", folder, "--set", "gan.base_channels=4",
        "--set", "data.limit=200", "--batch", "50", "--kimg", "0.1", "--threads", "1")
    return folder


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sample(model, out, *more):
    return gan("sample", model, "--out", out, *more).stdout


@pytest.mark.parametrize("extension", ["png", "webp", "jpg", "gif"])
def test_a_grid_as_a_picture(digits, tmp_path, extension):
    out = tmp_path / f"grid.{extension}"
    assert str(out) in sample(digits, out, "--seeds", "0-15")
    with Image.open(out) as picture:
        picture.load()
        assert picture.size[0] >= 4 * 28 and picture.size[1] >= 4 * 28


def test_columns(digits, tmp_path):
    sample(digits, tmp_path / "row.png", "--seeds", "0-5", "--columns", "6")
    width, height = Image.open(tmp_path / "row.png").size
    assert width >= 6 * 28 and width > 1.8 * height


def test_a_folder_of_pictures(digits, tmp_path):
    sample(digits, tmp_path / "many", "--seeds", "3-9,77")
    names = sorted(path.name for path in (tmp_path / "many").iterdir())
    assert names == sorted(f"seed-{seed}.png" for seed in [3, 4, 5, 6, 7, 8, 9, 77])
    for path in (tmp_path / "many").iterdir():
        assert Image.open(path).size == (28, 28)


def read_npz(path):
    with numpy.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_npz_holds_the_samples(digits, tmp_path):
    sample(digits, tmp_path / "all.npz", "--seeds", "0-9")
    arrays = read_npz(tmp_path / "all.npz")
    images = arrays["images"]
    assert images.shape[:3] == (10, 28, 28) and images.dtype == numpy.uint8
    sample(digits, tmp_path / "pictures", "--seeds", "0-9")
    for seed in range(10):
        picture = numpy.asarray(Image.open(tmp_path / f"pictures/seed-{seed}.png"))
        numpy.testing.assert_array_equal(images[seed].reshape(28, 28), picture)


def test_points_as_csv_npz_and_picture(points, tmp_path):
    sample(points, tmp_path / "points.csv", "--seeds", "0-99")
    rows = numpy.genfromtxt(tmp_path / "points.csv", delimiter=",", skip_header=1)
    sample(points, tmp_path / "points.npz", "--seeds", "0-99")
    arrays = read_npz(tmp_path / "points.npz")
    values = next(array for array in arrays.values() if array.shape == (100, 2))
    numpy.testing.assert_allclose(rows[:, -2:], values, rtol=1e-5, atol=1e-6)
    sample(points, tmp_path / "points.png", "--seeds", "0-99")
    assert Image.open(tmp_path / "points.png").size[0] > 50


@pytest.mark.parametrize("extension", ["gif", "webp"])
def test_a_way_as_an_animation(digits, tmp_path, extension):
    out = tmp_path / f"way.{extension}"
    gan("interpolate", digits, "--seeds", "0-2", "--steps", "4", "--out", out)
    with Image.open(out) as picture:
        assert picture.n_frames == 9
        assert picture.size == (28, 28)
        frames = set()
        for i in range(picture.n_frames):
            picture.seek(i)
            frames.add(picture.convert("RGB").tobytes())
    assert len(frames) > 4


def test_a_way_as_a_strip_and_npz(digits, tmp_path):
    gan("interpolate", digits, "--seeds", "0,5", "--steps", "6", "--out", tmp_path / "way.png")
    width, height = Image.open(tmp_path / "way.png").size
    assert width >= 7 * 28 and width > 1.8 * height
    for way in ("slerp", "lerp"):
        gan("interpolate", digits, "--seeds", "0,5", "--way", way, "--out", tmp_path / f"{way}.npz")
    assert digest(tmp_path / "slerp.npz") != digest(tmp_path / "lerp.npz")


@pytest.mark.parametrize("model", ["points", "digits"])
def test_the_same_seeds_give_the_same_bytes(model, tmp_path, request):
    run = request.getfixturevalue(model)
    for threads in (1, 2):
        for repeat in range(2):
            sample(run, tmp_path / f"{threads}-{repeat}.npz", "--seeds", "0-20", "--threads", threads)
    assert len({digest(path) for path in tmp_path.glob("*.npz")}) == 1


def test_a_sample_does_not_depend_on_its_company(digits, tmp_path):
    sample(digits, tmp_path / "a", "--seeds", "0-9", "--threads", "2")
    sample(digits, tmp_path / "b", "--seeds", "7", "--threads", "1")
    sample(digits, tmp_path / "c", "--seeds", "12,7,3", "--threads", "2")
    for folder in ("b", "c"):
        assert digest(tmp_path / folder / "seed-7.png") == digest(tmp_path / "a/seed-7.png")


def test_run_checkpoint_and_model_agree(points, tmp_path):
    for name, path in {"run": points, "checkpoint": points / "checkpoints/000001",
                       "model": points / "model"}.items():
        sample(path, tmp_path / f"{name}.npz", "--seeds", "0-9")
    assert len({digest(path) for path in tmp_path.glob("*.npz")}) == 1


def test_a_model_folder_works_wherever_it_is_moved(points, tmp_path):
    (points / "model").rename(points / "moved")
    try:
        sample(points / "moved", tmp_path / "moved.npz", "--seeds", "0-9")
    finally:
        (points / "moved").rename(points / "model")


def test_json_names_the_files(points, tmp_path):
    told = json.loads(gan("sample", points, "--out", tmp_path / "x.npz", "--json").stdout)
    assert told["event"] == "done" and told["files"] == [str(tmp_path / "x.npz")]


@pytest.mark.parametrize("seeds", ["", "x", "5-3", "1,,2", "-4", "0-99999999999"])
def test_bad_seeds(points, tmp_path, seeds):
    fails(USAGE, "sample", points, "--out", tmp_path / "x.npz", f"--seeds={seeds}", says=["--seeds"])
    assert not (tmp_path / "x.npz").exists()


def test_what_sample_refuses(points, digits, tmp_path):
    out = tmp_path / "x.png"
    fails(USAGE, "sample", tmp_path / "nowhere", "--out", out, says=["no such folder"])
    (tmp_path / "empty").mkdir()
    fails(USAGE, "sample", tmp_path / "empty", "--out", out, says=["no checkpoint and no model"])
    fails(USAGE, "sample", points, "--out", out, "--class", "3", says=["--class"])
    fails(USAGE, "sample", digits, "--out", tmp_path / "x.csv", says=["x.csv"])
    fails(USAGE, "sample", digits, "--out", tmp_path / "x.bmp", says=["x.bmp"])
    fails(USAGE, "interpolate", digits, "--seeds", "3", "--out", out, says=["--seeds", "two"])
    fails(USAGE, "interpolate", digits, "--steps", "0", "--out", out, says=["--steps"])
    fails(USAGE, "interpolate", digits, "--way", "straight", "--out", out, says=["straight", "lerp"])
    fails(FAILED, "sample", points, "--out", tmp_path / "no/such/folder/x.png", says=["no/such"])
    assert not out.exists()
