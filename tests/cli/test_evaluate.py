"""gan evaluate and gan compare: good input, refusals that say why, records and reports."""

import json

import numpy
import pytest

from gan_program import FAILED, USAGE, fails, gan, json_lines, tiny


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points") / "run"
    gan(*tiny(folder, train__kimg=3, train__checkpoint_kimg=1, train__keep=0))
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "run"
    gan("train", "dcgan", "--data", "digits", "--out", folder, "--set", "gan.base_channels=4",
        "--set", "data.limit=400", "--batch", "50", "--kimg", "0.2", "--threads", "1")
    return folder


def evaluate(*arguments):
    """Scores by name, and the whole record."""
    lines = json_lines(gan("evaluate", *arguments, "--json", "--threads", "1").stdout)
    record = [line for line in lines if line["event"] == "record"][-1]
    return {score["name"]: score for score in record["scores"]}, record


def write_normal(path, count, shift=0.0, seed=0):
    values = numpy.random.default_rng(seed).normal(shift, 1, (count, 2))
    numpy.savetxt(path, values, delimiter=",", header="x,y", comments="")
    return path


def test_a_run_is_judged_by_its_own_test_split(points):
    result = gan("evaluate", points, "-n", "200", "--threads", "1")
    assert "the test split of ring8" in result.stdout
    assert "of 8" in result.stdout and "FD[identity:" in result.stdout
    assert "FID" not in result.stdout


def test_the_record_says_how_figures_were_made(points):
    scores, record = evaluate(points, "-n", "200")
    settings = record["settings"]
    assert settings["seeds"] == [0, 200, 400]
    assert settings["real_samples"] == settings["fake_samples"] == 200
    assert settings["split"] == "test" and settings["data"] == "ring8"
    assert len(settings["net_sha256"]) == 64
    assert record["kimg"] == pytest.approx(3) and "checkpoints/" in record["checkpoint"]
    for score in scores.values():
        assert score["value"] == pytest.approx(numpy.mean(score["repeats"]))
        assert score["sd"] == pytest.approx(numpy.std(score["repeats"], ddof=1))
        assert score["floor"] is not None


def test_metrics_of_values_need_no_other_that_reads_pictures(digits):
    for name in ["parzen", "support"]:
        scores, _ = evaluate(digits, "-n", "200", "--metrics", name, "--seeds", "1")
        assert all(numpy.isfinite(score["value"]) for score in scores.values()), name


def test_the_same_figures_again(points):
    first, second = (evaluate(points, "-n", "200")[0] for _ in range(2))
    assert first == second


def test_the_frechet_distance_is_that_of_numpy(tmp_path):
    """In the plane tr((A B)^1/2) has a closed form: sqrt(tr(A B) + 2 sqrt(det(A B)))."""
    fake = write_normal(tmp_path / "a.csv", 400, 1.0, 1)
    real = write_normal(tmp_path / "b.csv", 400, 0.0, 2)
    scores, record = evaluate(fake, "--data", real, "-n", "400", "-m", "fd", "--no-floor")
    a, b = (numpy.loadtxt(path, delimiter=",", skiprows=1).astype(numpy.float32).astype(float)
            for path in (fake, real))
    s, t = numpy.cov(a.T), numpy.cov(b.T)
    root = numpy.sqrt(numpy.trace(s @ t) + 2 * numpy.sqrt(numpy.linalg.det(s @ t)))
    shift = a.mean(0) - b.mean(0)
    expected = shift @ shift + numpy.trace(s) + numpy.trace(t) - 2 * root
    (score,) = scores.values()
    assert score["value"] == pytest.approx(expected, rel=1e-6)
    assert record["settings"]["seeds"] == [0]


def test_checkpoints_side_by_side(points, tmp_path):
    out, report = tmp_path / "all.json", tmp_path / "all.html"
    table = gan("evaluate", points, "--checkpoint", "all", "-n", "100", "-m", "fd", "--out", out,
                "--report", report, "--threads", "1").stdout
    records = json.loads(out.read_text())["records"]
    assert [record["kimg"] for record in records] == pytest.approx([1, 2, 3])
    assert "1 kimg" in table
    assert "Over training" in report.read_text()
    single = json_lines(gan("evaluate", points, "--checkpoint", "2", "-n", "100", "-m", "fd",
                            "--json", "--threads", "1").stdout)[-1]
    assert single["scores"] == records[1]["scores"]
    for wrong in ("77", "two"):
        fails(USAGE, "evaluate", points, "--checkpoint", wrong, says=["--checkpoint", "all"])


def test_images_with_a_report(digits, tmp_path):
    report = tmp_path / "r.html"
    scores, record = evaluate(digits, "-n", "300", "--seeds", "2", "--report", report)
    names = " ".join(scores)
    for part in ("FD[pca:", "KID[pca:", "precision", "recall", "density", "coverage", "copies"):
        assert part in names
    assert record["settings"]["quantisation"] == "8 bits"
    assert record["settings"]["training_samples"] == 400
    html = report.read_text()
    assert html.count("data:image/png;base64,") == 3
    assert "http" not in html and "<script" not in html


def test_reals_are_better_than_an_untrained_model(digits, tmp_path):
    gan("sample", digits, "--seeds", "0-299", "--out", tmp_path / "fakes.npz")
    images = numpy.load(tmp_path / "fakes.npz")["images"]
    assert images.shape[0] == 300
    fake, _ = evaluate(tmp_path / "fakes.npz", "--data", "digits", "--split", "test", "-n", "300",
                       "-m", "kid")
    real, _ = evaluate("digits", "--data", "digits", "--split", "test", "-n", "300", "-m", "kid")
    (fake_kid,), (real_kid,) = fake.values(), real.values()
    assert fake_kid["value"] > real_kid["value"] + 10 * real_kid["sd"]


def test_compare_marks_the_better_one(tmp_path):
    near = write_normal(tmp_path / "near.csv", 500, 0.1, 1)
    far = write_normal(tmp_path / "far.csv", 400, 2.0, 2)
    real = write_normal(tmp_path / "real.csv", 1000, 0.0, 3)
    result = gan("compare", far, near, "--data", real, "-m", "fd", "--threads", "1")
    row = next(line for line in result.stdout.splitlines() if line.startswith("FD["))
    cells = row.split()
    assert cells[3] == "*" and float(cells[2]) < float(cells[1])
    assert "400 real" in result.stdout  # equal numbers: those of the smaller set


def test_compare_refuses_records_that_differ(points, tmp_path):
    for name, more in {"a": ["-n", "100"], "b": ["-n", "100"], "c": ["-n", "150"]}.items():
        gan("evaluate", points, *more, "-m", "fd", "--out", tmp_path / f"{name}.json",
            "--threads", "1")
    assert "FD[" in gan("compare", tmp_path / "a.json", tmp_path / "b.json").stdout
    fails(USAGE, "compare", tmp_path / "a.json", tmp_path / "c.json",
          says=["c.json", "samples: 150, but 100"])
    fails(USAGE, "compare", tmp_path / "a.json", says=["two or more"])
    (tmp_path / "no.json").write_text("{}")
    fails(FAILED, "compare", tmp_path / "a.json", tmp_path / "no.json", says=["no record"])


def test_refusals(points, digits, tmp_path):
    csv = write_normal(tmp_path / "p.csv", 50)
    fails(USAGE, "evaluate", csv, says=["--data", "nothing to compare"])
    fails(USAGE, "evaluate", csv, "--data", csv, says=["very samples", "fingerprint"])
    fails(USAGE, "evaluate", csv, "--data", "digits", says=["one shape on both sides"])
    fails(USAGE, "evaluate", points, "-n", "2", "-m", "fd", says=["--allow-small", "-n 1000"])
    fails(USAGE, "evaluate", points, "-m", "fid", says=["--metrics", "fd"])
    fails(USAGE, "evaluate", points, "-n", "0", says=["-n", "2 or more"])
    fails(USAGE, "evaluate", points, "--seed", "-1", says=["--seed"])
    fails(USAGE, "evaluate", digits, "-m", "is", says=["classifier"])
    fails(FAILED, "evaluate", tmp_path / "nothing", "--data", "digits", says=["nothing"])
    csv.write_text("x,y\n1,2\n3,oops\n")
    fails(FAILED, "evaluate", csv, "--data", "ring8", says=["p.csv:3:3", "oops"])


def test_statistics_of_another_set_are_refused(points, tmp_path):
    file = tmp_path / "s.safetensors"
    first, _ = evaluate(points, "-n", "100", "-m", "fd", "--statistics", file)
    again, _ = evaluate(points, "-n", "100", "-m", "fd", "--statistics", file)
    assert first == again
    fails(FAILED, "evaluate", points, "--data", "grid25", "-n", "100", "-m", "fd", "--statistics",
          file, says=["s.safetensors"])


def test_points_from_a_text_file_can_be_learned(tmp_path):
    csv = write_normal(tmp_path / "cloud.csv", 200)
    run = tmp_path / "run"
    gan("train", "gan2014", "--data", csv, "--out", run, "--batch", "50", "--kimg", "0.2",
        "--threads", "1")
    result = gan("evaluate", run, "-n", "100", "--threads", "1")
    assert "has no test split" in result.stdout and "learned from" in result.stdout
