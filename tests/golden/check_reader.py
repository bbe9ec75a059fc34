#!/usr/bin/env python3
"""Runs docs/reader/read_nsk.py on every golden file and compares with what the library reads from it."""
import difflib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
READER = HERE.parent.parent / "docs" / "reader" / "read_nsk.py"


def read(*paths):
    return subprocess.run([sys.executable, READER, *paths], capture_output=True, text=True, check=False)


def main():
    failures = []
    files = sorted(HERE.glob("*.nsk"))
    result = read(*files)
    expected = "".join(path.with_suffix(".txt").read_text() for path in files)
    if result.returncode != 0 or result.stdout != expected:
        difference = difflib.unified_diff(expected.splitlines(), result.stdout.splitlines(), "library", "reader", n=0)
        failures.append("\n".join(difference) + result.stderr)
    invalid = sorted((HERE / "invalid").glob("*.nsk"))
    for path in invalid:
        result = read(path)
        # What only the graph's rules forbid is not this reader's business.
        if result.returncode == 0 and path.stem not in ("not-finite", "wrong-shape"):
            failures.append(f"invalid/{path.name}: was read without an error")
        if "Traceback" in result.stderr:
            failures.append(f"invalid/{path.name}: {result.stderr}")
    if not files or not invalid:
        failures.append("there are no golden files")
    sys.exit("\n".join(failures) if failures else 0)


if __name__ == "__main__":
    main()
