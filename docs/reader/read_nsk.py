#!/usr/bin/env python3
"""Reads .nsk files: an independent reader, written from docs/format.md alone and in its order.

    read_nsk.py FILE...     prints each network, with the CRC-32 of every weight's values as 32-bit floats

Needs Python 3.8 and nothing else. Section numbers refer to docs/format.md.
"""
import math
import struct
import sys
import zlib

from range_coder import decode_floats, decode_slices, require, to_f32

# --- Section 1: bytes and bits
class ByteReader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def remaining(self):
        return len(self.data) - self.at

    def take(self, count):
        require(count <= self.remaining(), f"needs {count} bytes at {self.at}, has {self.remaining()}")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def varint(self, limit=2**64 - 1):
        value = shift = 0
        while shift == 0 or byte >= 0x80:
            byte = self.number("B")
            value, shift = value | (byte & 0x7F) << shift, shift + 7
        require(value <= limit and shift <= 70, f"a number is {value}, at most {limit} is accepted")
        return value

    def text(self, limit=65536):
        return self.take(self.varint(limit)).decode("utf-8", "surrogateescape")

class BitReader:
    def __init__(self, data):
        self.digits, self.at = "".join(f"{byte:08b}" for byte in data), 0

    def bits(self, count=1):
        require(self.at + count <= len(self.digits), "a bit stream ends in the middle of a symbol")
        self.at += count
        return int("0" + self.digits[self.at - count:self.at], 2)

def xxh32(data):
    """XXH32 with seed 0."""
    p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    rotate = lambda x, k: (x << k | x >> (32 - k)) & 0xFFFFFFFF
    step = lambda h, add, k, factor: rotate((h + add) & 0xFFFFFFFF, k) * factor & 0xFFFFFFFF
    h, stripes = p5, len(data) // 16 * 16
    if stripes:
        lanes = [p1 + p2 & 0xFFFFFFFF, p2, 0, -p1 & 0xFFFFFFFF]
        for i, word in enumerate(struct.unpack(f"<{stripes // 4}I", data[:stripes])):
            lanes[i % 4] = step(lanes[i % 4], word * p2, 13, p1)
        h = sum(rotate(lane, k) for lane, k in zip(lanes, (1, 7, 12, 18)))
    h, words = h + len(data) & 0xFFFFFFFF, len(data) // 4 * 4
    for word in struct.unpack(f"<{(words - stripes) // 4}I", data[stripes:words]):
        h = step(h, word * p3, 17, p4)
    for byte in data[words:]:
        h = step(h, byte * p5, 11, p1)
    h = (h ^ h >> 15) * p2 & 0xFFFFFFFF
    h = (h ^ h >> 13) * p3 & 0xFFFFFFFF
    return h ^ h >> 16

# --- Section 2: the file
GRAPH, WEIGHTS, METADATA = 1, 2, 3

def split_sections(data):
    file = ByteReader(data)
    require(file.take(3) == b"NSK", "is not a .nsk file")
    require(file.number("B") == 1 and file.varint() <= 3, "has a format version other than 1, or unknown features")
    sections = {}
    for _ in range(file.varint(64)):
        start = file.at
        kind, length = file.number("B"), file.varint(file.remaining())
        payload = file.take(length)
        require(xxh32(data[start:file.at]) == file.number("<I"), f"section {kind} has a wrong checksum")
        require(kind in (GRAPH, WEIGHTS, METADATA) or kind & 0x80, f"has a section of unknown kind {kind}")
        require(kind not in sections or kind & 0x80, f"has two sections of kind {kind}")
        sections[kind] = payload
    require(file.remaining() == 0, "has bytes after its last section")
    require(GRAPH in sections, "has no graph section")
    return sections

# --- Section 3: symbol streams
def packed_width(alphabet):
    return (alphabet - 1).bit_length()

def read_code_table(bits, alphabet):
    """Code lengths by symbol; a symbol that occurs alone has length 0."""
    predicted = bits.bits(4)
    if predicted == 0:
        return {bits.bits(packed_width(alphabet)): 0}
    lengths, total, symbol = {}, 0, 0
    while total < 2**15:
        prefix = next((i for i in range(4) if bits.bits() == 0), 4)
        if prefix == 4:
            zeros = next(i for i in range(2**16) if bits.bits() == 1)
            symbol += 1 << zeros | bits.bits(zeros)
            continue
        if prefix == 3:
            length = bits.bits(4)
        else:
            length = predicted + ((0, 0), (1, -1), (2, -2))[prefix][bits.bits() if prefix else 0]
        require(1 <= length <= 15, f"a code of {length} bits")
        lengths[symbol] = predicted = length
        total, symbol = total + (2**15 >> length), symbol + 1
        require(symbol <= alphabet and total <= 2**15, "a code table is incomplete or over-subscribed")
    return lengths

class SymbolStream:
    def __init__(self, source, alphabet):
        self.source, self.alphabet = source, alphabet
        self.bits = BitReader(source.data[source.at:])
        self.codes = None if self.bits.bits() == 0 else {}
        code = before = 0
        lengths = {} if self.codes is None else read_code_table(self.bits, alphabet)
        for symbol, length in sorted(lengths.items(), key=lambda item: (item[1], item[0])):
            code <<= length - before
            self.codes[length, code] = symbol
            code, before = code + 1, length
        self.only = self.codes.get((0, 0)) if self.codes else (0 if alphabet == 1 else None)

    def next(self):
        code = length = 0
        if self.codes is None:
            symbol = self.bits.bits(packed_width(self.alphabet))
        else:
            while (length, code) not in self.codes:
                code, length = code << 1 | self.bits.bits(), length + 1
            symbol = self.codes[length, code]
        require(symbol < self.alphabet, "a symbol lies outside its alphabet")
        return symbol

    def finish(self):
        require(self.bits.bits(-self.bits.at % 8) == 0, "the bits after a stream are not zero")
        self.source.take(self.bits.at // 8)

def read_symbols(source, count, alphabet):
    if count == 0:
        return []
    stream = SymbolStream(source, alphabet)
    require(stream.only is not None or count <= 8 * source.remaining(), "more symbols than bits")
    symbols = [stream.next() for _ in range(count)]
    stream.finish()
    return symbols

def read_block(payload):
    source = ByteReader(payload)
    block = bytes(read_symbols(source, source.varint(8 * len(payload)), 256))
    require(source.remaining() == 0, "a block has bytes too many")
    return block

# --- Section 4: floats
def shortest_float(value):
    """The shortest decimal that gives the same 32-bit float."""
    texts = (f"{value:.{digits}g}" for digits in range(1, 18))
    return next(text for text in texts if to_f32(float(text)) == value)

def read_floats(source, count):
    if count == 0:
        return []
    form = source.number("B")
    if form == 0:
        return list(struct.unpack(f"<{count}f", source.take(4 * count)))
    if form == 1:
        return list(struct.unpack(f"<{count}e", source.take(2 * count)))
    if form == 2:
        low, step = source.number("<f"), source.number("<f")
        require(count < 2**24, "a progression is too long")
        return [to_f32(low + to_f32(i * step)) for i in range(count)]
    if form >= 5:
        return decode_floats(source, form, count)
    planes = [read_symbols(source, count, 256) for _ in range(4 if form == 3 else 2)]
    raw = bytes(byte for value in zip(*planes) for byte in value)
    return list(struct.unpack(f"<{count}{'f' if form == 3 else 'e'}", raw))

# --- Section 5: the graph
# op id: name, least and most inputs, roles, attributes with their defaults (that of a list is empty)
OPS = {
    1: "conv2d 2 3 x,weight,bias stride=1x1 pad=0,0,0,0 dilation=1x1 groups=1",
    2: "linear 2 3 x,weight,bias", 3: "batch_norm 5 5 x,scale,bias,mean,variance epsilon=0.00001",
    4: "relu 1 1 x", 5: "clip 1 1 x min=0.0 max=6.0",
    6: "max_pool 1 1 x kernel=2x2 stride=2x2 pad=0,0,0,0 ceil=false",
    7: "avg_pool 1 1 x kernel=2x2 stride=2x2 pad=0,0,0,0 ceil=false count_pad=false",
    8: "global_avg_pool 1 1 x", 9: "flatten 1 1 x", 10: "softmax 1 1 x", 11: "dropout 1 1 x ratio=0.5",
    12: "add 2 2 operand,operand", 13: "concat 2 64 x", 14: "channel_shuffle 1 1 x groups=1",
    15: "lrn 1 1 x size=5 alpha=0.0001 beta=0.75 k=1.0",
    16: "mul 2 2 operand,operand", 17: "sub 2 2 operand,operand", 18: "div 2 2 operand,operand",
    19: "leaky_relu 1 1 x alpha=0.01", 20: "prelu 2 2 x,slope", 21: "sigmoid 1 1 x", 22: "tanh 1 1 x",
    23: "hard_sigmoid 1 1 x alpha=0.2 beta=0.5", 24: "hard_swish 1 1 x", 25: "log_softmax 1 1 x",
    26: "global_max_pool 1 1 x", 27: "slice 1 1 x axis=1 begin=0 end=0 step=1",
    28: "pad 1 1 x pad=0,0,0,0 value=0.0 mode=0", 29: "transpose 1 1 x perm=", 30: "reshape 1 1 x dims=",
    31: "resize 1 1 x size=1x1 mode=0 coordinates=0 rounding=0",
    32: "conv_transpose2d 2 3 x,weight,bias stride=1x1 pad=0,0,0,0 dilation=1x1 output_pad=0x0 groups=1",
    33: "depth_to_space 1 1 x block=2 crd=false", 34: "sign 1 1 x",
    35: "input_scale 1 1 x kernel=1x1 stride=1x1 pad=0,0,0,0 dilation=1x1",
    36: "elu 1 1 x alpha=1.0", 37: "softplus 1 1 x", 38: "erf 1 1 x",
    39: "layer_norm 3 3 x,scale,bias epsilon=0.00001",
    40: "group_norm 3 3 x,scale,bias groups=1 epsilon=0.00001",
}

class GraphSection:
    def __init__(self, block):
        self.source, self.last_name = ByteReader(block), b""
        self.values, self.inputs, self.nodes, self.constants = [], [], [], []
        self.name = self.source.text()
        for _ in range(self.source.varint(65536)):
            name = self.read_name()
            self.inputs.append((name, [self.source.varint(2**31) for _ in range(self.source.varint(8))]))
            self.values.append(name)
        for _ in range(self.source.varint(65536)):
            self.read_node()
        self.outputs = [self.values[self.before(self.source.varint() + 1)]
                        for _ in range(self.source.varint(65536))]
        require(self.source.remaining() == 0, "the graph section has bytes too many")

    def read_name(self):
        lengths = self.source.number("B")
        shared, fresh = lengths >> 4, lengths & 15
        shared += self.source.varint() if shared == 15 else 0
        fresh += self.source.varint() if fresh == 15 else 0
        require(shared <= len(self.last_name) and shared + fresh <= 255, "a name is too long")
        self.last_name = self.last_name[:shared] + self.source.take(fresh)
        return self.last_name.decode("utf-8", "surrogateescape")

    def before(self, distance):
        require(1 <= distance <= len(self.values), "refers to a value that does not exist")
        return len(self.values) - distance

    def read_integer(self):
        coded = self.source.varint(2**32 - 1)
        return str(-(coded >> 1) - 1 if coded & 1 else coded >> 1)

    def read_attribute(self, default):
        """As text, of the type that the default has."""
        if default in ("false", "true"):
            return "true" if default == "false" else "false"
        if "." in default:
            return shortest_float(self.source.number("<f"))
        separator = "x" if "x" in default else ","
        count = len(default.split(separator)) if default else self.source.varint(8)
        return separator.join(self.read_integer() for _ in range(count))

    def read_node(self):
        op_id = self.source.number("B")
        require(op_id in OPS, f"op {op_id} is not known")
        op, least, most, roles, *fields = OPS[op_id].split()
        least, most, roles = int(least), int(most), roles.split(",")
        form = self.source.varint() if fields or least < most else 0
        count = least + (form >> len(fields))
        require(count <= most, f"{op} has too many inputs")
        attributes = ""
        for i, field in enumerate(fields):
            name, default = field.split("=")
            attributes += f" {name}={self.read_attribute(default)}" if form >> i & 1 else ""
        inputs, unnamed = [], []
        for i in range(count):
            reference = self.source.varint()
            inputs.append(self.before(reference - 1) if reference >= 2 else len(self.values))
            if reference >= 2:
                continue
            self.constants.append(len(self.values))
            if reference == 0:
                require(i < len(roles), "a constant without a role needs a name")
                unnamed.append((len(self.values), roles[i]))
            self.values.append(self.read_name() if reference == 1 else None)
        name = self.read_name()
        for value, role in unnamed:
            self.values[value] = f"{name}.{role}"
        self.values.append(name)
        self.nodes.append((name, op, inputs, attributes))

# --- Section 6: weights
ENCODINGS = ["dense", "sparse", "codebook", "sparse+codebook"]
GAPS, BITMAP, JOINT = 1, 2, 3

def read_gap_positions(source, kept, elements):
    bits = source.number("B")
    require(2 <= bits <= 16, f"an index of {bits} bits")
    filler = 2**bits - 1
    stream = SymbolStream(source, 2**bits)
    require(stream.only != filler, "an index of fillers only")
    positions, at = [], 0
    while len(positions) < kept:
        symbol = stream.next()
        at += symbol
        require(at < elements, "a position lies outside the weight")
        if symbol != filler:
            positions.append(at)
            at += 1
    stream.finish()
    return positions

class WeightRecord:
    def __init__(self, record, budget):
        source = ByteReader(record)
        head = source.number("B")
        self.encoding = ENCODINGS[head & 3]
        by_columns, form, shared = head >> 2 & 1, head >> 3 & 3, head >> 5 & 1
        rank = (1, 2, 4)[head >> 6] if head >> 6 < 3 else source.number("B")
        require(rank <= 8, f"a weight of {rank} dimensions")
        self.shape = [source.varint(2**31) for _ in range(rank)]
        elements = math.prod(self.shape)
        require(elements <= 2**31, "a weight of too many elements")
        sparse = "sparse" in self.encoding
        self.kept = source.varint(elements) if sparse else elements
        require(self.kept <= budget, "keeps more values than a file of its size may")
        if self.encoding == "codebook" and form == BITMAP:
            require(not by_columns and rank > 0, "a form that contradicts itself")
            self.encoding, self.values = "signs", self.read_signs(source, shared, elements)
            return
        ranged = form == JOINT and not shared
        require((ranged or sparse == (form != 0)) and
                (not by_columns or (form == GAPS or ranged and sparse) and rank > 0), "a form that contradicts itself")
        read = self.read_range_coded if ranged else self.read_parts
        positions, values = read(source, (form, shared, elements), by_columns) if self.kept else ([], [])
        require(source.remaining() == 0, "a weight record has bytes too many")
        if by_columns and positions:
            rows, columns = self.shape[0], elements // self.shape[0]
            positions = [p % rows * columns + p // rows for p in positions]
        self.values = [0.0] * elements if sparse else values
        for position, value in zip(positions, values):
            self.values[position] = value

    def read_signs(self, source, ranged, elements):
        bits = b"" if ranged else source.take((elements + 7) // 8)
        require(not any(bits[i // 8] >> (7 - i % 8) & 1 for i in range(elements, 8 * len(bits))), "too many signs")
        scales = read_floats(source, self.shape[0] if elements else 0)
        if ranged:
            _, signs = decode_slices(source, self.shape, False, 1, elements, False, [-1.0, 1.0])
        else:
            signs = [bits[i // 8] >> (7 - i % 8) & 1 for i in range(elements)]
        require(source.remaining() == 0, "a weight record has bytes too many")
        filter_size = elements // max(len(scales), 1)
        return [scales[i // filter_size] * (1 if sign else -1) for i, sign in enumerate(signs)]

    def read_range_coded(self, source, _, by_columns):
        sparse, count = "sparse" in self.encoding, source.varint(65536)
        require(count <= self.kept and (sparse or count > 0), "nothing to code, or more centroids than values")
        period = source.varint(65536) if len(self.shape) == 2 and not by_columns else 1
        floats = read_floats(source, count or self.kept)
        positions, codes = decode_slices(source, self.shape, by_columns, period, self.kept, sparse,
                                         floats if count else [])
        return positions, [floats[code] for code in codes] if count else floats

    def read_parts(self, source, head, _):
        form, shared, elements = head
        positions = range(elements)
        if form == GAPS:
            positions = read_gap_positions(source, self.kept, elements)
        if form == BITMAP:
            bits = source.take((elements + 7) // 8)
            positions = [i for i in range(8 * len(bits)) if bits[i // 8] >> (7 - i % 8) & 1]
            require(len(positions) == self.kept and positions[-1] < elements, "a bitmap with wrong bits")
        if not shared:
            return positions, read_floats(source, self.kept)
        count = 1 + source.varint(65535)
        require(count <= self.kept, "more centroids than values")
        centroids = read_floats(source, count)
        if form != JOINT:
            return positions, [centroids[code] for code in read_symbols(source, self.kept, count)]
        require(count < 65536, "too many centroids for joint codes")
        codes = read_symbols(source, elements, count + 1)
        positions = [i for i, code in enumerate(codes) if code > 0]
        require(len(positions) == self.kept, "joint codes keep the wrong number of values")
        return positions, [centroids[codes[i] - 1] for i in positions]

# --- Section 7: metadata, and the whole
def read_model(data):
    sections = split_sections(data)
    graph = GraphSection(read_block(sections[GRAPH]))
    budget, weights = 2**20 + 8 * len(data), {}
    source = ByteReader(sections.get(WEIGHTS, b""))
    for value in graph.constants:
        weights[value] = WeightRecord(source.take(source.varint()), budget)
        budget -= weights[value].kept
    require(source.remaining() == 0, "the weights section has bytes too many")
    metadata = {}
    if METADATA in sections:
        source = ByteReader(read_block(sections[METADATA]))
        for _ in range(source.varint()):
            key = source.text(2**32)
            require(key not in metadata, f"metadata key {key} stands twice")
            metadata[key] = source.text(2**32)
        require(source.remaining() == 0, "the metadata section has bytes too many")
    return graph, weights, metadata

def print_model(graph, weights, metadata):
    print(f"graph {graph.name}")
    for name, shape in graph.inputs:
        print(f"input {name} {'x'.join(map(str, shape))}")
    for value, weight in weights.items():
        crc = zlib.crc32(struct.pack(f"<{len(weight.values)}f", *weight.values))
        print("weight", graph.values[value], "x".join(map(str, weight.shape)) or "scalar", weight.encoding,
              f"kept={weight.kept} crc32={crc:08x}")
    for key, value in sorted(metadata.items()):
        print("meta", key, "=", value.replace("\\", "\\\\").replace("\n", "\\n"))
    for name, op, inputs, attributes in graph.nodes:
        print(f"{name} = {op}({', '.join(graph.values[i] for i in inputs)}){attributes}")
    for name in graph.outputs:
        print(f"output {name}")

def main():
    for path in sys.argv[1:]:
        try:
            with open(path, "rb") as file:
                print_model(*read_model(file.read()))
        except (OSError, ValueError) as error:
            sys.exit(f"{path}: {error}")

if __name__ == "__main__":
    main()
