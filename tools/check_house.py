#!/usr/bin/env python3
"""House rules that need no compiler: sizes of files and functions, a silent library, a word on every key of a recipe.

Prints one line for each breach; exits 1 if there is any.
"""
import pathlib
import re
import sys

FILE_LIMIT = 600
FUNCTION_LIMIT = 60
SILENT_ROOMS = {"base", "tensor", "graph", "kernels", "codec", "model", "onnx", "zoo", "data", "runtime", "compress", "train"}
LOUD = re.compile(r"\b(std::cout|std::cerr|printf|fprintf|puts|std::abort|abort|std::exit|exit|assert)\s*\(|std::c(out|err)\b")


def long_functions(lines):
    """Functions by indentation: clang-format leaves a body between a line ending in '{' and a '}' in its column."""
    for start, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if indent > 2 or not line.rstrip().endswith("{") or not re.search(r"\)[^;=]*\{$", line.rstrip()):
            continue
        closing = " " * indent + "}"
        for end in range(start + 1, len(lines)):
            if lines[end].startswith(closing) and not lines[end].startswith(closing + " else"):
                if end - start > FUNCTION_LIMIT:
                    yield start + 1, end - start
                break


def check(path, room):
    lines = path.read_text().splitlines()
    test = "_test" in path.stem or "_bench" in path.stem
    if len(lines) > FILE_LIMIT:
        yield f"{path}: {len(lines)} lines, the ceiling is {FILE_LIMIT}"
    for number, length in long_functions(lines):
        yield f"{path}:{number}: a function of {length} lines, the ceiling is {FUNCTION_LIMIT}"
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        if room in SILENT_ROOMS and not test and LOUD.search(code) and "static_assert" not in code:
            yield f"{path}:{number}: the library neither prints nor ends the program: {line.strip()}"
        if "\t" in line:
            yield f"{path}:{number}: a tab"


def untold_keys(root):
    """Keys that src/recipe reads and docs/recipes.md does not name."""
    told = (root / "docs/recipes.md").read_text()
    source = (root / "src/recipe/recipe.cpp").read_text()
    patterns = r'keys\.(?:set|get<[^(]*>|by_layer<[^(]*>|texts|table)\("(\w+)"', r'set_share\("(\w+)"', r'\{"(\w+)", +read_'
    keys = {key for pattern in patterns for key in re.findall(pattern, source)}
    for key in sorted(keys):
        if f"`{key}`" not in told and f"`[{key}]`" not in told:
            yield f"src/recipe/recipe.cpp: docs/recipes.md does not name the key {key}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = list(untold_keys(root))
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in {".h", ".cpp"}:
            relative = path.relative_to(root)
            found += check(relative, relative.parts[1])
    print("\n".join(found) if found else "house rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
