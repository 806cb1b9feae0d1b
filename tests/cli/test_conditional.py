"""Gans that know labels: classes by name, grids, mixes, codes, figures by class, few labels."""

import hashlib
import json

import numpy
import pytest
from PIL import Image

from gan_program import USAGE, fails, gan


SMALL_SGAN = [part for key in ("gan.labelled=50", "gan.discriminator_units=[64,32]",
                               "gan.generator_units=[32]", "train.tick_kimg=0.05",
                               "train.checkpoint_kimg=0.5",
                               "train.sample_kimg=0.5") for part in ("--set", key)]


def train(gan_name, folder, *more, kimg="0.2"):
    gan("train", gan_name, "--data", "digits", "--out", folder, "--set", "data.limit=400",
        "--batch", "50", "--kimg", kimg, "--threads", "1", *more)
    return folder


@pytest.fixture(scope="module")
def cgan(tmp_path_factory):
    return train("cgan/digits", tmp_path_factory.mktemp("cgan") / "run",
                 "--set", "gan.base_channels=4")


@pytest.fixture(scope="module")
def infogan(tmp_path_factory):
    return train("infogan", tmp_path_factory.mktemp("infogan") / "run", "--set",
                 "gan.base_channels=4", "--set", "gan.units=32", "--set", "gan.recognition_units=16")


@pytest.fixture(scope="module")
def sgan(tmp_path_factory):
    return train("sgan", tmp_path_factory.mktemp("sgan") / "run", *SMALL_SGAN, kimg="1")


def sample(model, out, *more):
    gan("sample", model, "--out", out, "--threads", "1", *more)
    return out


def test_a_class_grid_holds_the_single_samples(cgan, tmp_path):
    grid = sample(cgan, tmp_path / "grid", "--class", "3,7-9", "--seeds", "4-6")
    names = sorted(path.name for path in grid.iterdir())
    assert names == [f"class-{c}-seed-{s}.png" for c in (3, 7, 8, 9) for s in (4, 5, 6)]
    alone = sample(cgan, tmp_path / "one", "--class", "8", "--seeds", "5")
    assert (alone / "class-8-seed-5.png").read_bytes() == \
        (grid / "class-8-seed-5.png").read_bytes()
    other = (grid / "class-3-seed-5.png").read_bytes()
    assert (grid / "class-8-seed-5.png").read_bytes() != other, "the class changes nothing"


def test_rows_are_classes_and_columns_are_seeds(cgan, tmp_path):
    picture = Image.open(sample(cgan, tmp_path / "grid.png", "--class", "all", "--seeds", "0-2"))
    width, height = picture.size
    assert height > 2.5 * width, "ten rows of three"
    narrow = Image.open(sample(cgan, tmp_path / "one.png", "--class", "1", "--seeds", "0-8"))
    assert abs(narrow.size[0] - narrow.size[1]) < 10, "a single class is nearly square"


def test_previews_of_a_training_are_class_grids(cgan):
    preview = Image.open(cgan / "fakes-000000.png")
    sheet = Image.open(cgan / "reals.png")
    assert preview.size[0] > sheet.size[0], "titles stand left of the rows"


def test_mixes(cgan, tmp_path):
    def values(text):
        out = sample(cgan, tmp_path / "m.npz", "--class", text, "--seeds", "0-3")
        return numpy.load(out)["images"]

    assert (values("3:2") == values("3")).all()
    rows = values("3;3:0.5,8:0.5;8")
    assert rows.shape == (12, 28, 28)
    assert (rows[4:8] != rows[:4]).any() and (rows[4:8] != rows[8:]).any()


def test_without_a_class_every_seed_draws_its_own(cgan, tmp_path):
    first = sample(cgan, tmp_path / "a.png", "--seeds", "0-19").read_bytes()
    assert first == sample(cgan, tmp_path / "b.png", "--seeds", "0-19").read_bytes()


@pytest.mark.parametrize("text", ["10", "-1", "three", "3:x", "3:0", "5-2", "3,,4"])
def test_classes_that_are_not_there(cgan, tmp_path, text):
    fails(USAGE, "sample", cgan, "--out", tmp_path / "x.png", f"--class={text}",
          says=["--class", "0..9"] if ":" not in text else ["--class"])


def test_a_walk_keeps_one_class(cgan, tmp_path):
    walk = ("interpolate", cgan, "--seeds", "0-1", "--steps", "3", "--out", tmp_path / "w.png")
    gan(*walk, "--class", "4")
    fails(USAGE, *walk, "--class", "4,5", says=["one class"])


def test_unlabelled_data_is_refused_with_what_to_do(tmp_path):
    for name in ("cgan", "acgan", "sgan"):
        fails(USAGE, "train", name, "--data", "digits", "--out", tmp_path / name, "--set",
              "data.labels=false", says=["without classes", "a folder per class", "dcgan"])


def test_codes_are_set_and_traversed(infogan, tmp_path):
    seeds = ("--seeds", "0-4")
    grid = tmp_path / "categories"
    gan("traverse", infogan, *seeds, "--out", grid, "--threads", "1")
    assert len(list(grid.iterdir())) == 50
    set_one = sample(infogan, tmp_path / "codes", *seeds, "--codes", "category=7")
    assert (set_one / "seed-3.png").read_bytes() == (grid / "seed-3-category-7.png").read_bytes()
    gan("traverse", infogan, "--code", "code2", "--steps", "5", "--out", tmp_path / "c.png", *seeds)
    fails(USAGE, "traverse", infogan, "--code", "tilt", "--out", tmp_path / "c.png",
          says=["category, code1, code2"])
    fails(USAGE, "sample", infogan, "--codes", "category=10", "--out", tmp_path / "c.png",
          says=["category=0..9"])
    fails(USAGE, "sample", infogan, "--class", "3", "--out", tmp_path / "c.png", says=["--codes"])


def evaluate(model, *metrics):
    result = gan("evaluate", model, "--metrics", ",".join(metrics), "-n", "200", "--seeds", "1",
                 "--no-cache", "--json", "--threads", "1")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return next(line for line in lines if line["event"] == "record")


def test_figures_by_class(cgan, tmp_path):
    record = evaluate(cgan, "class_accuracy")
    score = record["scores"][0]
    assert len(score["per_class"]) == 10 and 0 <= score["value"] <= 1
    assert score["floor"] > 0.7, "the judge tells the reals' classes apart"
    report = tmp_path / "r.html"
    told = gan("evaluate", cgan, "--metrics", "class_accuracy", "-n", "200", "--seeds", "1",
               "--no-cache", "--report", report).stdout
    assert "CLASS" in told and "By class" in report.read_text()
    fails(USAGE, "evaluate", cgan, "--metrics", "classification", "-n", "200", says=["classifies"])


def test_a_gan_without_classes_has_no_figures_by_class(infogan):
    fails(USAGE, "evaluate", infogan, "--metrics", "class_accuracy", "-n", "200",
          says=["conditional gan"])
    found = evaluate(infogan, "classification")["scores"][0]
    assert found["name"] == "category accuracy" and 0.1 <= found["value"] <= 1


def stats(folder):
    return [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]


def test_few_labels_are_told_by_their_test_error(sgan):
    errors = [line["test/error"] for line in stats(sgan) if "test/error" in line]
    assert len(errors) >= 5 and errors[-1] < 0.8, f"not better than guessing: {errors}"
    score = evaluate(sgan, "classification")["scores"][0]
    assert score["name"] == "classification error" and 0 <= score["value"] < 0.8


def weights(folder):
    last = sorted((folder / "checkpoints").iterdir())[-1]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in last.glob("*.safetensors")}


def test_a_resumed_run_has_the_same_labelled_samples(sgan, tmp_path):
    parts = train("sgan", tmp_path / "parts", *SMALL_SGAN, kimg="0.5")
    gan("resume", parts, "--kimg", "1")
    assert weights(parts) == weights(sgan)
