"""Training through the program: what it writes and says, and that nothing outside a recipe changes
the weights."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from PIL import Image

from gan_program import (FAILED, GAN, STOPPED, USAGE, checkpoints, fails, gan,
                         json_lines, last_weights, settings, start, stats, stop, temporaries, tiny,
                         trainer_state, wait_for)

# Long enough to be met in the middle, about 10 ms a step.
SLOW = dict(train__kimg="500", gan__generator_units="[512,512]", gan__discriminator_units="[512]",
            train__checkpoint_kimg="0")


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    gan(*tiny(folder))
    return folder


def test_a_run_has_its_files(straight):
    for name in ("recipe.toml", "environment.json", "log.txt", "stats.jsonl", "reals.png",
                 "fakes-000000.png", "fakes-000001.png", "results.png", "timelapse.webp",
                 "model/manifest.json", "model/generator.safetensors",
                 "checkpoints/000001/manifest.json"):
        assert (straight / name).is_file(), name
    assert not temporaries(straight)
    assert not (straight / "lock").exists()
    assert list(straight.glob("events.out.tfevents.*"))
    for name in ("reals.png", "fakes-000001.png", "results.png"):
        with Image.open(straight / name) as picture:
            picture.load()
    facts = json.loads((straight / "environment.json").read_text())
    assert facts["data"]["size"] == 2000
    assert "--out" in facts["command"]


def test_statistics_have_a_line_for_every_tick(straight):
    lines = stats(straight)
    assert [line["step"] for line in lines] == list(range(1, 21))
    for line in lines:
        for key in ("D/adversarial", "G/adversarial", "D/gradient_norm", "images_per_s",
                    "seconds_per_kimg", "resident_mib", "peak_mib", "page_faults_per_step"):
            assert line[key] is not None, key
        assert line["images_per_s"] > 0


def test_json_output_is_json_line_by_line(tmp_path):
    events = json_lines(gan(*tiny(tmp_path / "run", "--json")).stdout)
    kinds = [event["event"] for event in events]
    assert kinds.count("checkpoint") == 4
    assert kinds.count("done") == 1 and kinds[-1] == "done"
    assert "progress" in kinds and "samples" in kinds
    assert events[-1]["kimg"] == 1.0
    for key in ("run", "checkpoint", "picture"):
        assert pathlib.Path(events[-1][key]).exists()


def test_plain_output_says_where_things_are(tmp_path):
    text = gan(*tiny(tmp_path / "run")).stdout
    for name in ("fakes-000001.png", "model", "run"):
        assert str(tmp_path / "run" / name) in text or str(tmp_path / name) in text


def test_quiet_says_no_progress(tmp_path):
    result = gan(*tiny(tmp_path / "run", "--quiet"))
    assert result.stderr == ""


def test_runs_are_numbered(tmp_path):
    for _ in range(2):
        gan("train", "gan2014", "--data", "ring8", *settings(), cwd=tmp_path)
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == ["00000-gan2014-ring8", "00001-gan2014-ring8"]
    assert json.loads(gan("info", "last", "--json", cwd=tmp_path).stdout)["run"].endswith(names[1])
    gan("resume", "--kimg", "1.1", cwd=tmp_path)
    assert trainer_state(checkpoints(tmp_path / "runs" / names[1])[-1])["steps"] == 22


def test_dry_run_shows_everything_and_writes_nothing(tmp_path):
    command = ["train", "dcgan", "--data", "digits", "--dry-run", "--batch", "8", "--seed", "7",
               "--set", "gan.base_channels=4", "--threads", "1"]
    text = gan(*command, cwd=tmp_path).stdout
    for part in ("gan.base_channels", "--set gan.base_channels=4", "--batch", "generator",
                 "discriminator", "parameters", "memory", "s per kimg", "default"):
        assert part in text, part
    told = json_lines(gan(*command, "--json", cwd=tmp_path).stdout)[-1]
    assert told["config"]["train.batch"] == {"value": "8", "source": "--batch"}
    assert told["config"]["seed"]["value"] == "7"
    assert told["parameters"]["generator"] > 1000
    assert told["seconds_per_kimg"] > 0 and told["peak_bytes"] > 0
    assert list(tmp_path.iterdir()) == []


def test_the_resolved_recipe_gives_the_same_weights(straight, tmp_path):
    gan("train", straight / "recipe.toml", "--out", tmp_path / "again")
    assert last_weights(tmp_path / "again") == last_weights(straight)
    assert (tmp_path / "again/recipe.toml").read_text() == (straight / "recipe.toml").read_text()


def test_the_seed_changes_the_weights(straight, tmp_path):
    gan(*tiny(tmp_path / "run", "--seed", "1"))
    assert last_weights(tmp_path / "run") != last_weights(straight)


def a_comma_locale():
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    return next((name for name in listed.split() if name.lower() in ("de_de.utf-8", "de_de.utf8")),
                None)


@pytest.mark.parametrize("env", [
    {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
    {"TZ": "Pacific/Kiritimati"},
    {"LC_ALL": "C", "TZ": "America/New_York", "HOME": "/nonexistent"},
])
def test_locale_and_time_zone_do_not_matter(straight, tmp_path, env):
    gan(*tiny(tmp_path / "run"), env=env)
    assert last_weights(tmp_path / "run") == last_weights(straight)
    assert (tmp_path / "run/recipe.toml").read_text() == (straight / "recipe.toml").read_text()


def test_a_locale_with_decimal_commas_is_there_to_be_tested(straight, tmp_path):
    name = a_comma_locale()
    if not name:
        target = tmp_path / "locales"
        target.mkdir()
        made = shutil.which("localedef") and subprocess.run(
            ["localedef", "-i", "de_DE", "-f", "UTF-8", target / "de_DE.UTF-8"],
            capture_output=True, check=False).returncode in (0, 1)
        if not made or not (target / "de_DE.UTF-8").exists():
            pytest.skip("neither a German locale nor localedef with its sources is installed")
        env = {"LOCPATH": target, "LC_ALL": "de_DE.UTF-8"}
    else:
        env = {"LC_ALL": name}
    gan(*tiny(tmp_path / "run"), env=env)
    assert last_weights(tmp_path / "run") == last_weights(straight)


def test_umask_does_not_matter(straight, tmp_path):
    gan(*tiny(tmp_path / "run"), umask=0o077)
    assert last_weights(tmp_path / "run") == last_weights(straight)
    assert (tmp_path / "run/recipe.toml").stat().st_mode & 0o077 == 0
    gan("resume", tmp_path / "run", "--kimg", "1.1", umask=0o077)


def test_the_working_folder_does_not_matter(straight, tmp_path):
    (tmp_path / "deep/er").mkdir(parents=True)
    gan(*tiny("run"), cwd=tmp_path / "deep/er")
    assert last_weights(tmp_path / "deep/er/run") == last_weights(straight)
    # Stopped in one folder, resumed from another.
    gan(*tiny("half", train__kimg="0.5"), cwd=tmp_path)
    gan("resume", "../../half", "--kimg", "1", cwd=tmp_path / "deep/er")
    assert last_weights(tmp_path / "half") == last_weights(straight)


@pytest.mark.parametrize("name", ["dcgan", "wgan_gp"])
def test_resume_is_bit_exact_on_two_threads(tmp_path, name):
    options = ["--data", "digits", "--threads", "2", "--batch", "50", "--set", "data.limit=130",
               "--set", "gan.base_channels=4", "--set", "train.accumulate=2"]
    gan("train", name, *options, "--kimg", "0.5", "--out", tmp_path / "straight")
    gan("train", name, *options, "--kimg", "0.25", "--out", tmp_path / "run")
    gan("resume", tmp_path / "run", "--kimg", "0.5")
    assert last_weights(tmp_path / "run") == last_weights(tmp_path / "straight")


def test_resume_of_a_finished_run_changes_nothing(straight, tmp_path):
    shutil.copytree(straight, tmp_path / "run")
    gan("resume", tmp_path / "run")
    assert last_weights(tmp_path / "run") == last_weights(straight)
    assert [line["step"] for line in stats(tmp_path / "run")] == list(range(1, 21))


def test_resume_with_other_data_is_refused(straight, tmp_path):
    shutil.copytree(straight, tmp_path / "run")
    fails(USAGE, "resume", tmp_path / "run", "--data", "grid25",
          says=["data", "resume with the data and recipe"])
    assert last_weights(tmp_path / "run") == last_weights(straight)


# --- stopping


def running(folder, *more, env=None, **keys):
    """A training that has made its first step."""
    process = start(*tiny(folder, "--json", *more, **dict(SLOW, **keys)), env=env)
    wait_for(lambda: (folder / "stats.jsonl").exists() and
             (folder / "stats.jsonl").stat().st_size > 0 or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_resume_goes_on(tmp_path, number):
    folder = tmp_path / "run"
    begin = time.monotonic()
    process = running(folder)
    code, out, err = stop(process, number)
    assert code == STOPPED, err
    assert time.monotonic() - begin < 30
    assert "gan resume" in err
    reported = [event["path"] for event in json_lines(out) if event["event"] == "checkpoint"]
    assert reported == [str(checkpoints(folder)[-1])]
    done = trainer_state(checkpoints(folder)[-1])
    assert done["steps"] >= 1 and not temporaries(folder)
    kimg = (done["images"] + 200) / 1000
    gan("resume", folder, "--kimg", kimg)
    assert trainer_state(checkpoints(folder)[-1])["images"] == done["images"] + 200
    # The same without a stop.
    gan(*tiny(tmp_path / "straight", **dict(SLOW, train__kimg=str(kimg))))
    assert last_weights(folder) == last_weights(tmp_path / "straight")


def test_a_second_signal_ends_at_once(tmp_path):
    folder = tmp_path / "run"
    # 50 micro-batches a step of very wide networks: a step takes seconds.
    process = start(*tiny(folder, "--json", train__kimg="50", train__batch="4000",
                          gan__generator_units="[4096,4096]", train__checkpoint_kimg="0"))
    wait_for(lambda: (folder / "log.txt").exists() and "started" in (folder / "log.txt").read_text())
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    begin = time.monotonic()
    code, _, _ = stop(process, signal.SIGTERM)
    assert code in (128 + signal.SIGTERM, STOPPED)
    assert code == 128 + signal.SIGTERM or time.monotonic() - begin < 0.5
    assert time.monotonic() - begin < 2


def test_sigusr1_writes_samples_and_training_goes_on(tmp_path):
    process = running(tmp_path / "run")
    picture = tmp_path / "run/fakes-000000.png"
    wait_for(picture.exists)
    picture.unlink()
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: list((tmp_path / "run").glob("fakes-*.png")))
    assert process.poll() is None
    assert stop(process, signal.SIGTERM)[0] == STOPPED


def test_control_files(tmp_path):
    process = running(tmp_path / "run")
    control = tmp_path / "run/control"
    control.mkdir()
    for path in (tmp_path / "run").glob("fakes-*.png"):
        path.unlink()
    (control / "sample-now").write_text("")
    wait_for(lambda: list((tmp_path / "run").glob("fakes-*.png")))
    assert process.poll() is None
    (control / "stop").write_text("")
    _, err = process.communicate(timeout=60)
    assert process.returncode == STOPPED, err
    assert list(control.iterdir()) == []
    assert checkpoints(tmp_path / "run")


def test_a_second_start_on_the_same_run_is_refused(tmp_path):
    folder = tmp_path / "run"
    process = running(folder)
    result = fails(USAGE, "resume", folder, says=["in use", f"process {process.pid} "])
    assert "lock" in result.stderr
    assert process.poll() is None
    assert stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    # The lock of a dead process holds nobody up.
    gan("resume", folder, "--kimg", "0.05")


def test_a_signal_during_the_start_is_not_lost(tmp_path):
    folder = tmp_path / "run"
    process = start(*tiny(folder, **SLOW))
    wait_for(lambda: (folder / "lock").exists())
    time.sleep(0.02)
    code, _, err = stop(process, signal.SIGTERM)
    assert code == STOPPED, err


# --- where it cannot write


def as_nobody():
    if os.geteuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root, and no setpriv to become somebody else")
    return ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def can_run_as_nobody():
    prefix = as_nobody()
    return not prefix or subprocess.run([*prefix, "test", "-x", GAN], check=False).returncode == 0


def test_a_folder_that_cannot_be_written(tmp_path):
    if not can_run_as_nobody():
        pytest.skip("another user cannot reach the program here")
    folder = pathlib.Path("/tmp") / f"ganymede-read-only-{os.getpid()}"
    folder.mkdir(mode=0o555)
    try:
        fails(FAILED, *tiny(folder / "run"), says=[folder, "Permission denied"],
              prefix=as_nobody(), cwd="/")
        (folder / "run").mkdir(mode=0o555)
        fails(FAILED, *tiny(folder / "run"), says=[folder / "run", "denied"],
              prefix=as_nobody(), cwd="/")
    finally:
        shutil.rmtree(folder)




def test_more_memory_than_allowed_is_an_error_in_words(tmp_path):
    run = tmp_path / "run"
    fails(FAILED, "train", "dcgan", "--data", "digits", "--out", run, "--batch", "512", "--set", "train.threads=1",
          "--set", "train.memory_mib=600", says=["phase ", "step 0", "no memory for another", "600 MiB",
                                                 "train.accumulate"])
    fails(USAGE, "train", "dcgan", "--data", "digits", "--out", tmp_path / "none", "--set", "train.memory_mib=20",
          says=["train.memory_mib", "in use"])
    assert not (tmp_path / "none").exists()
