#!/usr/bin/env python3
"""Gathers the runs of compress.sh into small-nets-compressed.json here, and prints a table. Rows of earlier sittings stay."""
import json
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "out" / "cifar-10-small"
KEPT = HERE / "small-nets-compressed.json"


def row(path):
    run = json.loads(path.read_text())
    return {"run": path.stem, "bytes": run["bytes"], "ratio": round(run["ratio"], 2), "accuracy_dense": round(100 - run["error_dense"], 2),
            "accuracy": round(100 - run["error"], 2), "seed": run["seed"],
            "minutes": round(sum(step["seconds"] for step in run["steps"]) / 60, 1)}


def main():
    rows = {r["run"]: r for r in json.loads(KEPT.read_text())["runs"]} if KEPT.exists() else {}
    for path in OUT.glob("*.json"):
        rows[path.stem] = row(path)
    rows = [rows[name] for name in sorted(rows)]
    for r in rows:
        print(f"{r['run']:<52} {r['bytes']:>9} bytes  {r['ratio']:5.2f} x  {r['accuracy_dense']:6.2f} -> {r['accuracy']:6.2f} %  "
              f"{r['minutes']:5.1f} minutes")
    part = KEPT.with_suffix(".part")
    part.write_text(json.dumps({"runs": rows}, indent=2) + "\n")
    os.replace(part, KEPT)


if __name__ == "__main__":
    main()
