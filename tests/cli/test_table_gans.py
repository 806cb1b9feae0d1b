"""Tables through the program: ctgan from CSV to a judged CSV, gaps filled by gain."""

import csv
import random

import pytest

from gan_program import USAGE, fails, gan, json_lines

TINY = ["--set", "gan.generator_units=[16,16]", "--set", "gan.critic_units=[16,16]", "--batch", "40",
        "--kimg", "2", "--threads", "1"]


def people(count, seed):
    r = random.Random(seed)
    for i in range(count):
        age = r.randint(18, 70)
        pay = round(200 * age + r.gauss(0, 900), 2)
        yield {"age": age, "pay": f"{pay:.2f}", "town": r.choice(["Ulm", "Bonn", "Jena, east"]),
               "old": "yes" if age + r.gauss(0, 4) > 45 else "no"}


def write(path, rows, gaps=0.0, seed=0):
    r = random.Random(seed)
    rows = list(rows)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        out.writeheader()
        for row in rows:
            out.writerow({k: "" if r.random() < gaps else v for k, v in row.items()})
    return path


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write(folder / "train.csv", people(600, 1))
    write(folder / "test.csv", people(500, 2))
    write(folder / "other.csv", people(500, 3))
    write(folder / "gaps.csv", people(400, 4), gaps=0.15)
    return folder


def scores(*arguments):
    lines = json_lines(gan("evaluate", *arguments, "--json", "--threads", "1").stdout)
    record = [line for line in lines if line["event"] == "record"][-1]
    return {score["name"]: score for score in record["scores"]}


def test_other_real_rows_are_hard_to_tell_and_copies_are_found(files):
    judged = scores(files / "other.csv", "--data", files / "train.csv", "--holdout",
                    files / "test.csv", "-n", "500")
    assert judged["quality"]["value"] > 0.9
    assert abs(judged["detection AUC"]["value"] - 0.5) < 0.1
    assert judged["trained on synthetic: AUC"]["value"] > 0.9
    assert judged["trained on synthetic: AUC"]["floor"] > 0.9
    assert judged["new rows"]["value"] > 0.7
    assert abs(judged["membership attack AUC"]["value"] - 0.5) < 0.08
    copies = write(files / "copies.csv", list(people(600, 1))[:450])
    judged = scores(copies, "--data", files / "train.csv", "--holdout", files / "test.csv",
                    "-n", "450")
    assert judged["new rows"]["value"] == 0
    assert judged["closest record"]["value"] == 0
    assert judged["membership attack AUC"]["value"] > 0.75


def test_a_run_of_ctgan_is_judged_with_a_report(files):
    run = files / "run"
    gan("train", "ctgan", "--data", files / "train.csv", "--out", run, *TINY)
    judged = scores(run, "--data", files / "test.csv", "-n", "200", "--seeds", "1", "--report",
                    files / "report.html")
    assert 0 < judged["quality"]["value"] <= 1
    assert "membership attack AUC" in judged  # the run knows its training rows
    page = (files / "report.html").read_text()
    assert "column shapes" in page and "data:image/png;base64" in page


def test_metrics_of_other_domains_are_refused(files):
    fails(USAGE, "evaluate", files / "other.csv", "--data", files / "train.csv", "--metrics", "swd",
          says=["image"])
    fails(USAGE, "evaluate", files / "other.csv", "--data", files / "train.csv", "--target", "olde",
          says=["old"])


def test_gaps_are_filled_and_nothing_else_changes(files):
    gan("impute", files / "gaps.csv", "-o", files / "filled.csv", "--runs", files / "runs",
        "--kimg", "6", "--threads", "1")
    before, after = read(files / "gaps.csv"), read(files / "filled.csv")
    assert len(before) == len(after)
    for a, b in zip(before, after):
        for name, value in a.items():
            assert b[name] == value if value else b[name]
    assert {row["town"] for row in after} == {"Ulm", "Bonn", "Jena, east"}
    assert all(18 <= int(row["age"]) <= 70 for row in after)
    assert all(len(row["pay"].split(".")[1]) == 2 for row in after)
    run = next((files / "runs").iterdir())
    gan("impute", files / "gaps.csv", "-o", files / "more.csv", "--model", run, "-m", "2",
        "--threads", "1")
    assert (files / "more-1.csv").read_bytes() == (files / "filled.csv").read_bytes()
    assert len(read(files / "more-2.csv")) == len(before)


def test_models_that_complete_nothing_say_so(files):
    run = files / "run_nothing"
    gan("train", "ctgan", "--data", files / "train.csv", "--out", run, *TINY)
    fails(USAGE, "impute", files / "gaps.csv", "-o", files / "x.csv", "--model", run,
          says=["completes nothing"])
