// The heap that training works in, where torch's tensors are.
#pragma once

namespace netsuke::train {

/// Keeps what is freed: every step asks for it again, and giving it back to the system in between costs a
/// page fault for every 4 kB, a fifth of the time of a small net's step. Before anything of torch is called.
void set_up_heap();

/// Before each step: what the heap has grown by, yet untouched, is to come in pages of 2 MB. A second
/// training in one process finds the heap in pieces, and took three times as long as the first while each
/// pass over an activation waited for the addresses of small pages (vgg_small on a Zen 5: 527 images/s, then
/// 195; with large pages 562, then 519). Costs nothing where the heap has not grown. For one thread at a
/// time.
void take_large_pages();

}  // namespace netsuke::train
