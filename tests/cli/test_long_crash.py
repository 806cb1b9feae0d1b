"""The long form of test_crash.py and test_damage.py: 300 kills, every passage of every fault point,
every byte of a checkpoint."""

import os
import shutil

import pytest

import crash
from gan_program import checkpoints, gan, tiny
from test_crash import points
from test_damage import expect_all_found, places

REPETITIONS = 300


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return crash.straight(tmp_path_factory.mktemp("straight") / "run")


def test_kill_9_at_random_moments(tmp_path, expected):
    crash.kill_at_random(tmp_path, expected, REPETITIONS, seed=int(os.environ.get("CRASH_SEED", 1)))


@pytest.mark.parametrize("point", points())
def test_kill_at_many_passages(tmp_path, expected, point):
    for passage in (*range(1, 40), 50, 80, 130, 210):
        crash.kill_at_point(tmp_path / str(passage), expected, point, passage)
        shutil.rmtree(tmp_path / str(passage))


@pytest.mark.parametrize("action", ["enospc", "eio", "erofs", "eacces"])
@pytest.mark.parametrize("point", points())
def test_errors_at_many_passages(tmp_path, expected, point, action):
    for passage in range(1, 60, 3):
        crash.fail_at_point(tmp_path / str(passage), expected, point, passage, action)
        shutil.rmtree(tmp_path / str(passage))


def test_every_byte_of_a_checkpoint(tmp_path):
    run = tmp_path / "run"
    gan(*tiny(run, gan__latent_dim="1", gan__generator_units="[1]", gan__discriminator_units="[1]",
              optimizer__kind="sgd"))
    checkpoint = checkpoints(run)[-1]
    expect_all_found(checkpoint, places(checkpoint), tmp_path)
