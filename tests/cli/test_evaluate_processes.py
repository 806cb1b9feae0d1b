"""gan evaluate in several processes, started as torchrun does: the record of one process."""

import json
import socket

import pytest

from gan_program import DONE, USAGE, fails, gan, json_lines, start, tiny


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points") / "run"
    gan(*tiny(folder))
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images") / "run"
    gan("train", "dcgan", "--data", "digits", "--out", folder, "--set", "gan.base_channels=4",
        "--set", "data.limit=400", "--batch", "50", "--kimg", "0.1", "--threads", "1")
    return folder


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def together(count, cache, *arguments):
    """Starts `count` ranks, which must end well; what each of them printed."""
    shared = {"WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(),
              "XDG_CACHE_HOME": cache}
    ranks = [start("evaluate", *arguments, "--threads", "1", env={**shared, "RANK": rank})
             for rank in range(count)]
    told = [process.communicate(timeout=120) for process in ranks]
    assert [process.returncode for process in ranks] == [DONE] * count, told
    return [out for out, _ in told]


def alone(cache, *arguments):
    return gan("evaluate", *arguments, "--threads", "1", env={"XDG_CACHE_HOME": cache}).stdout


def record_of(text):
    (record,) = [line for line in json_lines(text) if line["event"] == "record"]
    for changing in ("time", "seconds"):
        del record[changing]
    return record


@pytest.mark.parametrize("count", [2, 3])
def test_points_in_several_processes(points, tmp_path, count):
    # 1100 samples are five blocks: shares of different sizes.
    arguments = [points, "-n", "1100", "-m", "fd,prdc,modes", "--json"]
    first, *others = together(count, tmp_path, *arguments)
    assert record_of(first) == record_of(alone(tmp_path, *arguments))
    assert others == [""] * (count - 1)


def test_more_processes_than_blocks(points, tmp_path):
    arguments = [points, "-n", "200", "-m", "fd", "--json"]
    first, _ = together(2, tmp_path, *arguments)
    assert record_of(first) == record_of(alone(tmp_path, *arguments))


def test_images_with_files_that_one_process_writes(images, tmp_path):
    files = {name: tmp_path / name for name in ("a.json", "b.json", "a.html", "a.safetensors")}
    arguments = [images, "-n", "600", "--seeds", "2", "-m", "fd,kid,prdc,memorisation"]
    first, second = together(2, tmp_path / "cache", *arguments, "--out", files["a.json"],
                             "--report", files["a.html"], "--statistics", files["a.safetensors"])
    alone(tmp_path / "other", *arguments, "--out", files["b.json"])
    a, b = (json.loads(files[name].read_text()) for name in ("a.json", "b.json"))
    for record in (a, b):
        del record["time"], record["seconds"]
    assert a == b
    assert "FD[pca:" in first and second == ""
    assert "data:image/png" in files["a.html"].read_text()
    # The statistics that one process wrote serve all of them.
    again, _ = together(2, tmp_path / "cache", *arguments, "--statistics", files["a.safetensors"])
    assert again.splitlines()[0] == first.splitlines()[0] and "FD[pca:" in again


def test_a_rank_that_makes_no_sense(points):
    fails(USAGE, "evaluate", points, env={"WORLD_SIZE": 2, "RANK": 0}, says=["MASTER_ADDR"])
