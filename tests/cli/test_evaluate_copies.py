"""gan evaluate tells copies of training pictures from new ones."""

import io
import zipfile

import numpy
import pytest
from PIL import Image

from gan_program import gan, json_lines


def evaluate(*arguments):
    """Scores by name, and the whole record."""
    lines = json_lines(gan("evaluate", *arguments, "--json", "--threads", "1").stdout)
    record = [line for line in lines if line["event"] == "record"][-1]
    return {score["name"]: score for score in record["scores"]}, record


def converted(path, split, count):
    gan("data", "convert", "digits", path, "--split", split, "--set", f"data.limit={count}", "-q")
    return path


def pictures(path):
    with zipfile.ZipFile(path) as file:
        names = sorted(name for name in file.namelist() if name.endswith(".png"))
        return numpy.stack([numpy.asarray(Image.open(io.BytesIO(file.read(name)))) for name in names])


def noisy_copies(images, count):
    random = numpy.random.default_rng(0)
    chosen = images[random.integers(0, len(images), count)].astype(int)
    return numpy.clip(chosen + random.integers(-8, 9, chosen.shape), 0, 255).astype(numpy.uint8)


COPIES = ["-m", "memorisation", "-n", "400", "--seeds", "1", "--no-cache"]
WARNING = "samples are copies of training data"


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    return converted(tmp_path_factory.mktemp("unseen") / "unseen.zip", "test", 400)


def test_copies_of_sixteen_images_are_flagged(unseen, tmp_path):
    few = converted(tmp_path / "few.zip", "train", 16)
    numpy.savez(tmp_path / "copies.npz", images=noisy_copies(pictures(few), 400))
    scores, record = evaluate(tmp_path / "copies.npz", "--data", few, *COPIES)
    assert record["settings"]["training_samples"] == 16
    for space in ("features", "pixels"):
        assert scores[f"copies ({space})"]["value"] > 0.9
        assert scores[f"copies ({space})"]["warning"] == WARNING
    assert any(WARNING in warning for warning in record["warnings"])
    scores, record = evaluate(unseen, "--data", few, *COPIES)
    assert not any(WARNING in warning for warning in record["warnings"])


def test_new_samples_beside_ten_thousand_are_not_flagged(unseen, tmp_path):
    many = converted(tmp_path / "many.zip", "train", 10_000)
    scores, record = evaluate(unseen, "--data", many, *COPIES)
    assert record["settings"]["training_samples"] == 10_000
    for space in ("features", "pixels"):
        assert scores[f"copies ({space})"]["value"] < 0.01
    assert not any(WARNING in warning for warning in record["warnings"])
    numpy.savez(tmp_path / "copies.npz", images=noisy_copies(pictures(many), 400))
    scores, _ = evaluate(tmp_path / "copies.npz", "--data", many, *COPIES)
    assert scores["copies (pixels)"]["warning"] == WARNING
