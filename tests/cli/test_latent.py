"""gan latent, gan project, gan sample --z, on a tiny gan."""

import json
import zipfile

import pytest

from gan_program import USAGE, fails, gan

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("latent") / "run"
    gan("train", "dcgan", "--data", "digits", "--out", folder, "--set", "gan.base_channels=4",
        "--set", "gan.latent_dim=16", "--set", "data.limit=200", "--set", "train.kimg=0.2",
        "--set", "train.threads=1", "--set", "evaluate.metrics=[]")
    return folder


def is_picture(path):
    return path.read_bytes().startswith(PNG)


def test_arithmetic_gives_a_picture_and_a_code_that_sample_takes(run, tmp_path):
    picture, code, again = tmp_path / "sum.png", tmp_path / "z.npz", tmp_path / "again.png"
    gan("latent", "arithmetic", run, "--a", "0-2", "--b", "3,4", "--c", "5", "-o", picture,
        "--save-z", code)
    assert is_picture(picture)
    gan("sample", run, "--z", code, "-o", again)
    assert is_picture(again)


def test_one_seed_alone_is_its_own_sum(run, tmp_path):
    code, first, second = tmp_path / "z.npz", tmp_path / "a.npz", tmp_path / "b.npz"
    gan("latent", "arithmetic", run, "--a", "7", "-o", tmp_path / "x.png", "--save-z", code)
    gan("sample", run, "--z", code, "-o", first)
    gan("sample", run, "--seeds", "7", "-o", second)
    assert first.read_bytes() == second.read_bytes()


def test_directions_are_found_kept_and_walked(run, tmp_path):
    file, picture, walk = tmp_path / "pca.npz", tmp_path / "pca.png", tmp_path / "walk.png"
    told = json.loads(gan("latent", "directions", run, "-n", 64, "--count", 3, "-o", file,
                          "--picture", picture, "--json").stdout)
    shares = [entry["share_of_variance"] for entry in told["directions"]]
    assert len(shares) == 3 and shares == sorted(shares, reverse=True) and sum(shares) <= 1
    assert is_picture(picture)
    assert set(zipfile.ZipFile(file).namelist()) == {"directions.npy", "names.npy", "scores.npy"}
    gan("latent", "traverse", run, "--directions", file, "--seeds", "0,1", "--steps", 5, "-o", walk)
    assert is_picture(walk)
    gan("latent", "traverse", run, "--entries", "0-2", "-o", walk)


def test_projection_reports_distances_and_keeps_the_code(run, tmp_path):
    target, strip, code = tmp_path / "target", tmp_path / "strip.png", tmp_path / "z.npz"
    gan("sample", run, "--seeds", "40,41", "-o", target)
    told = json.loads(gan("project", run, target, "-o", strip, "--save-z", code, "--steps", 20,
                          "--starts", 2, "--candidates", 16, "--json").stdout.splitlines()[-1])
    assert len(told["pictures"]) == 2
    for found in told["pictures"]:
        assert found["mse"] <= found["start_mse"] and found["psnr_db"] > 0
    assert is_picture(strip)
    gan("sample", run, "--z", code, "-o", tmp_path / "again.png")


def test_what_does_not_fit_is_refused(run, tmp_path):
    out = tmp_path / "x.png"
    fails(USAGE, "latent", "traverse", run, "-o", out, says=["--directions", "--entries"])
    fails(USAGE, "latent", "traverse", run, "--entries", "99", "-o", out, says=["0..15"])
    fails(USAGE, "latent", "directions", run, "--count", 99, "-n", 20, "-o", tmp_path / "d.npz",
          says=["--count"])
    fails(USAGE, "latent", "arithmetic", run, "--a", "0", "-o", tmp_path / "x.csv",
          says=["picture"])
    fails(USAGE, "project", run, "digits", "-o", out, "--steps", 0, says=["--steps"])
