"""A training that is killed, again and again, and what must hold after each kill."""

import random
import signal
import time

from gan_program import (FAILED, checkpoints, gan, json_lines, last_weights, start, stats,
                         temporaries, tiny, trainer_state)

# A checkpoint and a line of statistics at every step, 40 steps.
KEYS = dict(train__kimg="2", train__checkpoint_kimg="0.05", train__keep="2")
STEPS = 40


def straight(folder):
    gan(*tiny(folder, **KEYS))
    return last_weights(folder)


class Crashed:
    """One run that is started and killed until somebody lets it finish."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.acknowledged = 0  # samples shown by the last checkpoint that was reported
        self.kills = self.finished = 0

    def arguments(self):
        if (self.folder / "recipe.toml").exists():
            return ["resume", str(self.folder), "--json"]
        return tiny(self.folder, "--json", **KEYS)

    def note(self, out):
        """Takes the checkpoints that were reported; the last line may be half."""
        for event in json_lines(out[:out.rfind("\n") + 1]):
            if event["event"] == "checkpoint":
                self.acknowledged = round(event["kimg"] * 1000)

    def newest(self):
        """Samples shown by the newest checkpoint."""
        found = checkpoints(self.folder)
        return trainer_state(found[-1])["images"] if found else 0

    def kill_once(self, delay, **env):
        process = start(*self.arguments(), env=env)
        if delay is not None:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=120)
        if process.returncode == 0:
            self.finished += 1
        else:
            assert process.returncode == -signal.SIGKILL, err
            self.kills += 1
        self.note(out)
        self.check()

    def check(self):
        """At least what was acknowledged is there, and every checkpoint is whole."""
        found = checkpoints(self.folder)
        if not found:
            assert self.acknowledged == 0
            return
        assert self.newest() >= self.acknowledged
        if self.random.random() < 0.1:
            for checkpoint in found:
                gan("info", checkpoint)

    def finish(self, expected):
        if (self.folder / "recipe.toml").exists():
            gan("resume", self.folder)
        else:
            gan(*tiny(self.folder, **KEYS))
        assert not temporaries(self.folder)
        assert not (self.folder / "lock").exists()
        assert [line["step"] for line in stats(self.folder)] == list(range(1, STEPS + 1))
        assert len(checkpoints(self.folder)) <= 2
        assert last_weights(self.folder) == expected


def kill_at_random(folder, expected, repetitions, seed):
    """`repetitions` kills at random moments, over as many runs as that takes."""
    kills = runs = 0
    while kills < repetitions:
        run = Crashed(folder / f"run-{runs}", seed + runs)
        runs += 1
        while kills < repetitions and run.finished == 0:
            run.kill_once(run.random.uniform(0, 0.6))
            kills += 1
        run.finish(expected)
    return runs


def kill_at_point(folder, expected, point, passage):
    """One kill at a named point of the code."""
    run = Crashed(folder, passage)
    run.kill_once(None, GANYMEDE_FAULT=f"{point}:{passage}:kill")
    run.finish(expected)
    return run.kills


def fail_at_point(folder, expected, point, passage, action):
    """An error of the system at a named point: training goes on, or ends with a message that names
    a file when it cannot even start or end."""
    process = start(*tiny(folder, "--json", **KEYS),
                    env={"GANYMEDE_FAULT": f"{point}:{passage}:{action}"})
    _, err = process.communicate(timeout=120)
    assert process.returncode in (0, FAILED), err
    if process.returncode == FAILED:
        assert err.startswith("error: [") or "\nerror: [" in err, err
        assert str(folder) in err
    for checkpoint in checkpoints(folder)[-1:]:
        gan("info", checkpoint)
    gone_on = process.returncode == 0
    if (folder / "recipe.toml").exists():
        gan("resume", folder)
    else:
        gan(*tiny(folder, **KEYS))
    assert last_weights(folder) == expected
    assert not temporaries(folder)
    return gone_on
