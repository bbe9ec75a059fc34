// Numbers for people.
#pragma once

#include <string>

namespace netsuke {

/// "0.12": with so many decimals, as two or three are all that a person reads.
std::string rounded(double value, int decimals);

}  // namespace netsuke
