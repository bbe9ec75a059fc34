#!/usr/bin/env python3
"""Cuts Fashion-MNIST's training images in two data sets: the first COUNT, with the test split, and the others.

    split_labels.py COUNT LABELLED-FOLDER UNLABELLED-FOLDER
"""
import gzip
import pathlib
import shutil
import struct
import sys

SOURCE = pathlib.Path("/usr/share/datasets/fashion-mnist")  # where Debian's dataset-fashion-mnist puts it
FILES = {"images-idx3-ubyte.gz": (16, 28 * 28), "labels-idx1-ubyte.gz": (8, 1)}  # bytes of the header, of an item


def main():
    count, labelled, unlabelled = int(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    for folder in labelled, unlabelled:
        folder.mkdir(parents=True, exist_ok=True)
    for name, (header, item) in FILES.items():
        whole = gzip.decompress((SOURCE / ("train-" + name)).read_bytes())
        middle = header + count * item
        for folder, items in (labelled, whole[header:middle]), (unlabelled, whole[middle:]):
            head = whole[:4] + struct.pack(">I", len(items) // item) + whole[8:header]
            (folder / ("train-" + name)).write_bytes(gzip.compress(head + items, mtime=0))
        shutil.copy(SOURCE / ("t10k-" + name), labelled)


if __name__ == "__main__":
    main()
