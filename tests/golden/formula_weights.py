"""Weights by a formula that Python and C++ (formula_weights.h) share: a hash of name and index."""
import numpy as np
import torch


def noise(name, count):
    """float64 [count] in [-1, 1): FNV-1a of the name, then the finaliser of MurmurHash3."""
    key = 2166136261
    for byte in name.encode():
        key = (key ^ byte) * 16777619 % 2**32
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(key)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2**31 - 1


def weights(name, shape):
    """float32, scaled so that activations keep their size through ReLU networks."""
    shape = tuple(shape)
    u = torch.from_numpy(noise(name, int(np.prod(shape)))).reshape(shape)
    if name.startswith("lin"):
        value = 0.5 + 0.5 * u
    elif len(shape) > 1:
        value = u * (6 / np.prod(shape[1:])) ** 0.5
    elif name.endswith("running_var"):
        value = 1 + 0.5 * u
    elif name.endswith("bn.weight"):
        value = 1 + 0.2 * u
    else:
        value = 0.1 * u
    return value.float()


def images(count, height, width, phase=0.0):
    """float64 [count, 3, height, width] in [-1, 1]."""
    n, c, y, x = torch.meshgrid(*(torch.arange(k, dtype=torch.float64)
                                  for k in (count, 3, height, width)), indexing="ij")
    return torch.sin(0.11 * x + 0.07 * y * (n + 1) + c + phase) * torch.cos(0.003 * x * y)
