// 16-bit floats (IEEE 754 binary16).
#pragma once

namespace netsuke {

/// The nearest float that binary16 can hold, ties to the even one; the value itself beyond its range
/// (65,504).
float round_to_half(float value);

}  // namespace netsuke
