#!/usr/bin/env python3
"""Turns the runs of ensemble.sh into NAME.json here, and says what share of the ensemble's gain its student has.

    summarise_ensemble.py ensemble|ensemble-few-labels
"""
import json
import pathlib
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
DATA = {
    "ensemble": ("", "Fashion-MNIST, 5,000 training images held out to choose; errors are of the test split, per cent"),
    "ensemble-few-labels": (" few-labels", "Fashion-MNIST, labels of 15,000 training images, 1,500 of them held out to choose; the student sees 45,000 more "
                            "without labels; errors are of the test split, per cent"),
}


def load(path):
    return json.loads(path.read_text())


def validation_error(run):
    return run["epochs"][run["best_epoch"]]["validation_error"]


def main():
    name = sys.argv[1]
    argument, data = DATA[name]
    out = HERE.parent.parent / "out" / "distillation" / name
    students = {path.stem: load(path) for path in sorted(out.glob("student-*.json"))}
    chosen = min(students, key=lambda stem: validation_error(students[stem]))
    student = students[chosen]
    singles = [teacher["error"] for teacher in student["teachers"]]
    single, together = statistics.mean(singles), student["teachers_error"]
    result = {
        "data": data,
        "command": "STUDENT=%d TEMPERATURES='%s' experiments/distillation/ensemble.sh%s" % (
            len(student["epochs"]), " ".join(run.split("T")[1] for run in students), argument),
        "network": "lenet_5 without dropout, images as they are; the ten learn for %d epochs, the student for %d" % (
            len(load(out / "1.json")["epochs"]), len(student["epochs"])),
        "single_errors": [round(error, 2) for error in singles],
        "single_error_mean": round(single, 3),
        "ensemble_error": round(together, 2),
        "validation_errors": {stem: round(validation_error(run), 2) for stem, run in students.items()},
        "student": chosen,
        "student_error": round(student["error"], 2),
        "labels_only_error": round(load(out / "labels-only.json")["error"], 2),
        "share_of_the_gain": round((single - student["error"]) / (single - together), 2),
    }
    for path in out.glob("of-one.json"):
        result["student_of_one"] = round(load(path)["error"], 2)
    (HERE / (name + ".json")).write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
