"""What the tests of the program `gan` share: starting it, tiny runs, fingerprints of weights."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

SOURCE = pathlib.Path(os.environ.get("GANYMEDE_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
GAN = os.environ.get("GAN_BIN", str(SOURCE / "build/release/bin/gan"))
DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 75

# 50 points a step: 20 steps for a kimg.
TINY_KEYS = {
    "gan.latent_dim": "16",
    "gan.generator_units": "[16,16]",
    "gan.discriminator_units": "[16]",
    "data.limit": "2000",
    "train.batch": "50",
    "train.kimg": "1",
    "train.checkpoint_kimg": "0.25",
    "train.tick_kimg": "0.05",
    "train.sample_kimg": "0",
    "train.threads": "1",
}


def settings(**keys):
    """Options for TINY_KEYS with changes: train__kimg=2 sets train.kimg."""
    merged = dict(TINY_KEYS, **{key.replace("__", "."): value for key, value in keys.items()})
    return [part for key, value in merged.items() for part in ("--set", f"{key}={value}")]


def tiny(out, *more, **keys):
    """Arguments of a tiny training in `out`."""
    return ["train", "gan2014", "--data", "ring8", "--out", str(out), *settings(**keys), *more]


def environment(**variables):
    merged = dict(os.environ, **{key: str(value) for key, value in variables.items()})
    merged.pop("GANYMEDE_REEXEC", None)
    return merged


def gan(*arguments, expect=DONE, env=None, prefix=(), timeout=120, **options):
    """Runs the program; fails unless it ends with `expect` (None: however it ends)."""
    command = [*prefix, GAN, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                            env=environment(**(env or {})), **options)
    told = f"{' '.join(command)}\nexit {result.returncode}\n{result.stdout}\n{result.stderr}"
    assert expect is None or result.returncode == expect, told
    return result


def fails(code, *arguments, says=(), **options):
    """Runs the program, which must fail with `code` and name every text of `says`."""
    result = gan(*arguments, expect=code, **options)
    assert any(line.startswith("error: [") for line in result.stderr.splitlines()), result.stderr
    assert "terminate called" not in result.stderr and "Exception raised" not in result.stderr
    for text in says:
        assert str(text) in result.stderr, f"{text!r} is not in: {result.stderr}"
    return result


def start(*arguments, env=None, **options):
    """The program as a process with pipes, to be signalled."""
    return subprocess.Popen([GAN, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment(**(env or {})),
                            **options)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def wait_for(condition, seconds=60, step=0.01):
    """Waits until condition() is true and returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(step)
    raise AssertionError("waited in vain")


def stop(process, number=signal.SIGKILL):
    """Sends a signal and returns (exit code, stdout, stderr)."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def checkpoints(run):
    folder = pathlib.Path(run) / "checkpoints"
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.isdigit())


def weights(folder):
    """SHA-256 of every safetensors file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(pathlib.Path(folder).glob("*.safetensors"))}


def last_weights(run):
    return weights(checkpoints(run)[-1])


def trainer_state(checkpoint):
    return json.loads((checkpoint / "manifest.json").read_text())["state"]["trainer"]


def stats(run):
    return json_lines((pathlib.Path(run) / "stats.jsonl").read_text())


def temporaries(run):
    return [path for path in pathlib.Path(run).rglob("*") if ".tmp" in path.name]
