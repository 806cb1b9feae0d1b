"""The arithmetic of bench/compare and bench/check, on made-up times."""

import importlib.util
import os
import sys
import xml.etree.ElementTree
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("GANYMEDE_SOURCE_DIR") or Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "bench"))
import curves  # noqa: E402
import harness  # noqa: E402
import results  # noqa: E402


def turn(ours, theirs, steps=2):
    def side(seconds):
        return {"steps": steps, "wall_s": seconds, "cpu_s": 2 * seconds, "system_s": 0.0, "page_faults": 6, "peak_bytes": 1 << 20}

    return {"ganymede": side(ours), "eager": side(theirs)}


def test_ratio_is_taken_round_by_round():
    # The machine is three times slower in the second round; the ratio does not see it.
    rounds = [turn(1.0, 2.0), turn(3.0, 6.0), turn(1.0, 2.5)]
    found = harness.ratios(rounds, "eager")["wall_s"]
    assert found["median"] == pytest.approx(2.0)
    assert (found["min"], found["max"]) == (pytest.approx(2.0), pytest.approx(2.5))
    assert found["interval"][0] <= found["median"] <= found["interval"][1]


def test_interval_of_equal_values_is_a_point_and_of_many_is_narrow():
    assert harness.interval([1.5] * 7) == [1.5, 1.5]
    low, high = harness.interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert 1.0 <= low < 3.0 < high <= 5.0
    many = harness.interval([1.0, 2.0, 3.0, 4.0, 5.0] * 40)
    assert many[1] - many[0] < high - low


def test_per_step_divides_by_the_steps_of_a_turn():
    figures = harness.per_step([turn(1.0, 2.0)], "eager")
    assert figures["wall_ms"] == pytest.approx(1000.0)
    assert figures["cpu_ms"] == pytest.approx(2000.0)
    assert figures["page_faults"] == 3


def test_unequal_losses_are_refused():
    ours = [{"D/adversarial": 1.4, "only here": 3.0}]
    assert harness.differences(ours, [{"D/adversarial": 1.40001}], [1e-4])[0]["relative"] < 1e-4
    with pytest.raises(harness.Failed, match="not the same work"):
        harness.differences(ours, [{"D/adversarial": 1.41}], [1e-4])
    with pytest.raises(harness.Failed, match="not the same work"):
        harness.differences(ours, [{"D/adversarial": float("nan")}], [1e-4])
    with pytest.raises(harness.Failed, match="no loss in common"):
        harness.differences(ours, [{"G/adversarial": 1.4}], [1e-4])


def report(ratio, low, high):
    return {"ratios": {"eager": {"cpu_s": {"median": ratio, "interval": [low, high]}}}}


@pytest.mark.parametrize("fresh, slower", [((1.9, 1.8, 2.0), False), ((1.7, 1.6, 1.75), True), ((1.7, 1.5, 2.1), False)])
def test_a_regression_is_a_fall_beyond_the_tolerance_that_is_sure(fresh, slower):
    assert harness.regression(report(2.0, 1.9, 2.1), report(*fresh), 0.1)["slower"] is slower


def test_a_worker_that_dies_says_why():
    with pytest.raises(harness.Failed, match="ended with 3: no luck"):
        harness.Worker("short", [sys.executable, "-c", "import sys; sys.stderr.write('no luck\\n'); sys.exit(3)"])


def test_a_worker_answers_and_stops():
    code = "import sys\nprint('{\"ready\": 1}', flush=True)\nfor line in sys.stdin: print('{\"steps\": %d}' % len(line), flush=True)"
    worker = harness.Worker("echo", [sys.executable, "-c", code])
    assert worker.about == {"ready": 1}
    assert worker.ask("time", 12) == {"steps": 8}
    worker.stop()
    assert worker.process.returncode == 0


def test_numbers_are_short():
    assert [results.number(value) for value in (0.01234, 12.345, 1234.5)] == ["0.0123", "12.3", "1,234"]


def test_stages_beside_the_package_are_told_and_tabled():
    rounds = [{"ganymede": turn(1.0, 0.0)["ganymede"], "package": turn(0.0, 4.0)["eager"]} for _ in range(3)]
    stage = {"rounds": rounds, "per_step": {name: harness.per_step(rounds, name) for name in rounds[0]},
             "ratios": {"package": harness.ratios(rounds, "package")}}
    report = {"name": "ctgan_rows", "threads": 1, "rows": 1000, "steps_per_epoch": 2, "stages": {"encode": stage, "epoch": stage}}
    told = results.stages_text(report)
    assert "1,000 rows" in told and told.count("against package: wall 4.00 (4.00 to 4.00)") == 2
    table = results.stages_table([report])
    assert table[-1] == "| ctgan_rows | 1 | epoch | 4.00 (4.00 to 4.00) | 4.00 (4.00 to 4.00) | 1 | 4 |"
    assert results.stages_table([]) == []


def test_when_a_curve_reaches_a_value():
    loader = SourceFileLoader("quality", str(ROOT / "bench/quality"))
    quality = importlib.util.module_from_spec(importlib.util.spec_from_loader("quality", loader))
    loader.exec_module(quality)
    line = [(1, 100.0), (2, 60.0), (3, 40.0)]
    assert quality.when_reached(line, 50) == 2.5
    assert quality.when_reached(line, 100) == 1
    assert quality.when_reached(line, 30) is None


def test_a_chart_holds_every_line(tmp_path):
    curves.write_svg(tmp_path / "a.svg", [("title", "x", "y", {"one": [[(0, 1), (2, 3)], [(1, 1), (2, 2)]], "two": [[(0, 3), (2, 0)]]})])
    root = xml.etree.ElementTree.parse(tmp_path / "a.svg").getroot()
    paths = [path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path") if path.get("fill") == "none"]
    assert len(paths) == 3 and len(set(paths)) == 3
    assert "one" in "".join(root.itertext())
