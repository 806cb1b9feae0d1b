"""Pictures of words: captioned data, prompts, rows of prompts, ways between two, retrieval."""

import json

import pytest
from PIL import Image, ImageDraw

from gan_program import USAGE, fails, gan

COLORS = ["red", "green", "blue", "yellow"]
SHAPES = ["square", "circle", "bar"]


def draw(color, shape):
    picture = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if shape == "circle":
        pen.ellipse((3, 3, 12, 12), fill=color)
    else:
        pen.rectangle((3, 3, 12, 12) if shape == "square" else (1, 6, 14, 9), fill=color)
    return picture


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captioned")
    lines = ["file\tcaption\tcategory\ttags"]
    for color in COLORS:
        for shape in SHAPES:
            draw(color, shape).save(folder / f"{color}-{shape}.png")
            lines.append(f"{color}-{shape}.png\t{color} {shape}\t{shape}s\t{color}_thing")
    Image.new("RGB", (16, 16)).save(folder / "alone.png")
    lines.append("nobody.png\ta ghost\tcircles\t")
    (folder / "captions.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("words") / "run"
    keys = ["gan.generator_channels=8", "gan.discriminator_channels=8", "gan.encoder_channels=8",
            "gan.latent_dim=8", "gan.encoder_kimg=0.6", "data.size_px=16", "train.tick_kimg=0.2",
            "train.checkpoint_kimg=2", "augment.kind=diffaugment", "evaluate.metrics=[]",
            "gan.pixel_weight=10.0"]
    gan("train", "gan_int_cls", "--data", data, "--out", out, "--batch", "12", "--kimg", "1.8",
        "--threads", "1", *[part for key in keys for part in ("--set", key)])
    return out


def test_what_does_not_match_is_listed_by_name(data):
    broken = json.loads(gan("data", "info", data, "--json").stdout.splitlines()[-1])["broken"]
    assert {entry["path"]: entry["reason"] for entry in broken} == {
        "captions.tsv:14": "a caption of nobody.png, which is not there",
        "alone.png": "a picture without a caption"}


def test_a_prompt_is_obeyed_and_repeatable(run, tmp_path):
    for name in ("a", "b"):
        gan("sample", run, "--prompt", "red square", "--seeds", "0-3", "--out", tmp_path / name)
    gan("sample", run, "--prompt", "blue bar", "--seeds", "0-3", "--out", tmp_path / "c")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [f"seed-{seed}.png" for seed in range(4)]
    for name in names:
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
        assert first != (tmp_path / "c" / name).read_bytes(), "the words change nothing"


def test_unknown_words_are_named_and_passed_over(run, tmp_path):
    result = gan("sample", run, "--prompt", "a Red square", "--seeds", "0", "--out", tmp_path / "a")
    assert "warning" in result.stderr and '"a"' in result.stderr
    gan("sample", run, "--prompt", "red square", "--seeds", "0", "--out", tmp_path / "b")
    assert (tmp_path / "a/seed-0.png").read_bytes() == (tmp_path / "b/seed-0.png").read_bytes()
    fails(USAGE, "sample", run, "--prompt", "zebra", "--out", tmp_path / "x.png", says=["zebra"])
    fails(USAGE, "sample", run, "--prompt", "red||blue", "--out", tmp_path / "x.png")


def test_prompts_are_rows(run, tmp_path):
    by_bar, by_flag = tmp_path / "bar.png", tmp_path / "flag.png"
    gan("sample", run, "--prompt", "red square|blue bar| green circle", "--seeds", "0-4", "--out",
        by_bar)
    gan("sample", run, "--prompt", "red square", "--prompt", "blue bar|green circle", "--seeds",
        "0-4", "--out", by_flag)
    assert by_bar.read_bytes() == by_flag.read_bytes()
    folder = tmp_path / "folder"
    gan("sample", run, "--prompt", "red square|blue bar", "--seeds", "0-1", "--out", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        f"prompt-{prompt}-seed-{seed}.png" for prompt in (0, 1) for seed in (0, 1)]


def test_the_way_between_two_prompts_begins_and_ends_at_them(run, tmp_path):
    way = tmp_path / "way"
    gan("interpolate", run, "--prompt", "red square|blue bar", "--seeds", "0", "--steps", "4",
        "--out", way)
    frames = sorted(way.iterdir(), key=lambda path: int(path.stem.split("-")[1]))
    assert len(frames) == 5
    ends = tmp_path / "ends"
    gan("sample", run, "--prompt", "red square|blue bar", "--seeds", "0", "--out", ends)
    for frame, end in ((frames[0], "prompt-0-seed-0.png"), (frames[-1], "prompt-1-seed-0.png")):
        pairs = zip(Image.open(frame).tobytes(), Image.open(ends / end).tobytes())
        assert max(abs(a - b) for a, b in pairs) <= 1
    fails(USAGE, "interpolate", run, "--prompt", "red square", "--out", tmp_path / "x.png")


def test_without_a_prompt_the_captions_of_the_data_are_given(run, tmp_path):
    gan("sample", run, "--seeds", "0-3", "--out", tmp_path / "grid.png")
    gan("sample", run, "-n", "5", "--prompt", "red bar", "--out", tmp_path / "many")
    assert len(list((tmp_path / "many").iterdir())) == 5


def test_retrieval_stands_beside_that_of_the_real_pictures(run, data):
    record = json.loads(gan("evaluate", run, "--data", data, "--size", "16", "-n", "12",
                            "--metrics", "retrieval", "--json").stdout.splitlines()[-1])
    text = json.dumps(record)
    assert "caption R@1" in text and "caption R@5" in text
    fails(USAGE, "evaluate", data, "--data", data, "--size", "16", "--metrics", "retrieval")


def test_other_gans_take_captioned_pictures_as_pictures(data, tmp_path):
    fails(USAGE, "train", "gan_int_cls", "--data", "shapes", "--dry-run", says=["captions"])
    gan("train", "dcgan", "--data", data, "--out", tmp_path / "run", "--set", "data.size_px=16",
        "--set", "gan.base_channels=4", "--batch", "12", "--kimg", "0.1", "--threads", "1",
        "--set", "data.domain=image")
