"""The range coder of .nsk files and its models, written from docs/range-coder.md alone and in its order.

A part of read_nsk.py: needs Python 3.8 and nothing else. Section numbers refer to docs/range-coder.md.
"""
import math
import struct

def require(ok, message):
    if not ok:
        raise ValueError(message)

# --- Section 1: the decoder

class RangeDecoder:
    def __init__(self, data):
        self.data, self.at, self.range = data, 0, 2**64 - 1
        self.value = self.word() << 32 | self.word()

    def word(self):
        four = self.data[self.at:self.at + 4]
        self.at += 4
        return int.from_bytes(four + bytes(4 - len(four)), "big")

    def bit(self, one):
        """The next bit, whose probability of being 1 is `one` / 65536."""
        bound = (self.range >> 16) * one
        bit = int(self.value < bound)
        if bit:
            self.range = bound
        else:
            self.range, self.value = self.range - bound, self.value - bound
        if self.range < 2**32:
            self.range, self.value = self.range << 32, self.value << 32 | self.word()
        return bit

    def finish(self):
        require(len(self.data) <= self.at, "bytes too many behind a range-coded stream")
        require(not self.data or self.data[-1] != 0, "a range-coded stream ends in a zero")

# --- Section 2: adaptive bits and mixing

POINTS = [22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793, 47911,
          53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514]

def squashed_by_lines(x):
    point, rest = divmod(x + 2048, 128)
    return POINTS[point] + (POINTS[point + 1] - POINTS[point]) * rest // 128

SQUASH = [squashed_by_lines(x) for x in range(-2048, 2048)]

def make_logits():
    logits, x = [], -2047
    for p in range(4096):
        while x < 2047 and SQUASH[x + 2048] < 16 * p + 8:
            x += 1
        logits.append(x)
    return logits

LOGIT = make_logits()
RATE = [131072 // (2 * n + 3) for n in range(256)]
CONFIDENCE = [0 if n < 2 else (512 * n - 768) // (2 * n - 2) for n in range(256)]

class AdaptiveBit:
    __slots__ = ("p", "count")

    def __init__(self, p=2**21, count=0):
        self.p, self.count = p, count

    def logit(self):
        return LOGIT[self.p >> 10]

    def stretched(self):
        return self.logit() * CONFIDENCE[self.count] >> 8

    def probability(self):
        return min(max(self.p >> 6, 22), 65514)

    def update(self, bit):
        self.p += ((2**22 - 1 if bit else 0) - self.p) * RATE[self.count] >> 16
        self.count = min(self.count + 1, 255)

    def decode(self, coder):
        bit = coder.bit(self.probability())
        self.update(bit)
        return bit

class Mixer:
    def __init__(self, sets, inputs, rate, first, other):
        self.rate, self.weights = rate, [[first] + [other] * (inputs - 1) for _ in range(sets)]

    def decode(self, coder, which, start, inputs):
        weights = self.weights[which]
        for model in inputs:
            if model.count == 0:
                model.p, model.count = start.p, 2
        logits = [model.stretched() for model in inputs]
        total = sum(w * x for w, x in zip(weights, logits)) >> 16
        one = SQUASH[min(max(total, -2047), 2047) + 2048]
        bit = coder.bit(one)
        error = ((bit << 16) - one) * self.rate
        for i, model in enumerate(inputs):
            weights[i] = min(max(weights[i] + (logits[i] * error >> 18), -2**20), 2**20)
            model.update(bit)
        return bit

# --- Section 3: numbers

def decode_tree(coder, nodes, bits):
    node = 1
    for _ in range(bits):
        node = 2 * node + nodes[node].decode(coder)
    return node - (1 << bits)

def decode_even(coder, bits):
    value = 0
    for _ in range(bits):
        value = value << 1 | coder.bit(32768)
    return value

def decode_ascending(data, count):
    coder, widths, numbers, following = RangeDecoder(data), [AdaptiveBit() for _ in range(64)], [], 0
    for _ in range(count):
        width = decode_tree(coder, widths, 6)
        step = 1 << (width - 1) | decode_even(coder, width - 1) if 0 < width <= 32 else 0
        numbers.append((following + step) % 2**32)
        following = (numbers[-1] + 1) % 2**32
    coder.finish()
    return numbers

def decode_fields(data, count, exponent_bits, fraction_bits):
    coder, sign, exponents = RangeDecoder(data), AdaptiveBit(), [AdaptiveBit() for _ in range(1 << exponent_bits)]
    numbers = []
    for _ in range(count):
        number = sign.decode(coder) << exponent_bits
        number = (number | decode_tree(coder, exponents, exponent_bits)) << fraction_bits
        numbers.append(number | decode_even(coder, fraction_bits))
    coder.finish()
    return numbers

def to_f32(value):
    """Rounded to single precision."""
    return struct.unpack("<f", struct.pack("<f", value))[0]

def float_of_ordered(number):
    bits = number & 0x7FFFFFFF if number >> 31 else ~number & 0xFFFFFFFF
    return struct.unpack("<f", struct.pack("<I", bits))[0]

def decode_floats(source, form, count):
    """Floats in the forms 5 to 8 of docs/format.md, section 4."""
    require(form <= 8, f"floats in form {form}")
    low, step = (source.number("<f"), source.number("<f")) if form == 8 else (0, 0)
    data = source.take(source.varint(source.remaining()))
    if form == 6:
        return list(struct.unpack(f"<{count}f", struct.pack(f"<{count}I", *decode_fields(data, count, 8, 23))))
    if form == 7:
        return list(struct.unpack(f"<{count}e", struct.pack(f"<{count}H", *decode_fields(data, count, 5, 10))))
    numbers = decode_ascending(data, count)
    return [to_f32(low + to_f32(i * step)) if form == 8 else float_of_ordered(i) for i in numbers]

# --- Section 4: codes as decisions

def share(part, rest):
    p = part / (part + rest) if part > 0 and rest > 0 and math.isfinite(part + rest) else 0.5
    return int(min(max(p, 1 / 1024), 1023 / 1024) * 2**22)

class RankTree:
    def __init__(self, centroids):
        self.negatives = next((i for i, c in enumerate(centroids) if math.copysign(1, c) > 0), len(centroids))
        self.sizes = [len(centroids) - self.negatives, self.negatives]
        most = max(self.sizes)
        self.levels = (most - 1).bit_length() if most > 1 else 0
        self.starts = [[(2**21, 0)] * (1 << self.levels) for _ in range(2)]
        sides = [centroids[self.negatives:], centroids[:self.negatives][::-1]]
        for negative in (0, 1):
            if self.sizes[negative] >= 2:
                self.start(negative, [abs(c) for c in sides[negative]])

    def start(self, negative, sizes):
        n = len(sizes)
        edges = [0] + [(sizes[i - 1] + sizes[i]) / 2 for i in range(1, n)] + [0]
        edges[0] = sizes[0] - (edges[1] - sizes[0])
        edges[n] = sizes[-1] + (sizes[-1] - edges[n - 1])
        for level in range(self.levels):
            half = 1 << (self.levels - 1 - level)
            for node in range(1 << level, 2 << level):
                base = (node - (1 << level)) * 2 * half
                if base + half < n:
                    middle, upper = edges[base + half], edges[min(base + 2 * half, n)]
                    self.starts[negative][node] = share(upper - middle, middle - edges[base]), 4 + 8 * level

# --- Section 5: the model of a slice

def table(size):
    return [AdaptiveBit() for _ in range(size)]

def log8(value):
    v = value + 8
    width = v.bit_length()
    return 8 * width + (v >> (width - 4) & 7)

def sign_of(value):
    return (value > 0) - (value < 0) + 1

def sized_sign(value):
    return 2 + (value > 0) - (value < 0) + (value > 2) - (value < -2)

class SliceModel:
    def __init__(self, elements, columns, period, kernel_width, kept, flags, tree):
        self.columns, self.period, self.kernel_width, self.tree = columns, period, kernel_width, tree
        self.margin = max(2 * period, kernel_width, 2)
        self.row, self.above, self.twice = ([0] * (self.margin + columns + 1) for _ in range(3))
        self.column = self.place = self.rows = self.history = 0
        p = share(kept, elements - kept)
        self.overall, self.row_flag = AdaptiveBit(p, 2), AdaptiveBit(p, 2)
        self.flag_mixer, self.sign_mixer = Mixer(4, 5, 3, 13107, 13107), Mixer(1, 4, 6, 13107, 13107)
        self.rank_mixer = Mixer(2, 4, 6, 19660, 9175)
        if flags:
            self.column_flags = [AdaptiveBit(p, 2) for _ in range(columns)]
            self.by_neighbours, self.by_density, self.by_columns = table(2048), table(4096), table(2048)
            self.by_kernel = table(256 * 64)
        if tree:
            self.nodes = [[AdaptiveBit(*start) for start in side] for side in tree.starts]
            self.column_size = [-1] * columns
            self.most = max(tree.sizes)
            self.overall_size = self.row_size = self.most << 6
            self.sign_left, self.sign_kernel, self.sign_around, self.sign_column = map(table, (9, 27, 625, columns))
            self.rank_left, self.rank_size, self.rank_around = (table(4 * n) for n in (8, 16, 64))

    def left(self, distance):
        return self.row[self.margin + self.column - distance]

    def kernel_above(self):
        return self.left(self.kernel_width) if 0 < self.kernel_width <= self.place else 0

    def channel_before(self, channels):
        return self.left(channels * self.period) if self.period > 1 else 0

    def decode_flag(self, coder):
        at, column = self.margin + self.column, self.column_flags[self.column]
        own = column.logit()
        logit_at = lambda c: self.column_flags[c].logit() if 0 <= c < self.columns else own
        around = logit_at(self.column - 1) + logit_at(self.column + 1)
        if self.period > 1:
            around = around + logit_at(self.column - self.period) + logit_at(self.column + self.period) >> 1
        own_class, row_class = own + 2048 >> 8, self.row_flag.logit() + 2048 >> 8
        around_class = (around >> 1) + 2048 >> 7
        rows = min(3, self.rows.bit_length() // 2)
        set_ = lambda *bits: sum((value != 0) << i for i, value in bits)
        neighbours = set_((0, self.above[at]), (1, self.twice[at]), (2, self.above[at - 1]), (3, self.above[at + 1]),
                          (6, self.channel_before(1))) | (self.history & 3) << 4
        lately = min(15, bin(self.history & 0xFFFF).count("1"))
        inputs = [column, self.by_neighbours[neighbours * 16 + own_class],
                  self.by_density[own_class | row_class << 4 | lately << 8],
                  self.by_columns[(around_class * 16 + own_class) * 4 + rows]]
        if self.period > 1:
            kernel = set_((0, self.channel_before(1)), (1, self.channel_before(2)), (2, self.left(self.period - 1)),
                          (3, self.left(self.period + 1)), (7, self.kernel_above())) | (self.history & 7) << 4
            inputs.append(self.by_kernel[kernel + 256 * min(63, self.place)])
        kept = self.flag_mixer.decode(coder, rows, self.overall, inputs)
        self.overall.update(kept)
        self.row_flag.update(kept)
        self.history = self.history << 1 | kept
        self.row[at] = kept
        return kept

    def decode_code(self, coder):
        at, negatives = self.margin + self.column, self.tree.negatives
        negative = int(negatives > 0)
        if all(self.tree.sizes):
            channel, kernel_above = self.channel_before(1), self.kernel_above()
            kernel = 9 * sign_of(channel) + 3 * sign_of(self.channel_before(2)) + sign_of(kernel_above)
            far = (kernel_above, channel) if self.period > 1 else (self.twice[at], self.left(2))
            around = 125 * sized_sign(far[0]) + 25 * sized_sign(far[1]) + \
                5 * sized_sign(self.above[at]) + sized_sign(self.left(1))
            negative = self.sign_mixer.decode(coder, 0, AdaptiveBit(), [
                self.sign_left[3 * sign_of(self.left(1)) + sign_of(self.left(2))],
                self.sign_kernel[kernel], self.sign_around[around], self.sign_column[self.column]])
        rank = self.decode_rank(coder, negative, at)
        size_class = 1 + 7 * rank // self.most
        self.row[at] = -size_class if negative else size_class
        size = rank << 8
        self.overall_size += size - self.overall_size >> 6
        self.row_size += size - self.row_size >> 3
        column = self.column_size[self.column]
        self.column_size[self.column] = size if column < 0 else column + (size - column >> 2)
        return negatives - 1 - rank if negative else negatives + rank

    def decode_rank(self, coder, negative, at):
        column = self.column_size[self.column]
        column = self.overall_size if column < 0 else column
        size = (log8(self.row_size) + log8(column) - 2 * log8(self.overall_size)) * 5 >> 3
        left = (2 * abs(self.left(1)) + abs(self.left(2)) + 1) // 3
        around = 8 * abs(self.channel_before(1)) + abs(self.kernel_above()) if self.period > 1 else abs(self.above[at])
        size = min(max(size, -8), 7) + 8
        node, base = 1, 0
        for level in range(self.tree.levels):
            half, upper = 1 << (self.tree.levels - 1 - level), 0
            if base + half < self.tree.sizes[negative]:
                own = self.nodes[negative][node]
                if level >= 2:
                    upper = own.decode(coder)
                else:
                    upper = self.rank_mixer.decode(coder, level, own, [
                        own, self.rank_left[4 * left + node], self.rank_size[4 * size + node],
                        self.rank_around[4 * around + node]])
            base, node = base + half * upper, 2 * node + upper
        return base

    def next(self):
        self.column, self.place = self.column + 1, (self.place + 1) % self.period
        if self.column == self.columns:
            self.column = self.place = self.history = 0
            self.rows += 1
            self.row, self.above, self.twice = [0] * len(self.row), self.row, self.above
            self.row_flag = AdaptiveBit(self.overall.p, 2)
            if self.tree:
                self.row_size = self.overall_size

def decode_slice(data, elements, columns, period, kernel_width, kept, flags, tree):
    """Positions within the slice, and codes."""
    asked = flags and kept < elements
    coder, model = RangeDecoder(data), SliceModel(elements, columns, period, kernel_width, kept, asked, tree)
    positions, codes = [], []
    for element in range(elements):
        if len(positions) == kept:
            break
        if not asked or model.decode_flag(coder):
            positions.append(element)
            codes += [model.decode_code(coder)] if tree else []
        model.next()
    require(len(positions) == kept, "a slice keeps the wrong number of values")
    coder.finish()
    return positions, codes

# --- Section 6: slices

def slices_of(shape, transposed, stated_period):
    elements = math.prod(shape)
    row = elements if len(shape) < 2 else elements // max(shape[0], 1)
    row = shape[0] if transposed else row
    columns, period, kernel_width = min(max(row, 1), 65536), 1, 0
    if not transposed and len(shape) == 4 and shape[2] * shape[3] <= columns:
        period, kernel_width = max(shape[2] * shape[3], 1), shape[3] if shape[2] > 1 else 0
    if not transposed and len(shape) == 2 and 0 < stated_period <= columns:
        period = stated_period
    most = max(2**20 // columns, 1) * columns
    return [(min(most, elements - done), columns, period, kernel_width) for done in range(0, elements, most)]

def decode_slices(source, shape, transposed, period, kept, flags, centroids):
    """Positions in the order of the slices (ascending), and codes; `source` is a ByteReader."""
    slices, parts, left = slices_of(shape, transposed, period), [], kept
    tree = RankTree(centroids) if centroids else None
    for i, (elements, *_) in enumerate(slices):
        last = i + 1 == len(slices)
        count = elements if not flags else left if last else source.varint(min(left, elements))
        require(count <= elements, "a slice keeps too many values")
        parts.append((count, None if last else source.varint(source.remaining())))
        left -= count
    positions, codes, first = [], [], 0
    for layout, (count, size) in zip(slices, parts):
        data = source.take(source.remaining() if size is None else size)
        found, coded = decode_slice(data, *layout, count, flags, tree)
        positions += [first + position for position in found]
        codes += coded
        first += layout[0]
    return positions, codes
