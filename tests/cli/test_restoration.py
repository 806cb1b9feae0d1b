"""Restoration through the program: srgan on a folder of pictures of several sizes, judged on whole ones."""

import json
import math
import struct
import zlib

import pytest

from gan_program import DONE, USAGE, fails, gan, json_lines

SMALL = {
    "gan.channels": 4, "gan.blocks": 1, "gan.norm": '"none"', "gan.input_skip": "true",
    "gan.discriminator_channels": 2, "gan.discriminator_pooled": "true", "gan.pretrain_kimg": 0.016,
    "data.form": '"degraded"', "data.patch_px": 24, "data.scale": 2, "train.batch": 4,
    "train.kimg": 0.032, "train.tick_kimg": 0.008, "train.checkpoint_kimg": 0.008,
    "train.sample_kimg": 0.016, "train.health_kimg": 0, "train.threads": 1,
}


def png(path, width, height, seed):
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += bytes(int(127 + 90 * math.sin(0.2 * x + c + seed) * math.cos(0.15 * y - c)) for c in range(3))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for i, (width, height) in enumerate([(40, 30), (31, 50), (64, 24), (45, 45), (30, 30), (26, 70)]):
        png(folder / f"photo{i}.png", width, height, i)
    png(folder / "tiny.png", 10, 10, 0)
    return folder


def train(photos, out, **keys):
    merged = dict(SMALL, **{key.replace("__", "."): value for key, value in keys.items()})
    sets = [part for key, value in merged.items() for part in ("--set", f"{key}={value}")]
    return gan("train", "srgan", "--data", photos, "--out", out, *sets)


def losses(run):
    return {key for line in json_lines((run / "stats.jsonl").read_text()) for key in line.get("losses", line)}


def test_two_stages_resume_and_whole_pictures(photos, tmp_path):
    train(photos, tmp_path / "whole")
    named = json.dumps([json.loads(line) for line in (tmp_path / "whole/stats.jsonl").read_text().splitlines()])
    assert "pretrain/pixel" in named and "D/adversarial" in named and "G/content" in named
    assert list((tmp_path / "whole").glob("fakes-*.png"))

    judged = gan("evaluate", tmp_path / "whole", "--data", photos, "--metrics", "psnr,ssim", "--out",
                 tmp_path / "record.json", "--report", tmp_path / "report.html")
    for text in ("photo3.png", "bicubic", "PSNR (Y)", "bicubic to 1/2", "border of 2 px"):
        assert text in judged.stdout, judged.stdout
    assert "tiny.png" not in judged.stdout
    model, baseline = json.loads((tmp_path / "record.json").read_text())["records"]
    assert baseline["subject"] == "bicubic"
    psnr = {score["name"]: score["value"] for score in model["scores"]}
    floor = {score["name"]: score["value"] for score in baseline["scores"]}
    assert psnr.keys() == floor.keys() == {"PSNR", "PSNR (Y)", "SSIM", "SSIM (Y)"}
    # The pictures are smooth, which bicubic does well; the model has hardly learned yet.
    assert 15 < psnr["PSNR"] < floor["PSNR"]
    assert (tmp_path / "report.html").read_text().count("data:image/png") >= 5

    fails(USAGE, "evaluate", tmp_path / "whole", "--data", photos, "--degrade", "nois=3", says=["noise="])
    patches = gan("evaluate", tmp_path / "whole", "--data", photos, "--metrics", "psnr,kid", "-n", "6",
                  "--json", "--no-floor", "--no-cache")
    names = {score["name"] for line in json_lines(patches.stdout) for score in line.get("scores", [])}
    assert "PSNR" in names and any(name.startswith("KID") for name in names)


def test_stopped_at_any_stage_it_goes_on_as_if_nothing_had_been(photos, tmp_path):
    train(photos, tmp_path / "straight")
    train(photos, tmp_path / "halves", train__kimg=0.012)
    gan("resume", tmp_path / "halves", "--kimg", "0.024")
    gan("resume", tmp_path / "halves", "--kimg", "0.032")

    def weights(run):
        last = sorted((run / "checkpoints").iterdir())[-1]
        return {file.name: file.read_bytes() for file in sorted(last.glob("*.safetensors"))}

    assert weights(tmp_path / "straight") == weights(tmp_path / "halves")


def test_samples_and_refusals(photos, tmp_path):
    train(photos, tmp_path / "run", data__scale=1, data__degrade='"noise=25"', train__kimg=0.008)
    assert gan("sample", tmp_path / "run", "--seeds", "0-3", "--out", tmp_path / "strips.png").returncode == DONE
    assert (tmp_path / "strips.png").stat().st_size > 1000
    judged = gan("evaluate", tmp_path / "run", "--data", photos)
    assert "as given" in judged.stdout and "noise 25" in judged.stdout
    fails(USAGE, "train", "srgan", "--data", photos, "--out", tmp_path / "x", "--set", "data.form=degraded",
          "--set", "data.patch_px=25", "--set", "data.scale=2", says=["multiple"])
    fails(USAGE, "train", "srgan", "--data", "digits", "--out", tmp_path / "y", says=["data.form=degraded"])
