// Bookkeeping while a plan is made: what is stored, in which layout, inside of what, and for how long.
#pragma once

#include <limits>
#include <vector>

#include "runtime/place.h"
#include "tensor/shape.h"

namespace netsuke::runtime {

using SlotId = size_t;
inline constexpr size_t kNone = std::numeric_limits<size_t>::max();

/// Slots become places once all are known. A slot may lie inside of another one, as some of its channels (a
/// part of a concatenation, a slice) or as the same values under another shape.
class Slots {
 public:
  /// The caller's input, in planes.
  SlotId add_input(const Shape& shape);
  /// What some step or steps will write.
  SlotId add(const Shape& shape, Layout layout);
  /// What lies in `parent` from its channel `shift` on.
  SlotId add_view(const Shape& shape, SlotId parent, size_t shift, Layout layout);
  /// Makes a slot that was written some of the channels of `parent`; both are in layout `pixels`.
  void put_into(SlotId slot, SlotId parent, size_t shift);
  /// Notes what a step does.
  void read(SlotId slot, size_t step);
  void write(SlotId slot, size_t step);

  Layout layout(SlotId slot) const { return slots_[slot].layout; }
  /// True if both layouts are the same for it, wherever it will lie.
  bool is_either(SlotId slot) const;
  /// True if it can still be put into another slot: steps wrote it, in layout `pixels`.
  bool is_movable(SlotId slot) const;

  /// True if nothing writes the slot from `step` on.
  bool is_written_before(SlotId slot, size_t step) const;

  /// Lays out all slots.
  void resolve();
  Place place(SlotId slot) const;
  size_t arena() const { return arena_; }
  /// Floats of the largest set of slots that are needed at one time.
  size_t live() const { return live_; }

 private:
  struct Slot {
    Layout layout{};
    size_t channels = 1, pixels = 1;
    SlotId parent = kNone;
    size_t shift = 0;
    bool in_input = false;
    size_t written = 0;              // the last step that writes it
    size_t first = kNone, last = 0;  // steps that need it or what lies inside
  };

  SlotId push(const Shape& shape, Layout layout);
  SlotId root(SlotId slot) const;
  void need(SlotId slot, size_t step);

  std::vector<Slot> slots_;
  std::vector<size_t> offsets_;  // of roots
  size_t arena_ = 0, live_ = 0;
};

}  // namespace netsuke::runtime
