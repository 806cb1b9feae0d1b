"""Health and metrics of runs through the program: what is written, told, kept and found again."""

import json
import signal

import pytest

from gan_program import (SOURCE, USAGE, checkpoints, fails, gan, json_lines, last_weights, start,
                         stop, tiny, trainer_state, wait_for)

JUDGED = {"train__kimg": "4", "train__checkpoint_kimg": "1", "evaluate__metrics": '["fd"]', "evaluate__interval_kimg": "0",
          "evaluate__samples": "200"}
WATCHED = {"train__health_kimg": "0.05"}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def metrics(run):
    return lines(run / "metrics.jsonl")


def best(run):
    return json.loads((run / "checkpoints/best.json").read_text())


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged") / "run"
    result = gan(*tiny(folder, "--json", train__keep="1", **JUDGED, **WATCHED))
    return folder, json_lines(result.stdout)


def test_metrics_are_written_and_told(judged):
    run, events = judged
    rows = metrics(run)
    assert [row["kimg"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        score = row["record"]["scores"][0]
        assert score["value"] > 0 and score["name"].startswith("FD[")
        assert row["record"]["settings"]["fake_samples"] == 200
    told = [event for event in events if event["event"] == "metrics"]
    assert [event["kimg"] for event in told] == [1, 2, 3, 4]
    name = rows[-1]["record"]["scores"][0]["name"]
    assert told[-1][name] == pytest.approx(rows[-1]["record"]["scores"][0]["value"], rel=1e-4)
    assert int(told[-1]["best"]) == int(best(run)["checkpoint"])


def test_the_best_checkpoint_is_kept_and_sampled(judged, tmp_path):
    run, _ = judged
    rows = metrics(run)
    lowest = min(rows, key=lambda row: row["record"]["scores"][0]["value"])
    assert best(run)["checkpoint"] == lowest["checkpoint"]
    assert (run / "checkpoints" / lowest["checkpoint"]).is_dir()
    for name in ("best", "last"):
        told = json_lines(gan("sample", run, "--checkpoint", name, "--seeds", "0-3", "--json",
                              "--out", tmp_path / f"{name}.csv").stdout)[-1]
        expected = lowest["checkpoint"] if name == "best" else checkpoints(run)[-1].name
        assert told["model"].endswith(expected)
    gan("sample", run / "checkpoints/best", "--seeds", "0-3", "--out", tmp_path / "path.csv")
    assert (tmp_path / "path.csv").read_bytes() == (tmp_path / "best.csv").read_bytes()
    fails(USAGE, "sample", run, "--checkpoint", "77", "--out", tmp_path / "x.csv",
          says=["no checkpoint", "best", "last"])


def test_neither_health_nor_metrics_change_the_weights(judged, tmp_path):
    run, _ = judged
    gan(*tiny(tmp_path / "bare", train__kimg="4", train__checkpoint_kimg="1",
              train__health_kimg="0", evaluate__metrics="[]"))
    assert last_weights(tmp_path / "bare") == last_weights(run)
    assert not (tmp_path / "bare/metrics.jsonl").exists()
    assert "health" not in lines(tmp_path / "bare/stats.jsonl")[-1]


def test_health_is_in_every_line_after_the_warm_up(judged):
    run, _ = judged
    rows = lines(run / "stats.jsonl")
    assert all("health" not in row for row in rows[:4])
    assert all(row["health"] in range(7) for row in rows[4:])
    assert all("health/spread" in row for row in rows)


def test_a_kill_keeps_the_best(tmp_path):
    folder = tmp_path / "run"
    process = start(*tiny(folder, **dict(JUDGED, **WATCHED, train__kimg="500", train__keep="2")))
    wait_for(lambda: (folder / "metrics.jsonl").exists() and len(metrics_so_far(folder)) >= 3)
    assert stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    steps = trainer_state(checkpoints(folder)[-1])["steps"]
    before = [row for row in metrics_so_far(folder) if row["step"] <= steps]
    gan("resume", folder, "--kimg", steps * 0.05 + 2)
    after = metrics(folder)
    assert after[:len(before)] == before
    assert len({row["step"] for row in after}) == len(after)
    named = best(folder)
    assert (folder / "checkpoints" / named["checkpoint"]).is_dir()
    there = [row for row in after if (folder / "checkpoints" / row["checkpoint"]).is_dir()]
    assert named["value"] == min(row["record"]["scores"][0]["value"] for row in there)


def metrics_so_far(folder):
    rows = []
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            pass
    return rows


def test_trouble_is_told_once_with_advice(tmp_path):
    run = tmp_path / "run"
    result = gan(*tiny(run, "--json", optimizer__learning_rate="1e-12", evaluate__metrics="[]",
                       **WATCHED))
    told = [event for event in json_lines(result.stdout) if event["event"] == "health"]
    assert [event["word"] for event in told] == ["stalled"]
    assert told[0]["advice"] and "weights changed" in told[0]["numbers"]
    assert lines(run / "stats.jsonl")[-1]["health"] == 6
    assert "health: stalled" in (run / "log.txt").read_text()
    # A resumed run knows; it does not tell again.
    again = gan("resume", run, "--kimg", "1.5", "--json")
    assert not [event for event in json_lines(again.stdout) if event["event"] == "health"]


def test_every_word_has_its_section_in_the_docs():
    page = (SOURCE / "docs/health.md").read_text()
    for word in ("ok", "D too strong", "D too weak", "modes lost", "exploding", "overfitting D",
                 "stalled"):
        assert f"\n## {word}\n" in page, word


def test_unknown_metrics_are_refused(tmp_path):
    fails(USAGE, *tiny(tmp_path / "run", evaluate__metrics='["fdd"]'), says=["fdd", "fd"])
    assert not (tmp_path / "run").exists()
