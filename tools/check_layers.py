#!/usr/bin/env python3
"""Checks that includes in ganymede/ point downwards only, and that every folder there is a known layer.

Usage: tools/check_layers.py [root]     exit status 1 and file:line messages on a violation
"""

import re
import sys
from pathlib import Path

# What a layer may include besides itself. ganymede/CMakeLists.txt links by the same table.
ALLOWED = {
    "core": [],
    "config": ["core"],
    "dist": ["core"],
    "media": ["core"],
    "data": ["core", "config", "dist", "media"],
    "ops": ["core"],
    "nn": ["core", "config", "ops"],
    "loss": ["core", "nn"],
    "gans": ["core", "config", "nn", "loss"],
    "metrics": ["core", "config", "dist", "media", "data", "nn"],
    "train": ["core", "config", "dist", "media", "data", "ops", "nn", "loss", "gans", "metrics"],
    "infer": ["core", "config", "media", "nn", "gans"],
    "interop": ["core", "media", "nn", "gans", "infer"],
    "serve": ["core", "config", "media", "data", "infer", "interop", "train"],
}

# Layers that must stay free of the tensor engine, except files of the given prefix.
TORCH_FREE = {"config": None, "media": "tensor_"}

INCLUDE = re.compile(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
SUFFIXES = {".h", ".cpp", ".cu", ".cuh", ".inc"}


def check_include(layer, path, header, system):
    """One violation as text, or None."""
    name = header or system
    parts = name.split("/")
    if parts[0] in ("cli", "tests", "examples", "bench"):
        return f"{layer} includes {name}: nothing in ganymede/ may include {parts[0]}/"
    if parts[0] == "ganymede" and len(parts) > 2:
        target = parts[1]
        if target not in ALLOWED:
            return f"{name}: {target} is not a layer"
        if target != layer and target not in ALLOWED[layer]:
            may = ", ".join(ALLOWED[layer]) or "no other layer"
            return f"{layer} includes {name}: {layer} may include {may}"
    elif header and len(parts) == 1:
        return f'"{name}": write the path from the root, "ganymede/{layer}/{name}"'
    if layer in TORCH_FREE and parts[0] in ("ATen", "c10", "torch"):
        prefix = TORCH_FREE[layer]
        if prefix is None or not path.name.startswith(prefix):
            return f"{layer} includes <{name}>: {layer} does not use the tensor engine"
    return None


def check(root):
    """All violations below root/ganymede, each as 'file:line: text'."""
    found = []
    for folder in sorted(path for path in (root / "ganymede").iterdir() if path.is_dir()):
        if folder.name not in ALLOWED:
            found.append(f"{folder.relative_to(root)}:1: no entry in tools/check_layers.py for this folder")
            continue
        for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                problem = match and check_include(folder.name, path, match.group(1), match.group(2))
                if problem:
                    found.append(f"{path.relative_to(root)}:{number}: {problem}")
    return found


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = check(root)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
