"""Every flipped byte of a checkpoint is found and named, and the run goes on from the one before."""

from concurrent.futures import ThreadPoolExecutor
import random
import shutil

import pytest

from gan_program import FAILED, checkpoints, fails, gan, last_weights, tiny

POSITIONS = 100


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage") / "run"
    gan(*tiny(folder, train__batch="500", train__kimg="3", train__checkpoint_kimg="1",
              train__tick_kimg="0.5"))
    return folder


def flip(path, position, bit=0):
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


def expect_found(checkpoint, path, position, bit):
    """The flip is refused by a message that names the file; it is undone afterwards."""
    flip(path, position, bit)
    try:
        fails(FAILED, "info", checkpoint, says=[path.name])
    finally:
        flip(path, position, bit)


def places(checkpoint):
    """Every byte of every file: (name, position)."""
    return [(path.name, position) for path in sorted(checkpoint.iterdir())
            for position in range(path.stat().st_size)]


def expect_all_found(checkpoint, chosen, folder):
    """Flips the chosen bytes one by one, in two copies at a time."""
    def all_of(share):
        copy = folder / f"copy-{share}"
        shutil.copytree(checkpoint, copy)
        for name, position in chosen[share::2]:
            expect_found(copy, copy / name, position, position % 8)
        gan("info", copy)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(all_of, range(2)))


def test_flipped_bytes_are_found(run, tmp_path):
    checkpoint = checkpoints(run)[-1]
    expect_all_found(checkpoint, random.Random(4).sample(places(checkpoint), POSITIONS), tmp_path)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "missing", "swapped", "added"])
def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(run, tmp_path, damage):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    older, newest = checkpoints(copy)[-2:]
    file = newest / "optimizer_G.safetensors"
    if damage == "flip":
        flip(file, file.stat().st_size // 2)
    elif damage == "truncate":
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "missing":
        file.unlink()
    elif damage == "swapped":
        shutil.copy(older / file.name, file)
    else:
        file = newest / "stranger.safetensors"
        shutil.copy(newest / "generator.safetensors", file)
    result = gan("resume", copy)
    assert f"{newest.name}/{file.name}" in result.stderr
    assert "the checkpoint before it is used" in result.stderr
    assert last_weights(copy) == last_weights(run)


def test_all_damaged_is_an_error(run, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    for checkpoint in checkpoints(copy):
        (checkpoint / "manifest.json").write_text("{}")
    fails_text = gan("resume", copy, expect=FAILED).stderr
    assert "checkpoints are damaged" in fails_text and "manifest.json" in fails_text
    assert "checkpoints are damaged" in gan("sample", copy, "--out", tmp_path / "x.png",
                                            expect=FAILED).stderr
