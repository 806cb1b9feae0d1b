"""Every command with good and bad input: exit codes and what is said."""

import gzip
import json
import struct

import numpy
import pytest
from PIL import Image

from gan_program import FAILED, SOURCE, USAGE, fails, gan, json_lines, tiny

COMMANDS = ["train", "resume", "sample", "interpolate", "info", "list", "data",
            "features", "theory", "schema", "doctor"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands") / "run"
    gan(*tiny(folder))
    return folder


def picture(path, size=(20, 24), value=90):
    Image.fromarray(numpy.full((size[1], size[0], 3), value, numpy.uint8)).save(path)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(12):
        picture(folder / f"{i:02}.png", value=20 * i)
    return folder


def truncate(path):
    path.write_bytes(path.read_bytes()[:-30])


def test_help_names_every_command():
    text = gan("--help").stdout
    for command in COMMANDS:
        assert command in text
        assert gan(command, "--help").stdout


def test_version():
    assert gan("--version").stdout.startswith("gan ")


def test_no_command_is_a_usage_error():
    fails(USAGE, says=["gan --help"])


@pytest.mark.parametrize("typed, meant", [("trian", "train"), ("smaple", "sample"), ("lst", "list")])
def test_a_mistyped_command_is_suggested(typed, meant):
    fails(USAGE, typed, says=[typed, f"did you mean {meant}?"])


@pytest.mark.parametrize("arguments, meant", [
    (["train", "dcgan", "--sead", "3"], "--seed"),
    (["sample", "x", "--outt", "x.png"], "--out"),
    (["data", "info", "x", "--strit"], "--strict"),
])
def test_a_mistyped_option_is_suggested(arguments, meant):
    fails(USAGE, *arguments, says=[f"did you mean {meant}?"])


def test_a_missing_argument_is_named():
    fails(USAGE, "train", says=["what"])
    fails(USAGE, "sample", "somewhere", says=["--out"])


def test_an_option_that_is_no_number():
    fails(USAGE, "train", "dcgan", "--seed", "five", says=["--seed", "five"])


def test_list_shows_gans_data_and_recipes():
    text = gan("list").stdout
    listed = json.loads(gan("list", "--json").stdout)
    names = [entry["name"] for entry in listed["gans"]]
    files = [path.stem for path in (SOURCE / "ganymede/gans").glob("*.cpp")
             if f"register_{path.stem}(" in path.read_text()]
    assert sorted(entry["name"] for entry in listed["gans"]
                  if entry["gan"] == entry["name"]) == sorted(files)
    folders = {recipe.split("/")[0] for recipe in listed["recipes"]}
    assert sorted(names) == sorted(folders), "a recipe folder is a gan or a system by recipe"
    for word in names + [entry["name"] for entry in listed["data"]] + listed["recipes"]:
        assert word in text
    assert all(entry["paper"] and entry["task"] and entry["sizes"] for entry in listed["gans"])


@pytest.mark.parametrize("name", ["gan2014", "dcgan", "wgan_gp", "lsgan"])
def test_schema(name):
    text = gan("schema", name).stdout
    schema = json.loads(gan("schema", name, "--json").stdout)
    for key in ("kimg", "batch", "checkpoint_kimg"):
        assert key in text
        assert key in schema["properties"]["train"]["properties"]
    assert "latent_dim" in schema["properties"]["gan"]["properties"]
    assert "seed" in schema["properties"]


def test_schema_of_an_unknown_gan():
    fails(USAGE, "schema", "dcgn", says=["dcgn", "did you mean dcgan?", "gan2014"])


def test_doctor():
    facts = json.loads(gan("doctor", "--json").stdout)
    names = " ".join(fact["name"] for fact in facts).lower()
    for word in ("threads", "memory", "disk"):
        assert word in names
    assert all(fact["value"] for fact in facts)
    assert gan("doctor").stdout


def test_doctor_times_convolutions(tmp_path):
    told = json.loads(gan("doctor", "--bench", "--threads", "1", "--json",
                          env={"XDG_CACHE_HOME": tmp_path}).stdout)
    assert told["kept"].startswith(str(tmp_path))
    assert told["peak_gflops"] > 0
    for entry in told["convolutions"]:
        assert entry["chosen"] in entry["ms"] and entry["gflops"] > 0
        assert {"torch", "torch_nhwc"} <= set(entry["ms"])
    assert {entry["part"] for entry in told["convolutions"]} == {"forward", "data gradient", "weight gradient"}


def test_info_of_a_run(run):
    assert "checkpoint" in gan("info", run).stdout
    told = json.loads(gan("info", run, "--json").stdout)
    assert told["last"]["kimg"] == 1.0
    assert told["checkpoints"][-1].endswith("000001")


def test_info_of_a_checkpoint_model_and_file(run):
    for folder in (run / "checkpoints/000001", run / "model"):
        told = json.loads(gan("info", folder, "--json").stdout)
        assert told["state"]["gan"] == "gan2014"
        assert "generator" in told["files"]
        assert "generator.safetensors" in gan("info", folder).stdout
    file = run / "model/generator.safetensors"
    tensors = {tensor["name"]: tensor for tensor in json.loads(gan("info", file, "--json").stdout)}
    assert tensors["0.weight"]["shape"] == [16, 16]
    assert "0.weight" in gan("info", file).stdout


def test_info_of_what_it_does_not_know(tmp_path):
    fails(USAGE, "info", tmp_path / "nothing", says=["no such file or folder", "gan data info"])
    (tmp_path / "notes.txt").write_text("hello")
    fails(USAGE, "info", tmp_path / "notes.txt", says=["neither a run"])
    (tmp_path / "x.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{broken}")
    result = gan("info", tmp_path / "x.safetensors", expect=FAILED)
    assert "x.safetensors" in result.stderr


def test_info_last_without_a_run(tmp_path):
    fails(USAGE, "info", "last", "--runs", tmp_path / "runs", says=["no numbered run"])
    fails(USAGE, "resume", "--runs", tmp_path / "runs", says=["no numbered run"])


# --- data


def test_data_info_of_builtin_sets():
    for name in ("digits", "ring8"):
        assert name in gan("data", "info", name).stdout
    told = json_lines(gan("data", "info", "digits", "--json").stdout)[-1]
    assert told["samples"] == 60000 and len(told["labels"]) == 10


def test_data_info_of_a_folder(pictures, tmp_path):
    text = gan("data", "info", pictures, "--sheet", tmp_path / "sheet.png").stdout
    assert "12" in text
    assert Image.open(tmp_path / "sheet.png").size[0] > 20


def test_data_info_of_a_wrong_path(tmp_path):
    fails(FAILED, "data", "info", tmp_path / "nowhere", says=["nowhere"])


def test_data_info_of_an_empty_folder(tmp_path):
    result = fails(FAILED, "data", "info", tmp_path, says=[tmp_path])
    assert "PNG" in result.stderr or "png" in result.stderr


def test_a_mistyped_builtin_set_is_suggested():
    fails(FAILED, "data", "info", "digts", says=["digts", "digits"])


def test_a_truncated_picture_is_named_and_skipped(pictures):
    truncate(pictures / "03.png")
    told = json_lines(gan("data", "info", pictures, "--json").stdout)[-1]
    assert told["samples"] == 11
    assert [entry["path"].endswith("03.png") for entry in told["broken"]] == [True]
    assert "03.png" in gan("data", "info", pictures).stdout


def test_strict_stops_at_a_truncated_picture(pictures):
    truncate(pictures / "03.png")
    fails(FAILED, "data", "info", pictures, "--strict", says=["03.png"])


def test_a_folder_of_broken_pictures_only(pictures, tmp_path):
    for path in pictures.iterdir():
        path.write_bytes(b"no picture")
    told = json_lines(gan("data", "info", pictures, "--json").stdout)[-1]
    assert told["samples"] == 0 and len(told["broken"]) == 12 and not told["trainable"]
    fails(FAILED, "train", "dcgan", "--data", pictures, "--out", tmp_path / "r", says=[pictures])


def test_data_convert(pictures, tmp_path):
    destination = tmp_path / "set.zip"
    gan("data", "convert", pictures, destination, "--size", "16")
    assert "12" in gan("data", "info", destination).stdout
    assert "16" in gan("data", "info", destination).stdout
    fails(USAGE, "data", "convert", pictures, destination, says=["set.zip"])


def test_data_info_of_a_truncated_idx(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(struct.pack(">IIII", 0x803, 10, 28, 28) + b"\0" * 100))
    fails(FAILED, "data", "info", path, says=["idx3"])


# --- train: what it refuses


def test_an_unknown_gan_is_suggested(tmp_path):
    fails(USAGE, "train", "dcgn", "--data", "digits", "--out", tmp_path / "r",
          says=["dcgn", "did you mean dcgan?"])
    assert not (tmp_path / "r").exists()


def test_train_without_data(tmp_path):
    fails(USAGE, "train", "dcgan", "--out", tmp_path / "r", says=["data.path", "--data"])


def test_train_on_a_wrong_path(tmp_path):
    fails(FAILED, "train", "dcgan", "--data", tmp_path / "nowhere", "--out", tmp_path / "r",
          says=["nowhere"])


def test_train_on_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    fails(FAILED, "train", "dcgan", "--data", tmp_path / "empty", "--out", tmp_path / "r",
          says=["empty"])


def test_an_unknown_key_of_set_is_suggested(tmp_path):
    fails(USAGE, *tiny(tmp_path / "r", "--set", "train.bacth=5"),
          says=["--set train.bacth=5", "try: train.batch (default"])


def test_an_unknown_key_of_a_recipe_has_its_position(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text('[gan]\nname = "gan2014"\n\n[train]\nbatch = 50\n  kmig = 3\n')
    fails(USAGE, "train", recipe, "--data", "ring8", "--out", tmp_path / "r",
          says=["mine.toml:6:3", "kmig", "try: train.kimg (default"])


def test_a_value_of_the_wrong_type_has_its_position(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text('[gan]\nname = "gan2014"\n\n[train]\nbatch = "many"\n')
    fails(USAGE, "train", recipe, "--data", "ring8", "--out", tmp_path / "r",
          says=["mine.toml:5:", "train.batch", "many"])


def test_toml_that_does_not_parse_has_its_position(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text("[gan\nname = 3\n")
    fails(USAGE, "train", recipe, "--out", tmp_path / "r", says=["mine.toml:1:"])


@pytest.mark.parametrize("option, value", [("--kimg", "-5"), ("--kimg", "0"), ("--batch", "0"),
                                           ("--batch", "-3"), ("--seed", "-1"),
                                           ("--threads", "-2")])
def test_numbers_out_of_range_are_refused(tmp_path, option, value):
    fails(USAGE, "train", "gan2014", "--data", "ring8", "--out", tmp_path / "r",
          f"{option}={value}", says=[option])


def test_impossible_sizes(tmp_path, pictures):
    fails(USAGE, "train", "dcgan", "--data", pictures, "--out", tmp_path / "r",
          "--set", "data.size_px=30", says=["30", "28, 32, 64"])
    fails(USAGE, "train", "dcgan", "--data", "ring8", "--out", tmp_path / "r", says=["points"])
    fails(USAGE, *tiny(tmp_path / "r", train__accumulate=3), says=["train.accumulate", "50"])


def test_a_device_that_is_not_here(tmp_path):
    fails(USAGE, *tiny(tmp_path / "r", "--device", "tpu"), says=["tpu"])


def test_out_that_holds_a_run_already(run):
    fails(USAGE, *tiny(run), says=["already holds a run", "gan resume"])


def test_out_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    fails(FAILED, *tiny(tmp_path / "file" / "run"), says=["file"])


def test_truncated_picture_in_training_data(pictures, tmp_path):
    truncate(pictures / "05.png")
    options = ["train", "dcgan", "--data", pictures, "--set", "data.size_px=8", "--set",
               "gan.base_channels=4", "--batch", "4", "--kimg", "0.02", "--threads", "1"]
    result = gan(*options, "--out", tmp_path / "run")
    log = (tmp_path / "run/log.txt").read_text()
    assert "05.png" in result.stderr + log
    fails(FAILED, *options, "--out", tmp_path / "strict", "--set", "data.strict=true",
          says=["05.png"])


def test_resume_of_what_is_no_run(tmp_path):
    fails(USAGE, "resume", tmp_path, says=["no recipe.toml"])


def test_errors_are_on_stderr_and_stdout_stays_clean(tmp_path):
    assert fails(USAGE, "info", tmp_path / "nothing", "--json").stdout == ""


# --- theory


def test_theory_lists_its_experiments():
    names = [entry["name"] for entry in json.loads(gan("theory", "--json").stdout)]
    assert {"optimal-d", "equilibrium", "js", "xy", "algorithm1"} <= set(names)
    text = gan("theory").stdout
    assert all(name in text for name in names)
    fails(USAGE, "theory", "no-such-theory", says=["no-such-theory", "equilibrium"])


def test_theory_shows_numbers_and_a_picture(tmp_path):
    out = tmp_path / "game.png"
    told = json.loads(gan("theory", "xy", "--out", out, "--json").stdout)
    assert told["holds"] is True and told["numbers"]
    assert Image.open(out).size[0] > 100
    assert str(out) in gan("theory", "xy", "--out", out).stdout
