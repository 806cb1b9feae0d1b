"""gan evaluate with networks of files: PyTorch's, LPIPS, classifiers that gan trains itself."""

import hashlib
import math
import pickle
import zipfile

import numpy
import pytest

import weight_files
from gan_program import FAILED, USAGE, fails, gan, json_lines


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def vgg():
    return weight_files.vgg16()


def evaluate(*arguments):
    """Scores by name, and the whole record."""
    lines = json_lines(gan("evaluate", *arguments, "--json", "--threads", "1").stdout)
    record = [line for line in lines if line["event"] == "record"][-1]
    return {score["name"]: score for score in record["scores"]}, record


TEST_DIGITS = ["digits", "--data", "digits", "--split", "test"]
FEW = [*TEST_DIGITS, "-n", "16", "--seeds", "1", "--no-floor", "-m", "fd", "--allow-small"]


def test_a_torch_file_is_known_by_its_own_hash(vgg, tmp_path):
    torch_file = weight_files.save_torch(tmp_path / "vgg.pth", vgg)
    converted = weight_files.save_safetensors(tmp_path / "vgg.safetensors", vgg)
    values = []
    for file in (torch_file, converted):
        scores, record = evaluate(*FEW, "--features", file)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        assert record["settings"]["net_sha256"] == sha256
        assert list(scores) == [f"FD[vgg16:{sha256[:8]}]"]
        values.append(scores.popitem()[1]["value"])
    assert values[0] == values[1] > 0


def test_inception_of_a_torch_file_is_no_fid_by_itself(tmp_path):
    file = weight_files.save_torch(tmp_path / "pt_inception-2015-12-05-6726825d.pth",
                                   weight_files.inception())
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    result = gan("evaluate", *FEW, "--resize", "legacy-pytorch", "--features", file, "--threads", "1")
    assert f"FD[inception:{sha256[:8]}]" in result.stdout and "FID" not in result.stdout


class Runs:
    """Pickles as a call of eval, which would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return eval, (f"open({str(self.path)!r}, 'w')",)


def test_a_torch_file_that_wants_to_run_something_is_refused(tmp_path):
    trap, hostile = tmp_path / "trap", tmp_path / "hostile.pth"
    with zipfile.ZipFile(hostile, "w") as file:
        file.writestr("a/data.pkl", pickle.dumps({"features.0.weight": Runs(trap)}, 2))
    fails(FAILED, "evaluate", *FEW, "--features", hostile,
          says=["hostile.pth", "wants to run builtins.eval"])
    assert not trap.exists()
    (tmp_path / "text.pth").write_text("no archive")
    fails(FAILED, "evaluate", *FEW, "--features", tmp_path / "text.pth", says=["text.pth"])


def test_a_torch_file_of_another_network(tmp_path):
    file = weight_files.save_torch(tmp_path / "other.pth", {"w": numpy.ones(3, numpy.float32)})
    fails(FAILED, "evaluate", *FEW, "--features", file, says=["other.pth", "no network"])


def test_inception_score_and_stacked_modes(tmp_path):
    """A classifier of digits tells classes, and the modes of three digits laid on each other."""
    net = tmp_path / "digits.safetensors"
    gan("features", "train", "--data", "digits", "--out", net, "--kimg", "10", "--threads", "1",
        "--set", "data.limit=2000")
    scores, _ = evaluate(*TEST_DIGITS, "-n", "300", "--seeds", "1", "-m", "is", "--features", net)
    (score,) = scores.values()
    assert 4 < score["value"] <= 10  # ten classes: at most 10; nothing but chance: 1

    stacked = ["--data", "stacked-digits", "--split", "test", "-m", "stacked_modes", "--digits", net,
               "-n", "400", "--seeds", "1", "--no-floor"]
    every, _ = evaluate("stacked-digits", *stacked)
    # 400 draws from 1000 modes reach 1000 (1 - 0.999^400) = 330 of them, give or take 10.
    assert 290 < every["stacked modes"]["value"] < 370
    assert math.log(1000 / 400) < every["stacked KL"]["value"] < 1.4
    numpy.savez(tmp_path / "one.npz", images=numpy.zeros((400, 28, 28, 3), numpy.uint8))
    one, _ = evaluate(tmp_path / "one.npz", *stacked)
    assert one["stacked modes"]["value"] == 1
    assert one["stacked KL"]["value"] == pytest.approx(math.log(1000))


def test_lpips_of_pairs(tmp_path):
    """Samples that are nearly one picture lie nearer to each other than reals do."""
    file = weight_files.save_safetensors(tmp_path / "lpips.safetensors", weight_files.lpips())
    collapsed = numpy.full((16, 28, 28), 90, numpy.uint8)
    collapsed[:, 0, 0] = numpy.arange(16)
    numpy.savez(tmp_path / "same.npz", images=collapsed)
    lpips = ["--data", "digits", "--split", "test", "-n", "16", "--seeds", "1", "-m", "lpips",
             "--lpips", file]
    same, _ = evaluate(tmp_path / "same.npz", *lpips)
    real, _ = evaluate("digits", *lpips)
    (same,), (real,) = same.values(), real.values()
    assert 0 < same["value"] < 1e-3 * same["floor"]
    assert 0.5 < real["value"] / real["floor"] < 2
    fails(USAGE, "evaluate", *TEST_DIGITS, "-n", "16", "-m", "lpips", says=["--lpips FILE"])


def test_statistics_of_another_resize_are_refused(vgg, tmp_path):
    net = weight_files.save_safetensors(tmp_path / "net.safetensors", weight_files.inception())
    kept = [*FEW[:5], "-n", "4", "--seeds", "1", "--no-floor", "-m", "fd", "--allow-small",
            "--no-cache", "--features", net, "--statistics", tmp_path / "s.safetensors"]
    evaluate(*kept)
    fails(FAILED, "evaluate", *kept, "--resize", "legacy-tensorflow", says=["s.safetensors", "resize"])
