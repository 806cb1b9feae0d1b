"""gan translate: files and folders of any size, mode and rotation through a tiny model of pairs;
bad files, existing files, parts; and what gan data info says of pairs."""

import json

import numpy
import pytest
from PIL import Image

from gan_program import FAILED, USAGE, fails, gan


def noise(width, height, channels=3, seed=1):
    shape = (height, width) if channels == 1 else (height, width, channels)
    return Image.fromarray(numpy.random.default_rng(seed).integers(0, 256, shape, numpy.uint8))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Discs: A their grey outline, B their colour."""
    folder = tmp_path_factory.mktemp("pairs")
    for split, count in [("train", 24), ("test", 4)]:
        for side in "AB":
            (folder / split / side).mkdir(parents=True)
        for i in range(count):
            y, x = numpy.mgrid[:32, :32]
            inside = (x - 10 - i % 12) ** 2 + (y - 16) ** 2 < 64
            a = numpy.where(inside, 0, 255).astype(numpy.uint8)
            b = numpy.stack([a, numpy.where(inside, 200, 255), a], 2).astype(numpy.uint8)
            Image.fromarray(a).save(folder / split / "A" / f"{i}.png")
            Image.fromarray(b).save(folder / split / "B" / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def model(pairs, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    said = gan("train", "pix2pix", "--data", pairs, "--out", run, "--kimg", "0.1", "--batch", "4",
               "--threads", "1", "--set", "data.size_px=0", "--set", "gan.base_channels=4",
               "--set", "gan.discriminator_channels=4", "--set", "gan.discriminator_layers=1",
               "--set", "gan.test_dropout=false", "--set", "gan.own_statistics=false",
               "--set", "train.sample_kimg=0.1", "--set", "train.health_kimg=0")
    assert (run / "reals.png").exists()
    assert f"translate {run} PICTURE" in said.stdout
    return run


@pytest.fixture
def pictures(tmp_path):
    """Pictures of many kinds; what they are called says what they are."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    noise(45, 20).save(folder / "odd.png")
    noise(7, 3, 1).save(folder / "grey.png")
    noise(40, 40, 4).save(folder / "alpha.png")
    noise(33, 64).save(folder / "deep" / "photo.jpg", quality=95)
    noise(32, 32).quantize(16).save(folder / "palette.gif")
    noise(20, 30, 1).save(folder / "map.pgm")
    Image.fromarray(numpy.full((24, 24), 40000, numpy.uint16)).save(folder / "deep16.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    noise(48, 16).save(folder / "turned.jpg", exif=exif)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_a_folder_keeps_names_and_sizes(model, pictures, tmp_path):
    out = tmp_path / "out"
    said = gan("translate", model, pictures, "-o", out).stdout
    assert "8 of 8" in said
    sizes = {str(path.relative_to(out)): Image.open(path).size
             for path in out.rglob("*") if path.is_file()}
    assert sizes == {"odd.png": (45, 20), "grey.png": (7, 3), "alpha.png": (40, 40),
                     "deep/photo.jpg": (33, 64), "palette.png": (32, 32), "map.png": (20, 30),
                     "deep16.png": (24, 24), "turned.jpg": (16, 48)}


def test_alpha_is_carried_over(model, pictures, tmp_path):
    gan("translate", model, pictures / "alpha.png", "-o", tmp_path / "alpha.png")
    before, after = Image.open(pictures / "alpha.png"), Image.open(tmp_path / "alpha.png")
    assert after.mode == "RGBA"
    assert numpy.array_equal(numpy.array(before)[..., 3], numpy.array(after)[..., 3])
    gan("translate", model, pictures / "alpha.png", "-o", tmp_path / "opaque.png", "--opaque")
    assert Image.open(tmp_path / "opaque.png").mode == "RGB"
    gan("translate", model, pictures / "alpha.png", "-o", tmp_path / "alpha.jpg")
    assert Image.open(tmp_path / "alpha.jpg").mode == "RGB"


def test_the_same_every_time_and_like_the_samples_of_training(model, pairs, tmp_path):
    for name in ["a.png", "b.png"]:
        gan("translate", model, pairs / "test/A/1.png", "-o", tmp_path / name)
    one, two = (numpy.array(Image.open(tmp_path / name)) for name in ["a.png", "b.png"])
    assert numpy.array_equal(one, two)
    gan("sample", model, "--given", pairs / "test/A/1.png", "--seeds", "0", "-o", tmp_path / "s")
    sampled = numpy.array(Image.open(next((tmp_path / "s").iterdir()))).astype(int)
    assert numpy.abs(sampled - one.astype(int)).max() <= 1


def test_bad_files_are_named_and_the_rest_goes_on(model, pictures, tmp_path):
    (pictures / "broken.png").write_bytes((pictures / "odd.png").read_bytes()[:200])
    (pictures / "empty.jpg").write_bytes(b"")
    out = tmp_path / "out"
    result = fails(FAILED, "translate", model, pictures, "-o", out,
                   says=["broken.png", "empty.jpg", "2 of 10"])
    assert "8 of 10" in result.stdout
    assert len([path for path in out.rglob("*") if path.is_file()]) == 8
    assert not [path for path in out.rglob("*") if ".tmp" in path.name]


def test_nothing_is_replaced_unless_forced(model, pictures, tmp_path):
    out = tmp_path / "one.png"
    gan("translate", model, pictures / "odd.png", "-o", out)
    made = out.read_bytes()
    out.write_bytes(b"mine")
    fails(FAILED, "translate", model, pictures / "odd.png", "-o", out, says=["--force"])
    assert out.read_bytes() == b"mine"
    gan("translate", model, pictures / "odd.png", "-o", out, "--force")
    assert out.read_bytes() == made
    before = (pictures / "odd.png").read_bytes()
    fails(FAILED, "translate", model, pictures, "-o", pictures, says=["odd.png"])
    assert (pictures / "odd.png").read_bytes() == before


def test_a_second_call_does_not_translate_what_the_first_made(model, pictures):
    gan("translate", model, pictures, "-o", pictures / "out")
    count = len(list(pictures.rglob("*.png")))
    gan("translate", model, pictures, "-o", pictures / "out", "--force")
    assert len(list(pictures.rglob("*.png"))) == count


def test_parts_strips_and_json(model, tmp_path):
    noise(200, 150).save(tmp_path / "large.png")
    whole, parts = tmp_path / "whole.png", tmp_path / "parts.png"
    gan("translate", model, tmp_path / "large.png", "-o", whole, "--tile", "-1")
    lines = gan("translate", model, tmp_path / "large.png", "-o", parts, "--tile", "64",
                "--overlap", "16", "--strip", "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["out"] for event in events if event.get("event") == "translated"] == [str(parts)]
    assert Image.open(parts).size == Image.open(whole).size == (200, 150)
    strip = Image.open(tmp_path / "parts-strip.png")
    assert strip.size[0] >= 400 and 150 < strip.size[1] < 200


def test_formats(model, pictures, tmp_path):
    gan("translate", model, pictures, "-o", tmp_path / "out", "--format", "webp")
    assert {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()} == {".webp"}
    assert Image.open(tmp_path / "out/odd.webp").size == (45, 20)


@pytest.mark.parametrize("arguments, says", [
    (["nothing.png", "-o", "x.png"], "nothing.png"),
    (["{in}/odd.png", "-o", "x.tiff"], ".tiff"),
    (["{in}/odd.png", "-o", "x.png", "--direction", "sideways"], "--direction"),
    (["{in}/odd.png", "-o", "x.png", "--tile", "-7"], "--tile"),
    (["{in}/deep", "-o", "{in}/odd.png"], "a file"),
    (["{empty}", "-o", "x"], "no pictures"),
])
def test_what_cannot_be_done_is_said(model, pictures, tmp_path, arguments, says):
    (tmp_path / "none").mkdir()
    filled = [word.format(**{"in": pictures, "empty": tmp_path / "none"}) for word in arguments]
    result = gan("translate", model, *filled, expect=None, cwd=tmp_path)
    assert result.returncode in (FAILED, USAGE)
    assert says in result.stderr


def test_models_without_given_pictures_are_refused(tmp_path, pictures):
    from gan_program import tiny
    gan(*tiny(tmp_path / "points"))
    fails(USAGE, "translate", tmp_path / "points", pictures / "odd.png", "-o", tmp_path / "x.png",
          says=["pictures from pictures"])


def test_data_info_of_pairs(pairs, tmp_path):
    (pairs / "train/A/alone.png").write_bytes((pairs / "train/A/0.png").read_bytes())
    try:
        text = gan("data", "info", pairs, "--sheet", tmp_path / "sheet.png").stdout
        report = json.loads(gan("data", "info", pairs, "--json").stdout.splitlines()[-1])
    finally:
        (pairs / "train/A/alone.png").unlink()
    assert "pairs in two folders" in text and "alone.png" in text
    assert report["samples"] == 24 and report["splits"] == {"train": 24, "test": 4}
    assert report["broken"][0]["path"].endswith("alone.png")
    assert Image.open(tmp_path / "sheet.png").size[0] > 8 * 64


def test_each_pair_is_judged_once(model):
    out = gan("evaluate", model, "--metrics", "l1,psnr", "--seeds", "1", "--json").stdout
    record = json.loads(out.splitlines()[-1])
    assert record["settings"]["fake_samples"] == 4 == record["settings"]["real_samples"]
