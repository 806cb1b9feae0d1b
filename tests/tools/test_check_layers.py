"""The layer check must find what it is for: violations are planted in a copy of the folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(os.environ.get("GANYMEDE_SOURCE_DIR", Path(__file__).resolve().parents[2]))
TOOL = SOURCE / "tools" / "check_layers.py"


def run(root):
    return subprocess.run([sys.executable, TOOL, str(root)], capture_output=True, text=True)


def plant(root, path, text):
    file = root / "ganymede" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_this_tree_is_clean():
    result = run(SOURCE)
    assert result.returncode == 0, result.stdout


def test_every_folder_of_this_tree_is_checked(tmp_path):
    for folder in (SOURCE / "ganymede").iterdir():
        if folder.is_dir():
            plant(tmp_path, f"{folder.name}/planted.h", '#include "cli/main.h"\n')
    planted = sum(1 for path in (tmp_path / "ganymede").iterdir())
    assert run(tmp_path).stdout.count("planted.h:1:") == planted


@pytest.mark.parametrize(
    "path, line, message",
    [
        ("gans/dcgan.cpp", '#include "ganymede/data/loader.h"', "gans may include"),
        ("media/png.cpp", '#include "ganymede/nn/module.h"', "media may include core"),
        ("core/log.h", '#include "ganymede/config/value.h"', "core may include no other layer"),
        ("infer/sample.cpp", '  #  include "ganymede/train/loop.h"', "infer may include"),
        ("train/loop.cpp", '#include "cli/command.h"', "nothing in ganymede/ may include cli/"),
        ("config/value.h", "#include <ATen/ATen.h>", "does not use the tensor engine"),
        ("media/png.h", "#include <torch/types.h>", "does not use the tensor engine"),
        ("core/log.cpp", '#include "log.h"', "ganymede/core/log.h"),
        ("data/set.cpp", '#include "ganymede/misc/x.h"', "misc is not a layer"),
    ],
)
def test_violation_is_named_with_file_and_line(tmp_path, path, line, message):
    plant(tmp_path, path, f"// first line\n{line}\n")
    result = run(tmp_path)
    assert result.returncode == 1
    assert result.stdout.startswith(f"ganymede/{path}:2: ")
    assert message in result.stdout


def test_folder_without_an_entry_fails(tmp_path):
    plant(tmp_path, "helpers/strings.h", "#pragma once\n")
    result = run(tmp_path)
    assert result.returncode == 1
    assert "ganymede/helpers:1: no entry" in result.stdout


def test_downward_includes_pass(tmp_path):
    plant(tmp_path, "gans/dcgan.cpp", '#include "ganymede/gans/gan.h"\n#include "ganymede/loss/a.h"\n#include <ATen/ATen.h>\n')
    plant(tmp_path, "media/tensor_folder.cpp", "#include <ATen/core/Tensor.h>\n")
    result = run(tmp_path)
    assert (result.returncode, result.stdout) == (0, "")
