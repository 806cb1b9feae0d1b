#!/usr/bin/env python3
"""Packs sources into bundles: files that include several sources each, compiled as one.

Every unit that uses tensors pays two seconds for the precompiled header's templates before its own
first line, and clang-tidy ten for the headers; six sources in one unit pay once. Two sources of
which one uses a name that the other declares privately do not go together.

Usage: tools/source_bundles.py --out FOLDER --name NAME [--size N] SOURCE...

Writes FOLDER/NAME_<n>.cpp where their text changed and prints the sources to compile instead,
separated by semicolons as CMake wants them. A source stays in the bundle where the last call put it,
so that a new file rebuilds one bundle and not all.
"""

import argparse
import re
from pathlib import Path


class Source:
    """The text of a source with what decides whether it goes together with others."""

    def __init__(self, path):
        self.path = Path(path)
        self.text = self.path.read_text()
        self.names = private_names(self.text)
        bare = re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"', "", self.text)
        # A member or a qualified name cannot mean another source's private one.
        self.words = set(re.findall(r"(?<![\w.>:])[A-Za-z_]\w*", bare)) | self.names
        # Macros would reach the others; Highway includes its sources again by name (a macro as well).
        self.alone = re.search(r"^#define ", self.text, re.M) is not None

    def goes_with(self, other):
        return not (self.alone or other.alone or self.names & other.words or other.names & self.words)


def private_names(text):
    """Names declared in unnamed namespaces and static ones, and main."""
    names = {"main"} if re.search(r"^int main\(", text, re.M) else set()
    depth = 0
    for line in text.splitlines():
        if line.startswith("namespace {"):
            depth += 1
        elif line.startswith("}  // namespace") and depth and len(line.split()) == 3:
            depth -= 1
        elif (depth or line.startswith("static ")) and re.match(r"[A-Za-z_\[]", line):
            match = re.search(r"(?:struct|class|enum class|enum|using)\s+(\w+)|(\w+)\s*(?:\(|=|\{|\[\w*\]|;)", line)
            if match and not (match.group(2) or "").isupper():
                names.add(match.group(1) or match.group(2))
    return names


def has_room(bundle, source, size):
    return len(bundle) < size and all(source.goes_with(other) for other in bundle)


def pack(sources, size, bundles=()):
    """First fit into bundles of at most <size>; goes on from <bundles>. A source has .goes_with(other)."""
    made = [list(bundle) for bundle in bundles]
    for source in sources:
        for bundle in made:
            if has_room(bundle, source, size):
                bundle.append(source)
                break
        else:
            made.append([source])
    return made


INCLUDE = re.compile(r'^#include "(.*)"$', re.M)


def included(path):
    """The sources that a written bundle includes."""
    return [Path(name) for name in INCLUDE.findall(Path(path).read_text())]


def text_of(paths):
    return "".join(f'#include "{path}"\n' for path in paths)


def last_bundles(folder, name, sources, size):
    """What the last call made of those that still go together, by number."""
    left = {source.path: source for source in sources}
    bundles = []
    for path in sorted(folder.glob(f"{name}_*.cpp"), key=lambda path: int(path.stem.rsplit("_", 1)[1])):
        bundle = []
        for member in included(path):
            source = left.get(member)
            if source and has_room(bundle, source, size):
                bundle.append(left.pop(member))
        bundles.append(bundle)
    return bundles, list(left.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("sources", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sources = [Source(path) for path in options.sources]
    bundles, rest = last_bundles(options.out, options.name, sources, options.size)
    compiled = []
    for number, bundle in enumerate(pack(rest, options.size, bundles)):
        path = options.out / f"{options.name}_{number}.cpp"
        text = text_of(source.path for source in bundle)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        if len(bundle) == 1:
            compiled.append(bundle[0].path)
        elif bundle:
            compiled.append(path)
    print(";".join(str(path) for path in compiled), end="")


if __name__ == "__main__":
    main()
