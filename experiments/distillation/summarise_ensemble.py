#!/usr/bin/env python3
"""Turns the runs of ensemble.sh into ensemble.json here, and says what share of the ensemble's gain its student has."""
import json
import pathlib
import statistics

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "out" / "distillation" / "ensemble"


def load(path):
    return json.loads(path.read_text())


def validation_error(run):
    return run["epochs"][run["best_epoch"]]["validation_error"]


def main():
    students = {path.stem: load(path) for path in sorted(OUT.glob("student-*.json"))}
    chosen = min(students, key=lambda name: validation_error(students[name]))
    student = students[chosen]
    singles = [teacher["error"] for teacher in student["teachers"]]
    single, together = statistics.mean(singles), student["teachers_error"]
    result = {
        "data": "Fashion-MNIST, 5,000 training images held out to choose; errors are of the test split, per cent",
        "command": "TEMPERATURES='%s' experiments/distillation/ensemble.sh" % " ".join(name.split("T")[1] for name in students),
        "network": "lenet_5 without dropout, images as they are; the ten learn for %d epochs, the student for %d" % (
            len(load(OUT / "1.json")["epochs"]), len(student["epochs"])),
        "single_errors": [round(error, 2) for error in singles],
        "single_error_mean": round(single, 3),
        "ensemble_error": round(together, 2),
        "validation_errors": {name: round(validation_error(run), 2) for name, run in students.items()},
        "student": chosen,
        "student_error": round(student["error"], 2),
        "labels_only_error": round(load(OUT / "labels-only.json")["error"], 2),
        "share_of_the_gain": round((single - student["error"]) / (single - together), 2),
    }
    (HERE / "ensemble.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
