"""kill -9, failing writes and full disks: at least the last acknowledged checkpoint is there, and the
finished run equals one that was left in peace."""

import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest

import crash
from gan_program import (FAILED, SOURCE, checkpoints, fails, gan, last_weights, stats, temporaries,
                         tiny, trainer_state)

REPETITIONS = 30


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return crash.straight(tmp_path_factory.mktemp("straight") / "run")


def test_kill_9_at_random_moments(tmp_path, expected):
    crash.kill_at_random(tmp_path, expected, REPETITIONS, seed=int(os.environ.get("CRASH_SEED", 1)))


def points():
    """The names of all fault points in the code."""
    found = set()
    for path in (SOURCE / "ganymede").rglob("*.cpp"):
        found |= set(re.findall(r'fault_point\("([^"]+)"', path.read_text()))
    return sorted(found)


def test_every_fault_point_is_known():
    assert {"file.write", "file.sync", "file.rename", "file.renamed"} <= set(points())


@pytest.mark.parametrize("point", points())
def test_kill_at_every_fault_point(tmp_path, expected, point):
    # An early passage (start of the run) and one in the middle of it.
    kills = sum(crash.kill_at_point(tmp_path / str(passage), expected, point, passage)
                for passage in (2, 9))
    assert kills == 2


@pytest.mark.parametrize("action", ["enospc", "eio"])
@pytest.mark.parametrize("point", points())
def test_a_failing_write_does_not_end_training(tmp_path, expected, point, action):
    assert crash.fail_at_point(tmp_path / "run", expected, point, 30, action)
    text = (tmp_path / "run/log.txt").read_text()
    assert "could not be written" in text and "training goes on" in text


def test_a_failing_write_at_the_start_is_an_error_with_a_message(tmp_path, expected):
    assert not crash.fail_at_point(tmp_path / "run", expected, "file.write", 1, "enospc")


def test_an_unknown_fault_is_refused(tmp_path):
    gan(*tiny(tmp_path / "run"), env={"GANYMEDE_FAULT": "file.write"}, expect=2)


def limit_files(size):
    """For preexec_fn: no file may grow beyond `size` bytes (Python itself ignores the signal)."""
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return apply


def test_a_limit_on_file_sizes_is_no_crash(tmp_path):
    # Too small for the optimizer's file; the run ends with an error instead of a signal.
    result = gan(*tiny(tmp_path / "run", gan__generator_units="[64,64]"), expect=FAILED,
                 preexec_fn=limit_files(30_000))
    assert "error: [" in result.stderr
    assert not temporaries(tmp_path / "run")
    # Without the limit it goes on.
    gan("resume", tmp_path / "run")
    assert trainer_state(checkpoints(tmp_path / "run")[-1])["images"] == 1000


def test_a_reader_that_goes_away_does_not_end_training(tmp_path, expected):
    process = crash.start(*tiny(tmp_path / "run", "--json", **crash.KEYS))
    process.stdout.readline()
    process.stdout.close()
    process.stderr.close()
    process.wait(timeout=60)
    assert last_weights(tmp_path / "run") == expected


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_an_error_at_the_end_and_resume_goes_on(small_disk, tmp_path, expected):
    run = small_disk / "run"
    gan(*tiny(run, **dict(crash.KEYS, train__kimg="0.5")))
    before = last_weights(run)
    images = trainer_state(checkpoints(run)[-1])["images"]
    ballast = small_disk / "ballast"
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"\0" * 4096)
    fails(FAILED, "resume", run, "--kimg", "2", says=["no space left", str(run)])
    # What was saved is untouched.
    assert trainer_state(checkpoints(run)[-1])["images"] == images
    assert last_weights(run) == before
    ballast.unlink()
    gan("resume", run, "--kimg", "2")
    assert last_weights(run) == expected
    assert not temporaries(run)


def test_a_disk_that_fills_up_in_the_middle(small_disk):
    run = small_disk / "run"
    # Room for the start, none for a checkpoint of these networks.
    result = gan(*tiny(run, gan__generator_units="[160,160]", train__kimg="0.5"), expect=FAILED)
    assert "no space left" in result.stderr
    assert "could not be written" in result.stderr and "training goes on" in result.stderr
    assert checkpoints(run) == [] and not temporaries(run)
    assert stats(run)


def test_samples_on_a_full_disk(small_disk, tmp_path):
    gan(*tiny(tmp_path / "run"))
    fails(FAILED, "sample", tmp_path / "run", "--seeds", "0-99999", "--out", small_disk / "x.npz",
          says=["no space left", "x.npz"])
    assert list(pathlib.Path(small_disk).iterdir()) == []
