#!/usr/bin/env python3
"""The package `ctgan` (PyPI) as a worker of bench/compare_tables. Usage: ctgan_package.py CSV THREADS SEED

One command per line on stdin, one line of JSON on stdout:
  encode       mixtures and encoding of all rows, from a frame that is read already; ends a training that is under way
  time N       N epochs of the training that the last encode began
  sample FILE  as many rows as the table has, of the generator as it is, written as CSV
  quit
Its training is one call of fit(); this worker stands where fit() counts epochs, and sleeps there between commands.
"""

import json
import os
import resource
import sys
import time

import ctgan
import numpy
import pandas
import torch
from ctgan.synthesizers import ctgan as module


class Abandoned(Exception):
    """The training ends here."""


class Clock:
    def __init__(self):
        self.wall, self.usage = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)

    def turn(self, steps):
        wall, after, before = time.perf_counter() - self.wall, resource.getrusage(resource.RUSAGE_SELF), self.usage
        return {
            "steps": steps,
            "wall_s": wall,
            "cpu_s": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
            "system_s": after.ru_stime - before.ru_stime,
            "page_faults": after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt,
            "peak_bytes": after.ru_maxrss * 1024,
        }


class Package:
    def __init__(self, path, seed):
        self.frame = pandas.read_csv(path, skipinitialspace=False)
        self.discrete = [name for name in self.frame if self.frame[name].dtype == object]
        self.seed = seed
        self.epochs_left, self.clock, self.asked = 0, None, 1
        module.tqdm = self.epochs

    def epochs(self, counted, **_):
        """Stands for tqdm(range(epochs)): the encoding is over when it is first asked."""
        for epoch in counted:
            if self.epochs_left == 0:
                say(self.clock.turn(self.asked))
                self.wait()
            self.epochs_left -= 1
            yield epoch

    def wait(self):
        while True:
            command, *arguments = sys.stdin.readline().split() or ["quit"]
            if command == "quit":
                sys.exit(0)
            if command == "encode":
                raise Abandoned
            if command == "sample":
                numpy.random.seed(self.seed)
                self.model.sample(len(self.frame)).to_csv(arguments[0], index=False)
                say({})
                continue
            self.epochs_left = self.asked = int(arguments[0])
            self.clock = Clock()
            return

    def run(self):
        try:
            self.wait()
        except Abandoned:
            pass
        while True:
            numpy.random.seed(self.seed)
            torch.manual_seed(self.seed)
            self.model = ctgan.CTGAN(epochs=1_000_000, enable_gpu=False)
            self.epochs_left, self.asked, self.clock = 0, 1, Clock()
            try:
                self.model.fit(self.frame, self.discrete)
            except Abandoned:
                continue


def main():
    path, threads, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    package = Package(path, seed)
    say({"ready": "ctgan", "version": ctgan.__version__, "torch": torch.__version__, "numpy": numpy.__version__})
    package.run()


ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def say(answer):
    ANSWERS.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
