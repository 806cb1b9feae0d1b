#!/usr/bin/env python3
"""The PyTorch side of bench/compare. Usage: worker.py WORKLOAD THREADS VARIANT

VARIANT: eager (plain), tuned (D frozen in G's step, fused Adam, the faster memory layout), compile (torch.compile).
One command per line on stdin, one line of JSON on stdout:
  trace FILE   the first steps from the C++ side's start
  fresh        begin without the C++ side
  time N       N steps
  flop         floating-point operations of a tuned step
  quit
"""

import importlib
import json
import os
import resource
import sys
import time

BEGIN = time.perf_counter()
import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from exchange import Trace  # noqa: E402

TRIED_STEPS = 3


class NoModules:
    """Stands for FlopCounterMode's tracker of modules, whose hooks do not bear autograd.grad (torch 2.13)."""

    parents = {"Global"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class Worker:
    def __init__(self, workload, variant):
        self.module = importlib.import_module(workload.split("/")[0])
        self.variant = variant
        self.work = None

    def prepared(self, path, **options):
        work = self.module.make()
        trace = Trace(path)
        work.prepare(trace, tuned=self.variant == "tuned", compiled=self.variant == "compile", **options)
        return work, trace

    def faster_layout(self, path):
        """Whether channels_last is the faster layout: best of a few steps of each."""
        best = {}
        for channels_last in (False, True):
            work, _ = self.prepared(path, channels_last=channels_last)
            work.step()
            best[channels_last] = min(self.timed(work, 1)["wall_s"] for _ in range(TRIED_STEPS))
        return best[True] < best[False]

    def trace(self, path, steps):
        channels_last = self.variant == "tuned" and self.faster_layout(path)
        self.work, trace = self.prepared(path, channels_last=channels_last)
        losses = [self.work.traced_step(trace) for _ in range(int(steps))]
        return {"losses": losses, "channels_last": channels_last}

    def fresh(self):
        self.work = self.module.make()
        self.work.prepare(None, tuned=self.variant == "tuned")
        return {}

    def timed(self, work, steps):
        before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        for _ in range(steps):
            work.step()
        wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
        return {
            "steps": steps,
            "wall_s": wall,
            "cpu_s": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
            "system_s": after.ru_stime - before.ru_stime,
            "page_faults": after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt,
            "peak_bytes": after.ru_maxrss * 1024,
        }

    def flop(self):
        counter = FlopCounterMode(display=False)
        counter.mod_tracker = NoModules()
        with counter:
            self.work.step()
        return {"flop_per_step": counter.get_total_flops()}

    def answer(self, command, *arguments):
        if command == "time":
            return self.timed(self.work, int(arguments[0]))
        return getattr(self, command)(*arguments)


def main():
    workload, threads, variant = sys.argv[1:]
    torch.set_num_threads(int(threads))
    answers = os.fdopen(os.dup(1), "w", buffering=1)  # compilers may write to stdout
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")

    worker = Worker(workload, variant)
    say({"ready": workload, "variant": variant, "torch": torch.__version__, "start_s": time.perf_counter() - BEGIN})
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        try:
            say(worker.answer(*line.split()))
        except Exception as error:  # torch.compile fails in many ways; the reader records it
            say({"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"})


if __name__ == "__main__":
    main()
