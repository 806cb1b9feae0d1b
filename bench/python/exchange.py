"""What the C++ worker wrote for this side: tensors of one safetensors file (https://github.com/huggingface/safetensors:
eight bytes of length, a JSON header, the values)."""

import json
import struct

import numpy
import torch

TYPES = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64}


def read_tensors(path):
    """{name: CPU tensor}."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        values = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(values[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors


class Trace:
    """The start of a workload (weights, reals) and what its networks were called with in the first steps."""

    def __init__(self, path):
        self.tensors = read_tensors(path)
        self.calls = {}

    def load(self, name, network):
        """Weights and buffers of `network`; every name must fit."""
        own = network.state_dict()
        own.update({path[len(name) + 1 :]: tensor for path, tensor in self.tensors.items() if path.startswith(name + "/")})
        network.load_state_dict(own, strict=True)
        missing = [path for path in network.state_dict() if f"{name}/{path}" not in self.tensors and not path.endswith("num_batches_tracked")]
        if missing:
            raise ValueError(f"the C++ side has no {name}/{missing[0]}")

    def next_input(self, name, skip=0):
        """What the network `name` is called with at its next call; `skip` calls are passed over first."""
        call = self.calls.get(name, 0) + skip
        self.calls[name] = call + 1
        return self.tensors[f"input/{name}/{call}"]
