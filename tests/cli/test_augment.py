"""[augment] in training, and gan augment."""

import json
import shutil

import pytest

from gan_program import USAGE, fails, gan, last_weights, stats, trainer_state, checkpoints

TINY = ["--set", "gan.base_channels=4", "--set", "gan.latent_dim=16", "--set", "data.limit=100",
        "--set", "train.threads=1", "--set", "evaluate.metrics=[]", "--set", "train.batch=20",
        "--set", "train.tick_kimg=0.1", "--set", "train.checkpoint_kimg=0.2"]
ADA = ["--set", "augment.kind=ada", "--set", "augment.kimg=1", "--set", "augment.p=0.2"]


def train(out, *more, kimg="0.4"):
    gan("train", "dcgan", "--data", "digits", "--out", out, *TINY, "--set", f"train.kimg={kimg}",
        *more)
    return out


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("augment")
    return [train(folder / str(seed), "--set", f"seed={seed}", "--set",
                  "augment.kind=diffaugment") for seed in range(2)]


def test_strength_is_recorded_and_resumed_bit_for_bit(tmp_path):
    whole = train(tmp_path / "whole", *ADA)
    lines = stats(whole)
    assert all(0 <= line["augment/p"] <= 1 for line in lines)
    assert lines[-1]["augment/p"] != 0.2
    half = tmp_path / "half"
    shutil.copytree(whole, half)
    shutil.rmtree(checkpoints(half)[-1])
    gan("resume", half)
    assert last_weights(half) == last_weights(whole)
    assert trainer_state(checkpoints(half)[-1])["augment"] == \
        trainer_state(checkpoints(whole)[-1])["augment"]


def test_what_cannot_be_augmented_is_refused(tmp_path):
    fails(USAGE, "train", "gan2014", "--data", "ring8", "--out", tmp_path / "a", "--set",
          "augment.kind=diffaugment", says=["augment.kind", "points"])
    fails(USAGE, "train", "dcgan", "--data", "digits", "--out", tmp_path / "b", "--set",
          "augment.kind=ada", "--set", 'augment.policy=["translation"]',
          says=["augment.policy", "blit"])


def test_one_gan_for_each_class_makes_samples_that_can_be_trained_on(runs, tmp_path):
    named = [f"{label}={run}" for label, run in enumerate(runs)]
    out = tmp_path / "more.npz"
    gan("augment", *named, "-n", 10, "-o", out, "--only-samples")
    told = json.loads(gan("data", "info", out, "--json").stdout.splitlines()[-1])
    assert told["samples"] == 10
    assert [entry["count"] for entry in told["labels"]] == [5, 5]
    gan("augment", *named, "-n", 10, "-o", tmp_path / "more", "--only-samples")
    assert sorted(p.name for p in (tmp_path / "more").iterdir()) == ["000", "001"]
    assert len(list((tmp_path / "more/000").glob("*.png"))) == 5


def test_both_figures_are_reported(runs, tmp_path):
    named = [f"{label}={run}" for label, run in enumerate(runs)]
    told = json.loads(gan("augment", *named, "-n", 20, "-o", tmp_path / "m.npz", "--limit", 60,
                          "--test", 100, "--repeats", 1, "--kimg", 0.2,
                          "--json").stdout.splitlines()[-1])
    assert told["real"] == 60 and told["generated"] == 20 and told["test"] == 100
    assert [entry["classifier"] for entry in told["classifiers"]] == ["linear, pixels",
                                                                     "convolutional"]
    for entry in told["classifiers"]:
        assert 0 <= entry["real"][0] <= 1 and 0 <= entry["with_generated"][0] <= 1
        assert entry["gain"] == pytest.approx(entry["with_generated"][0] - entry["real"][0])


def test_a_lone_gan_without_classes_is_refused(runs, tmp_path):
    fails(USAGE, "augment", runs[0], "-o", tmp_path / "m.npz", says=["0=RUN"])
    fails(USAGE, "augment", f"0={runs[0]}", f"0={runs[1]}", "-o", tmp_path / "m.npz",
          says=["named before"])


def test_samples_kept_aside_are_the_test(runs, tmp_path):
    run = train(tmp_path / "run", "--set", "data.limit=300", "--set", "data.holdout=100", kimg="0.02")
    told = json.loads(gan("augment", f"0={run}", f"1={runs[1]}", "-n", 20, "-o", tmp_path / "m.npz",
                          "--repeats", 1, "--kimg", 0.2, "--json").stdout.splitlines()[-1])
    assert told["real"] == 200 and told["test"] == 100
