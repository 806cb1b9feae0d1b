"""Lines of text through the program: seqgan from a .txt to judged lines."""

import random

import pytest

from gan_program import FAILED, USAGE, fails, gan, json_lines

TINY = ["--set", "gan.likelihood_kimg=2", "--set", "gan.critic_kimg=0.2", "--set", "gan.rollouts=2",
        "--set", "gan.filter_maps=[8,8]", "--set", "gan.critic_steps=2", "--set", "data.holdout=100",
        "--batch", "40", "--kimg", "2.5", "--threads", "1"]
ANIMALS, PLACES = ["dog", "cat", "horse", "bird"], ["in the park.", "on a chair.", "near Zoë."]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    r = random.Random(1)
    path = tmp_path_factory.mktemp("text") / "animals.txt"
    path.write_text("".join(f"a {r.choice(['black', 'white'])} {r.choice(ANIMALS)} "
                            f"{r.choice(['sits', 'stands'])} {r.choice(PLACES)}\n"
                            for _ in range(500)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(lines):
    folder = lines.parent / "runs" / "00001-seqgan"
    told = gan("train", "seqgan", "--data", lines, "--out", folder, *TINY)
    assert "text" in told.stdout + told.stderr  # what the .txt was taken for
    return folder


def test_data_is_told(lines):
    told = gan("data", "info", lines).stdout
    assert "different words" in told and "line 1" in told


def test_lines_are_sampled_by_seed(run, lines):
    out = run.parent / "lines.txt"
    gan("sample", run, "--seeds", "0-39", "--out", out)
    made = out.read_text(encoding="utf-8").splitlines()
    assert len(made) == 40
    words = {word.rstrip(".") for word in lines.read_text(encoding="utf-8").split()}
    assert {word.rstrip(".") for line in made for word in line.split()} <= words | {""}
    assert len(set(made)) > 10
    gan("sample", run, "--seeds", "7", "--out", out)
    assert out.read_text(encoding="utf-8").splitlines() == made[7:8]
    gan("sample", run, "-n", "5", "--out", run.parent / "n.txt")
    gan("sample", run, "--seeds", "0-3", "--out", run.parent / "lines.png")
    fails(USAGE, "sample", run, "--seeds", "0-3", "--out", run.parent / "lines.mid", says=[".txt"])


def test_a_run_is_judged_by_its_domain(run, lines):
    told = gan("evaluate", run, "--data", lines, "-n", "100", "--seeds", "1", "--json").stdout
    record = [line for line in json_lines(told) if line["event"] == "record"][-1]
    scores = {score["name"]: score for score in record["scores"]}
    assert scores["BLEU-2"]["value"] > 0.3
    assert 0 < scores["Self-BLEU-2"]["value"] <= 1
    assert scores["NLL-test"]["value"] < 2.5


def test_generated_lines_are_judged_as_a_file(run, lines):
    out = run.parent / "many.txt"
    gan("sample", run, "--seeds", "0-199", "--out", out)
    told = gan("evaluate", out, "--data", lines, "-n", "100", "--seeds", "1", "--json").stdout
    record = [line for line in json_lines(told) if line["event"] == "record"][-1]
    assert "BLEU-5" in {score["name"] for score in record["scores"]}


def test_broken_text_is_named(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_bytes(b"fine\nbad \xff here\n")
    fails(FAILED, "train", "seqgan", "--data", path, "--set", "data.domain=text", "--out",
          tmp_path / "run", says=["broken.txt:2:5", "UTF-8"])
