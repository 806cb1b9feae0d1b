"""A table of a million rows and twenty columns is read, learned and written within 4 GiB."""

import os
import random
import subprocess

import pytest

from gan_program import GAN, environment

ROWS = 1_000_000
GIBIBYTE = 1 << 30


def write_table(path):
    """Numbers that depend on each other, dates, categories of many sizes, ids, a constant; gaps."""
    draw = random.Random(5)
    cities = [f"city {i}" for i in range(200)]
    names = ["id", "age", "pay", "tax", "city", "job", "member", "since", "share", "unit",
             *(f"x{i}" for i in range(5)), *(f"c{i}" for i in range(5))]
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for i in range(ROWS):
            age, job = int(18 + 72 * draw.random() ** 2), int(12 * draw.random())
            pay = max(0.0, age * 700 + draw.gauss(0, 9000))
            file.write(f"P{i:07},{age},{'' if i % 17 == 0 else f'{pay:.2f}'},{0 if pay < 20000 else pay * 0.3:.2f},"
                       f"{cities[int(200 * draw.random() ** 2)]},job {job},{'yes' if pay > 30000 else 'no'},"
                       f"20{10 + i % 16}-{1 + i % 12:02}-{1 + i % 28:02},{draw.random():.4f},kg")
            file.write("".join(f",{draw.gauss(job, 1 + k):.5f}" for k in range(5)))
            file.write("".join(f",{chr(97 + min(25, int(draw.expovariate(0.3 + k / 10))))}" for k in range(5)) + "\n")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("million")
    write_table(folder / "rows.csv")
    return folder / "run", train(folder)


def peak_bytes(*arguments):
    """Runs the program; its largest resident memory."""
    process = subprocess.Popen([GAN, *map(str, arguments)], stdout=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


def train(folder):
    return peak_bytes("train", "ctgan", "--data", folder / "rows.csv", "--out", folder / "run", "--kimg", "20",
                      "--threads", "2", "--quiet")


def test_a_million_rows_are_learned_within_4_gib(run):
    assert run[1] < 4 * GIBIBYTE


def test_a_million_rows_are_written_in_memory_that_does_not_grow(run, tmp_path):
    few = peak_bytes("sample", run[0], "-n", "20000", "--out", tmp_path / "few.csv", "--quiet")
    many = peak_bytes("sample", run[0], "-n", ROWS, "--out", tmp_path / "many.csv", "--quiet")
    assert many < few * 1.25 + (64 << 20)
    with open(tmp_path / "many.csv", encoding="utf-8") as file:
        ids = {line.split(",", 1)[0] for line in file}
    assert len(ids) == ROWS + 1  # the header's too
