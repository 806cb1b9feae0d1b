"""Files of weights in the shapes of published networks, with numbers of a fixed seed.

The shapes are those that tests/golden holds for the parity tests. PyTorch files are written by
.deps/torch, or the Python that GANYMEDE_TORCH_PYTHON names.
"""

import json
import math
import os
import subprocess

import numpy
import pytest
import safetensors.numpy

from gan_program import SOURCE

TORCH = os.environ.get("GANYMEDE_TORCH_PYTHON", str(SOURCE / ".deps/torch/bin/python"))
GOLDEN = SOURCE / "tests/golden"
LPIPS_WIDTHS = [64, 128, 256, 512, 512]


def weights(shapes):
    """He-scaled kernels, small biases, variances and LPIPS weightings above zero."""
    random = numpy.random.default_rng(0)
    table = {}
    for name, shape in shapes.items():
        values = random.standard_normal(shape, dtype=numpy.float32)
        if name.endswith("running_var") or name.startswith("lin"):
            values = 0.5 + 0.1 * numpy.abs(values)
        elif len(shape) > 1:
            values *= math.sqrt(2 / math.prod(shape[1:]))
        else:
            values *= 0.1
        table[name] = values.astype(numpy.float32)
    return table


def inception():
    return weights(json.loads((GOLDEN / "inception.json").read_text())["tensors"])


def vgg16():
    return weights(json.loads((GOLDEN / "perceptual.json").read_text())["vgg16"]["tensors"])


def lpips():
    lines = {f"lin{k}.model.1.weight": [1, width, 1, 1] for k, width in enumerate(LPIPS_WIDTHS)}
    return {**vgg16(), **weights(lines)}


def save_safetensors(path, table):
    safetensors.numpy.save_file(table, path)
    return path


def save_torch(path, table):
    """As torch.save writes it; skips the test without torch."""
    if subprocess.run([TORCH, "-c", "import torch"], capture_output=True).returncode != 0:
        pytest.skip(f"no torch in {TORCH}: set GANYMEDE_TORCH_PYTHON to a Python that has it")
    arrays = path.with_suffix(".npz")
    numpy.savez(arrays, **table)
    script = ("import numpy, sys, torch; a = numpy.load(sys.argv[1]); "
              "torch.save({k: torch.from_numpy(a[k]) for k in a.files}, sys.argv[2])")
    subprocess.run([TORCH, "-c", script, arrays, path], check=True, timeout=300)
    arrays.unlink()
    return path
