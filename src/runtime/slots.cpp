#include "runtime/slots.h"

#include <algorithm>

#include "runtime/arena.h"

namespace netsuke::runtime {

SlotId Slots::push(const Shape& shape, Layout layout) {
  Slot slot;
  slot.layout = layout;
  if (shape.size() > 1) slot.channels = static_cast<size_t>(shape[1]);
  for (size_t d = 2; d < shape.size(); ++d) slot.pixels *= static_cast<size_t>(shape[d]);
  slots_.push_back(slot);
  return slots_.size() - 1;
}

SlotId Slots::add_input(const Shape& shape) {
  const SlotId id = push(shape, Layout::planes);
  slots_[id].in_input = true;
  return id;
}

SlotId Slots::add(const Shape& shape, Layout layout) { return push(shape, layout); }

SlotId Slots::add_view(const Shape& shape, SlotId parent, size_t shift, Layout layout) {
  const SlotId id = push(shape, layout);
  slots_[id].parent = parent;
  slots_[id].shift = shift;
  slots_[id].written = slots_[parent].written;
  return id;
}

void Slots::put_into(SlotId slot, SlotId parent, size_t shift) {
  Slot& part = slots_[slot];
  part.parent = parent;
  part.shift = shift;
  slots_[parent].written = std::max(slots_[parent].written, part.written);
  need(parent, part.first);
  need(parent, part.last);
}

void Slots::read(SlotId slot, size_t step) { need(slot, step); }

void Slots::write(SlotId slot, size_t step) {
  need(slot, step);
  for (SlotId id = slot; id != kNone; id = slots_[id].parent)
    slots_[id].written = std::max(slots_[id].written, step);
}

void Slots::need(SlotId slot, size_t step) {
  Slot& of = slots_[root(slot)];
  of.first = std::min(of.first, step);
  of.last = std::max(of.last, step);
}

bool Slots::is_written_before(SlotId slot, size_t step) const {
  return slots_[slot].in_input || slots_[slot].written < step;
}

SlotId Slots::root(SlotId slot) const {
  while (slots_[slot].parent != kNone) slot = slots_[slot].parent;
  return slot;
}

bool Slots::is_either(SlotId slot) const {
  const Slot& s = slots_[slot];
  return s.pixels == 1 || (s.channels == 1 && s.parent == kNone);
}

bool Slots::is_movable(SlotId slot) const {
  const Slot& s = slots_[slot];
  // One channel among others would no longer be the same in both layouts, and somebody may count on that.
  return s.layout == Layout::pixels && s.parent == kNone && !s.in_input && (s.channels > 1 || s.pixels == 1);
}

void Slots::resolve() {
  std::vector<Lifetime> lifetimes;
  std::vector<SlotId> roots;
  size_t steps = 0;
  for (SlotId id = 0; id < slots_.size(); ++id) {
    const Slot& s = slots_[id];
    if (s.parent != kNone || s.in_input || s.first == kNone) continue;
    roots.push_back(id);
    lifetimes.push_back({s.channels * s.pixels, s.first, s.last});
    steps = std::max(steps, s.last + 1);
  }
  const ArenaLayout layout = lay_out(lifetimes);
  offsets_.assign(slots_.size(), 0);
  for (size_t i = 0; i < roots.size(); ++i) offsets_[roots[i]] = layout.offsets[i];
  arena_ = layout.size;
  std::vector<size_t> needed(steps);
  for (const Lifetime& life : lifetimes)
    for (size_t step = life.first; step <= life.last; ++step)
      live_ = std::max(live_, needed[step] += life.size);
}

Place Slots::place(SlotId slot) const {
  const Slot& s = slots_[slot];
  const SlotId in = root(slot);
  Place place;
  place.in_input = slots_[in].in_input;
  place.offset = offsets_[in];
  place.step = slots_[in].channels * slots_[in].pixels;
  for (SlotId id = slot; id != kNone; id = slots_[id].parent) place.shift += slots_[id].shift;
  place.layout = s.layout;
  place.channels = s.channels, place.pixels = s.pixels;
  place.stride = s.pixels > 1 && s.layout == Layout::pixels ? slots_[in].channels : s.channels;
  return place;
}

}  // namespace netsuke::runtime
