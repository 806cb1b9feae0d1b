"""The installed tree is enough: examples/ and a gan of somebody else's build against it and run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(os.environ["GANYMEDE_SOURCE_DIR"])
BUILD = Path(os.environ["GANYMEDE_BUILD_DIR"])


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


def build(source, folder, prefix):
    """Configures and builds a project that lies outside of this tree, against the prefix."""
    copy = folder / "source"
    shutil.copytree(source, copy)
    run("cmake", "-S", copy, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS=-O0")
    run("cmake", "--build", folder / "build")
    return folder / "build"


def test_installed_program_starts(prefix):
    assert "dcgan" in run(prefix / "bin" / "gan", "list", cwd=prefix)


def test_nothing_but_headers_and_libraries_is_installed(prefix):
    kinds = {path.suffix for path in (prefix / "include").rglob("*") if path.is_file()}
    assert kinds == {".h"}
    assert not [path for path in (prefix / "lib").rglob("*.a") if "pch" in path.name]


def test_package_does_not_point_into_the_source_tree(prefix):
    for file in (prefix / "lib").rglob("ganymede-targets*.cmake"):
        for line in file.read_text().splitlines():
            assert str(SOURCE / "ganymede") not in line and str(BUILD) not in line, f"{file}: {line}"


def test_examples_build_and_run(prefix, tmp_path):
    folder = build(SOURCE / "examples", tmp_path, prefix)
    programs = {path.stem for path in (SOURCE / "examples").glob("*.cpp")}
    built = {path.name for path in (folder / "bin" / "examples").iterdir()}
    assert programs == built
    run(folder / "bin" / "examples" / "train_gan", "ring8", tmp_path / "run", cwd=tmp_path)
    run(folder / "bin" / "examples" / "load_and_sample", tmp_path / "run", tmp_path / "grid.png", cwd=tmp_path)
    assert (tmp_path / "grid.png").stat().st_size > 100


def test_gan_of_somebody_else_joins_the_registry(prefix, tmp_path):
    folder = build(SOURCE / "tests" / "install" / "own_gan", tmp_path, prefix)
    names = run(folder / "list_gans").split()
    assert "shift" in names and "dcgan" in names


def test_package_refuses_another_torch(prefix, tmp_path):
    other = tmp_path / "torch"
    shutil.copytree(SOURCE / "tests" / "install" / "own_gan", tmp_path / "source")
    for name in ("include/ATen/ATen.h", "lib/libtorch_cpu.so"):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text("")
    (other / "lib" / "libc10.so").write_text("_ZN3c105ErrorC1ENSt7__cxx1112basic_string\n")
    header = other / "include" / "torch" / "headeronly" / "version.h"
    header.parent.mkdir(parents=True)
    header.write_text("#define TORCH_VERSION_MAJOR 9\n#define TORCH_VERSION_MINOR 1\n#define TORCH_VERSION_PATCH 0\n")
    result = subprocess.run(["cmake", "-S", tmp_path / "source", "-B", tmp_path / "build", "-G", "Ninja",
                             f"-DCMAKE_PREFIX_PATH={prefix};{other}"], capture_output=True, text=True)
    assert result.returncode != 0
    assert "it was built with LibTorch" in result.stderr and "9.1.0" in result.stderr
