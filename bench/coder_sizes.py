#!/usr/bin/env python3
"""What each weight of a network takes by each of netsuke's coders, and by xz and zstd on its packed form.

    bench/coder_sizes.py [--netsuke PROGRAM] [--least BYTES] MODEL...

Bytes of whole records (docs/format.md, section 6.1), codebooks included, of all weights whose packed form takes more than
--least bytes, and their sum. The packed form is what --coder plain writes: codes and gaps at a fixed width. xz and zstd see the
record of one weight at a time. Exits with 1 if either is smaller than the range coder anywhere.
"""
import argparse
import lzma
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs" / "reader"))
from read_nsk import ByteReader, GRAPH, WEIGHTS, GraphSection, read_block, split_sections  # noqa: E402

CODERS = ("plain", "huffman", "range")


def records(netsuke, model, coder, folder):
    """The record of every weight by its name."""
    path = pathlib.Path(folder) / f"{coder}.nsk"
    subprocess.run([netsuke, "convert", model, path, "--coder", coder, "--force"], check=True, capture_output=True)
    sections = split_sections(path.read_bytes())
    graph = GraphSection(read_block(sections[GRAPH]))
    source = ByteReader(sections[WEIGHTS])
    return {graph.values[value]: source.take(source.varint()) for value in graph.constants}


def xz(data):
    return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def zstd(data):
    return len(subprocess.run(["zstd", "-19", "--ultra", "-c"], input=data, check=True, capture_output=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--netsuke", default=ROOT / "netsuke")
    parser.add_argument("--least", type=int, default=1000)
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    beaten = []
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            by_coder = {coder: records(options.netsuke, model, coder, folder) for coder in CODERS}
        print(f"{pathlib.Path(model).name:24s}" + "".join(f"{c:>11s}" for c in (*CODERS, "xz -9e", "zstd -19", "saved")))
        total = [0] * 5
        for name, packed in by_coder["plain"].items():
            if len(packed) <= options.least:
                continue
            sizes = [len(by_coder[coder][name]) for coder in CODERS] + [xz(packed), zstd(packed)]
            total = [a + b for a, b in zip(total, sizes)]
            beaten += [name] if min(sizes[3:]) <= sizes[2] else []
            print_row(name, sizes)
        print_row("sum", total)
    if beaten:
        sys.exit("not smaller than xz and zstd: " + ", ".join(beaten))


def print_row(name, sizes):
    saved = 100 * (1 - sizes[2] / sizes[1]) if sizes[1] else 0
    print(f"{name:24s}" + "".join(f"{size:11,d}" for size in sizes) + f"{saved:9.1f} %")


if __name__ == "__main__":
    main()
