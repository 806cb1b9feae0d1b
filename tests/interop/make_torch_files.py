"""Makes the files that test_torch_files.py reads. Runs in an environment that has torch:

    python make_torch_files.py FOLDER

writes FOLDER/<case>.<zip|stream>.pth and what is in them to FOLDER/<case>.npz (the tensors' bytes) and
FOLDER/cases.json ({case: {tensor: [dtype, shape]}}); and FOLDER/hostile/*.
"""

import argparse
import json
import os
import pickle
import sys
import zipfile

import numpy as np
import torch

DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
MAGIC = 0x1950A86A20F9469CFC6C


def sample(dtype, shape=(3, 4)):
    generator = torch.Generator().manual_seed(5)
    return torch.randint(0, 100, shape, generator=generator).to(getattr(torch, dtype))


def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Flatten(), torch.nn.Linear(8, 2, bias=False)
    )


def trained():
    net = network()
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(2, 3, 3, 3)).sum().backward()
    optimizer.step()
    return net, optimizer


def cases():
    """What to save, and the tensors that a reader should find by their flat names."""
    net, optimizer = trained()
    state = net.state_dict()
    named = {f"g.{name}": tensor for name, tensor in state.items()}
    moments = {
        f"optimizer.state.{i}.{name}": value
        for i, entry in optimizer.state_dict()["state"].items()
        for name, value in entry.items()
    }
    base = torch.arange(60.0).reshape(3, 4, 5)
    views = {
        "whole": base,
        "transposed": base.permute(2, 0, 1),
        "row": base[1],
        "every_second": base[:, ::2],
        "expanded": base[0, 0].expand(7, 5),
        "last": base[2, 3, 4],
    }
    parameter = torch.nn.Parameter(torch.randn(2, 3), requires_grad=True)
    return {
        "dtypes": ({name: sample(name) for name in DTYPES},) * 2,
        "state_dict": (state, dict(state)),
        "checkpoint": (
            {"g": state, "optimizer": optimizer.state_dict(), "step": 7, "lr": 2e-4, "name": "é", "none": None},
            named | moments,
        ),
        "views": (views, views),
        "shapes": (
            {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 4), "one": torch.ones(1, 1, 1, 1, 1)},
        ) * 2,
        "parameters": ({"w": parameter, "b": torch.nn.Parameter(torch.ones(3), requires_grad=False)},) * 2,
        "lists": (
            {"ema": [torch.ones(2), (torch.zeros(3), 5)], "size": torch.Size([1, 2]), "big": 2**80, "raw": "x"},
            {"ema.0": torch.ones(2), "ema.1.0": torch.zeros(3)},
        ),
        "bare": (torch.arange(4), {"tensor": torch.arange(4)}),
    }


def new_types():
    """Types that only the zip form of recent versions holds."""
    tensors = {
        name: torch.arange(6, dtype=torch.int64).to(getattr(torch, name)).reshape(2, 3)
        for name in ("uint16", "uint32", "uint64")
    }
    return tensors


def raw(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy() if flat.numel() else np.zeros(0, np.uint8)


def save_cases(folder):
    known = {}
    everything = cases() | {"new_types": (new_types(),) * 2}
    for name, (content, tensors) in everything.items():
        torch.save(content, f"{folder}/{name}.zip.pth")
        if name != "new_types":
            torch.save(content, f"{folder}/{name}.stream.pth", _use_new_zipfile_serialization=False)
        np.savez(f"{folder}/{name}.npz", **{key: raw(value) for key, value in tensors.items()})
        known[name] = {
            key: [str(value.dtype).split(".")[1], list(value.shape)] for key, value in tensors.items()
        }
    for protocol in (3, 4, 5):
        torch.save(everything["checkpoint"][0], f"{folder}/protocol{protocol}.pth", pickle_protocol=protocol)
    with open(f"{folder}/cases.json", "w") as file:
        json.dump(known, file)


class Runs:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def archive(path, pickled):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a/data.pkl", pickled)


def stream(path, pickled):
    head = [pickle.dumps(part, 2) for part in (MAGIC, 1001, {"little_endian": True})]
    with open(path, "wb") as file:
        file.write(b"".join(head) + pickled + pickle.dumps([], 2))


def save_hostile(folder):
    """Files that a careless reader would run, and what the refusal must name."""
    os.makedirs(folder)
    calls = {
        "os.system": Runs(os.system, "true"),
        "builtins.eval": Runs(eval, "1"),
        "builtins.exec": Runs(exec, "1"),
        "argparse.Namespace": argparse.Namespace(a=1),
        "torch.nn.modules.linear.Linear": torch.nn.Linear,
    }
    names = {}
    for name, value in calls.items():
        for protocol in (2, 4):
            for kind, write in {"zip": archive, "stream": stream}.items():
                path = f"{name}.{protocol}.{kind}.pth"
                write(f"{folder}/{path}", pickle.dumps({"w": value}, protocol))
                names[path] = name
    torch.jit.script(torch.nn.ReLU()).save(f"{folder}/script.pth")
    names["script.pth"] = "TorchScript"
    with open(f"{folder}/names.json", "w") as file:
        json.dump(names, file)


def main():
    folder = sys.argv[1]
    save_cases(folder)
    save_hostile(f"{folder}/hostile")


if __name__ == "__main__":
    main()
