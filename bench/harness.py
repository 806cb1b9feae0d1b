"""Two or more workers timed in turns, and what their times say."""

import json
import os
import random
import selectors
import statistics
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
REPOSITORY = BENCH.parent
RESULTS = BENCH / "results"
TUNED_MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_TOP_PAD_": str(64 << 20)}
SHORT_SPIN = {"GOMP_SPINCOUNT": "1000"}
PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE"}  # for processes that run beside each other


class Failed(Exception):
    """A worker that could not do what it was asked."""


def program(name, variable):
    """The path of a program of the build, or the one that the environment names."""
    path = Path(os.environ.get(variable) or REPOSITORY / "build/release/bin" / name)
    if not path.exists():
        sys.exit(f"{path} is missing: ./bootstrap build, or set {variable}")
    return path


class Worker:
    """A long-lived process that runs a workload on command and sleeps in read() otherwise."""

    def __init__(self, name, command, environment=None, patience_s=600):
        self.name, self.patience_s = name, patience_s
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        os.set_blocking(self.process.stderr.fileno(), False)
        self.about = self.read()

    def read(self):
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                if not waiting.select(self.patience_s):
                    self.stop()
                    raise Failed(f"{self.name}: no answer within {self.patience_s} s")
                line = self.process.stdout.readline()
                break
        if not line:
            self.process.wait()
            errors = (self.process.stderr.read() or b"").decode(errors="replace").strip().splitlines()
            raise Failed(f"{self.name}: ended with {self.process.returncode}: {errors[-1] if errors else 'no message'}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self.name}: {answer['error']}")
        self.process.stderr.read()  # so that its pipe never fills
        return answer

    def ask(self, *words):
        self.process.stdin.write((" ".join(str(word) for word in words) + "\n").encode())
        self.process.stdin.flush()
        return self.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def interval(values, share=0.95, resamples=4000):
    """Percentile bootstrap of the median (Efron 1979), with a fixed seed so that a file says the same again."""
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(resamples))
    tail = (1 - share) / 2
    return [medians[int(tail * resamples)], medians[int((1 - tail) * resamples) - 1]]


def spread(values):
    return {"median": statistics.median(values), "interval": interval(values), "min": min(values), "max": max(values)}


def ratios(rounds, side, base="ganymede"):
    """How many times longer `side` takes than `base`, round by round."""
    return {
        kind: spread([turn[side][kind] / turn[side]["steps"] / (turn[base][kind] / turn[base]["steps"]) for turn in rounds])
        for kind in ("wall_s", "cpu_s")
    }


def per_step(rounds, side):
    """Medians of one side, per step."""
    def median(kind):
        return statistics.median(turn[side][kind] / turn[side]["steps"] for turn in rounds)

    return {"wall_ms": 1000 * median("wall_s"), "cpu_ms": 1000 * median("cpu_s"), "system_ms": 1000 * median("system_s"),
            "page_faults": median("page_faults"), "peak_bytes": max(turn[side]["peak_bytes"] for turn in rounds)}


def differences(ours, theirs, tolerance):
    """Losses that both sides name: the largest difference, relative to the larger of |ours| and 0.1. Raises Failed beyond
    the tolerance of that step, and when no loss is common."""
    report = []
    for step, (mine, other) in enumerate(zip(ours, theirs)):
        for name in sorted(set(mine) & set(other)):
            relative = abs(mine[name] - other[name]) / max(abs(mine[name]), 0.1)
            report.append({"step": step, "loss": name, "ganymede": mine[name], "python": other[name], "relative": relative})
            if not relative <= tolerance[step]:
                raise Failed(f"step {step}: {name} is {mine[name]:.7g} here and {other[name]:.7g} in Python: not the same work")
    if not report:
        raise Failed("the two sides have no loss in common")
    return report


def kind_of_machine(about=None):
    """What comparisons hang on most: the widest vectors, and the maker and family of the CPU (avx512-amd26)."""
    about = about or machine()
    vectors = about.get("vectors", [])
    widest = "avx512" if "avx512f" in vectors else "avx2" if "avx2" in vectors else "other"
    return f"{widest}-{about['maker']}{about['family']}" if "family" in about else widest


def results_path(name):
    """Where a comparison on this kind of machine is recorded."""
    return RESULTS / kind_of_machine() / f"{name}.json"


def recorded_stages():
    """The files of bench/results that bench/compare_tables wrote."""
    return [path for path in sorted(RESULTS.glob("*/*.json")) if "stages" in json.loads(path.read_text())]


def recorded_comparisons():
    """The files of bench/results that bench/compare wrote."""
    return [path for path in sorted(RESULTS.glob("*/*.json")) if "ratios" in json.loads(path.read_text())]


def regression(recorded, fresh, tolerance):
    """Whether the ratio of CPU times fell by more than `tolerance`, and surely so: its whole interval is lower."""
    before = recorded["ratios"]["eager"]["cpu_s"]["median"]
    now = fresh["ratios"]["eager"]["cpu_s"]
    least = before * (1 - tolerance)
    return {"recorded": before, "fresh": now["median"], "interval": now["interval"],
            "slower": now["median"] < least and now["interval"][1] < before}


def commit():
    found = subprocess.run(["git", "-C", REPOSITORY, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return found.stdout.strip()


def machine():
    """What the figures were measured on."""
    about = {"cpus": os.cpu_count(), "usable_cpus": len(os.sched_getaffinity(0)), "load_before": os.getloadavg()[0]}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            about["cpu"] = line.split(":", 1)[1].strip()
        if line.startswith("vendor_id"):
            about["maker"] = {"AuthenticAMD": "amd", "GenuineIntel": "intel"}.get(line.split(":", 1)[1].strip(), "cpu")
        if line.startswith("cpu family"):
            about["family"] = int(line.split(":", 1)[1])
        if line.startswith("flags"):
            about["vectors"] = [flag for flag in ("avx2", "avx512f", "amx_tile") if flag in line.split()]
    about["memory_bytes"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    about["kernel"] = os.uname().release
    return about
