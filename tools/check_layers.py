#!/usr/bin/env python3
"""The include ladder: a room includes only rooms on lower floors, and outside headers only where the house allows them.

Reads every #include of src/, include/ and tests/ and prints one line for each that breaks a rule; exits 1 if any does.
"""
import pathlib
import re
import sys

FLOORS = {
    "base": 0,
    "tensor": 1,
    "graph": 2, "kernels": 2, "codec": 2,
    "model": 3, "onnx": 3, "zoo": 3, "data": 3,
    "runtime": 4, "compress": 4, "train": 4,
    "recipe": 5, "report": 5,
    "cli": 6,
}
# Outside headers that stay in their rooms: (pattern, rooms).
OUTSIDE = [
    (r"(torch|ATen|c10)/", {"train"}),
    (r"(google/protobuf|onnx)/", {"onnx"}),
    (r"hwy/", {"kernels"}),
    (r"(jpeglib|png|zlib|turbojpeg)\.h", {"data", "report"}),
    (r"zstd\.h", {"report"}),
    (r"xxhash\.h", {"model"}),
    (r"(fmt|nlohmann|toml\+\+|CLI)/", {"cli", "recipe", "report"}),
    (r"Eigen/", {"compress"}),
    (r"iostream", set()),
]
# What ships in libnetsuke must not use these.
RUNTIME_ROOMS = {"base", "tensor", "graph", "kernels", "codec", "runtime"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def problems(path, room):
    test = path.stem.endswith("_test") or path.stem.endswith("_bench")
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, name = found.groups()
        target = name.split("/")[0]
        if kind == '"' and target in FLOORS:
            lower = FLOORS[target] < FLOORS[room] or target == room
            # A test may look at any room below its own floor's neighbours: it links what it names.
            if not lower and not (test and FLOORS[target] <= FLOORS[room]):
                yield f"{path}:{number}: {room} (floor {FLOORS[room]}) includes {target} (floor {FLOORS[target]})"
        for pattern, rooms in OUTSIDE:
            if kind == "<" and re.match(pattern, name) and room not in rooms and not test:
                where = ", ".join(sorted(rooms)) or "no room"
                yield f"{path}:{number}: <{name}> belongs to {where}, not to {room}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = []
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in {".h", ".cpp"}:
            continue
        room = path.relative_to(root / "src").parts[0]
        if room not in FLOORS:
            found.append(f"{path}: no room is named {room}")
            continue
        found += problems(path.relative_to(root), room)
    print("\n".join(found) if found else f"include ladder: {len(FLOORS)} rooms, no step up")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
