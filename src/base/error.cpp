#include "base/error.h"

namespace netsuke {

void throw_error(ErrorCode code, std::initializer_list<Piece> sentence) {
  throw Error(code, join_pieces(sentence));
}

}  // namespace netsuke
