"""Tables through the program: what it says of a file, the schema, and rows from a trained model,
judged by the csv module."""

import csv
import json
import random

import pytest

from gan_program import FAILED, USAGE, fails, gan, last_weights

COLUMNS = ["id", "age", "pay", "city", "member", "since"]
CITIES = ["Rome", " Oslo", "Bern"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """600 rows; pay grows with age, and members are older."""
    draw = random.Random(3)
    path = tmp_path_factory.mktemp("people") / "people.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter=";", lineterminator="\n")
        rows.writerow(COLUMNS)
        for number in range(600):
            age = draw.randint(18, 80)
            pay = "?" if draw.random() < 0.1 else f"{age * 40 + draw.random() * 500:.2f}".replace(".", ",")
            rows.writerow([f"P{number:04}", age, pay, draw.choices(CITIES, [6, 3, 1])[0],
                           "yes" if age > 50 else "no", f"20{age % 20:02}-0{1 + age % 9}-11"])
    return path


@pytest.fixture(scope="module")
def run(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "run"
    gan("train", "ctgan", "--data", people, "--out", folder, "--kimg", "3", "--batch", "100",
        "--threads", "1", timeout=200)
    return folder


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_info_tells_columns(people):
    report = json.loads(gan("data", "info", people, "--json").stdout.splitlines()[-1])
    assert report["domain"] == "table" and report["samples"] == 600
    kinds = {column["name"]: column["kind"] for column in report["columns"]}
    assert kinds == {"id": "id", "age": "number", "pay": "number", "city": "category",
                     "member": "boolean", "since": "datetime"}
    assert "city" in gan("data", "info", people).stdout


def test_a_schema_is_written_and_given_back(people, tmp_path):
    path = tmp_path / "schema.json"
    gan("data", "schema", people, "-o", path)
    schema = json.loads(path.read_text())
    assert [column["name"] for column in schema["columns"]] == COLUMNS
    assert schema["delimiter"] == ";" and schema["decimal_comma"]
    schema["columns"][1]["kind"] = "category"
    path.write_text(json.dumps(schema))
    report = json.loads(gan("data", "info", people, "--schema", path, "--json").stdout.splitlines()[-1])
    assert report["columns"][1]["kind"] == "category"


def test_a_broken_table_is_named_by_its_place(tmp_path):
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n1,x\n2\n")
    fails(FAILED, "data", "info", path, says=[f"{path}:3:1", "1 fields"])
    path.write_text("a,b\n")
    fails(FAILED, "data", "info", path, says=[f"{path}:1:1", "no rows"])


def check_rows(rows, count):
    assert len(rows) == count
    for row in rows:
        assert list(row) == COLUMNS
        assert 18 <= int(row["age"]) <= 80
        assert row["pay"] == "?" or len(row["pay"].split(",")[1]) == 2
        assert row["city"] in CITIES and row["member"] in ("yes", "no")
        assert len(row["since"]) == 10 and row["since"].endswith("-11") or row["since"].count("-") == 2


def test_rows_have_the_form_of_the_source(run, tmp_path):
    gan("sample", run, "-n", "500", "--seed", "1", "--out", tmp_path / "a.csv")
    check_rows(rows_of(tmp_path / "a.csv"), 500)
    gan("sample", run, "-n", "500", "--seed", "1", "--out", tmp_path / "b.csv", "--threads", "1")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    gan("sample", run, "-n", "500", "--seed", "2", "--out", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "b.csv").read_bytes()
    assert len({row["id"] for row in rows_of(tmp_path / "a.csv")}) == 500


def test_conditions_are_exact(run, tmp_path):
    gan("sample", run, "-n", "100", "--where", "city in ('Bern', 'Oslo') and age >= 40", "--out",
        tmp_path / "a.csv")
    rows = rows_of(tmp_path / "a.csv")
    check_rows(rows, 100)
    assert all(row["city"] in ("Bern", " Oslo") and int(row["age"]) >= 40 for row in rows)


def test_conditions_that_cannot_be_are_refused(run, tmp_path):
    for where, says in [("city='Roma'", "Rome"), ("age > 80", "18 to 80"), ("town=1", "no column"),
                        ("city=Rome and city=Bern", "no row"), ("age >", "no value")]:
        fails(USAGE, "sample", run, "-n", "5", "--where", where, "--out", tmp_path / "a.csv",
              says=["--where", says])
    assert not list(tmp_path.iterdir())


def test_resume_is_exact(run, people, tmp_path):
    gan("train", "ctgan", "--data", people, "--out", tmp_path / "run", "--kimg", "1.5", "--batch",
        "100", "--threads", "1", timeout=200)
    gan("resume", tmp_path / "run", "--kimg", "3", timeout=200)
    assert last_weights(tmp_path / "run") == last_weights(run)
    other = tmp_path / "other.csv"
    other.write_text("".join(people.read_text().splitlines(keepends=True)[:400]))
    fails(USAGE, "resume", tmp_path / "run", "--data", other, "--kimg", "4", says=["data"])


def test_arrays_and_previews(run, tmp_path):
    gan("sample", run, "--seeds", "0-99", "--out", tmp_path / "a.npz")
    gan("sample", run, "--seeds", "0-99", "--out", tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
    assert (run / "fakes-000003.png").exists() or list(run.glob("fakes-*.png"))
