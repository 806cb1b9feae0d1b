"""gan score and gan features: D as a tool, on a tiny run."""

import csv
import json

import numpy
import pytest
from PIL import Image

from gan_program import USAGE, fails, gan


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "run"
    gan("train", "dcgan", "--data", "digits", "--out", folder, "--set", "gan.base_channels=4",
        "--set", "data.limit=500", "--batch", "50", "--kimg", "1", "--threads", "1")
    return folder


@pytest.fixture(scope="module")
def pictures(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fakes") / "samples"
    gan("sample", digits, "--seeds", "0-29", "--out", folder)
    return folder


def test_scores_rank_and_keep(digits, pictures, tmp_path):
    told = json.loads(gan("score", digits, pictures, "--out", tmp_path / "s.csv", "--best",
                          tmp_path / "b.png", "--worst", tmp_path / "w.png", "--show", "9",
                          "--reals", "400", "--json", "--quiet").stdout.splitlines()[-1])
    assert told["reals"]["count"] == 400 and told["reals_unseen"] and told["probability"]
    assert told["reals"]["pass"] == pytest.approx(0.95, abs=0.003)
    rows = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert len(rows) == 30 and [int(row["rank"]) for row in rows] == list(range(1, 31))
    scores = numpy.array([float(row["score"]) for row in rows])
    assert (numpy.diff(scores) <= 0).all()
    assert {row["name"].rsplit("/", 1)[-1] for row in rows} == {f"seed-{i}.png" for i in range(30)}
    for row, score in zip(rows, scores):
        assert float(row["probability"]) == pytest.approx(1 / (1 + numpy.exp(-score)), abs=1e-6)
        assert int(row["keep"]) == (score >= told["threshold"])
    assert told["images"]["pass"] == pytest.approx(numpy.mean(scores >= told["threshold"]))
    assert Image.open(tmp_path / "b.png").size == Image.open(tmp_path / "w.png").size


def test_a_threshold_of_ones_own(digits, pictures):
    low = json.loads(gan("score", digits, pictures, "--threshold", "-1e9", "--json").stdout.splitlines()[-1])
    assert low["images"]["pass"] == 1 and low["reals"]["pass"] == 1
    fails(USAGE, "score", digits, pictures, "--threshold", "high", says=["--threshold", "auto"])
    assert "held-out reals" in gan("score", digits, pictures, "-q").stdout


def test_features_are_an_array(digits, pictures, tmp_path):
    gan("features", "extract", digits, "digits", "-n", "40", "-o", tmp_path / "f.npz", "-q")
    with numpy.load(tmp_path / "f.npz", allow_pickle=False) as file:
        assert file["features"].shape == (40, 4 * 4 * 9) and file["features"].dtype == numpy.float32
        assert file["labels"].min() >= 0 and len(file["names"]) == 40
        assert numpy.isfinite(file["features"]).all() and file["features"].std() > 0


def test_the_probe_reads_classes(digits):
    rows = json.loads(gan("features", "probe", digits, "--data", "digits", "--labels", "100", "--test",
                          "300", "--draws", "1", "--json", "-q").stdout.splitlines()[-1])
    found = {row["features"]: row["accuracy"] for row in rows}
    assert list(found) == ["discriminator", "raw pixels", "untrained discriminator",
                           "random convolutions"]
    assert min(found.values()) > 0.3  # chance: 0.1
    fails(USAGE, "features", "probe", digits, "--data", "digits", "--labels", "10000000", "-q",
          says=["--labels"])


def test_the_discriminator_as_feature_network(digits, tmp_path):
    record = tmp_path / "record.json"
    arguments = ("evaluate", digits, "--data", "digits", "--features", f"discriminator:{digits}",
                 "--metrics", "kid", "-n", "100", "--seeds", "2", "--threads", "1", "-q")
    gan(*arguments, "--out", record)
    told = json.loads(record.read_text())
    name = f"KID[discriminator:{told['settings']['net_sha256'][:8]}]"
    assert [score["name"] for score in told["scores"]] == [name]
    before = told["scores"]
    gan(*arguments, "--out", record)
    assert json.loads(record.read_text())["scores"] == before
    fails(USAGE, "evaluate", digits, "--data", "digits", "--features",
          f"discriminator:{tmp_path / 'none'}", "-q", says=["none"])
