#include "recipe/search_state.h"

namespace netsuke::recipe {

using Json = nlohmann::ordered_json;

Json SearchState::json() const {
  Json list = Json::array();
  for (const Attempt& a : attempts) list.push_back({a.asked, a.bytes, a.density, a.error, a.ms, a.seconds});
  return {{"original_error", original_error},
          {"first_ms", first_ms},
          {"attempts", list},
          {"best", best},
          {"step", step},
          {"asked", asked},
          {"slope", slope},
          {"front_ms", front_ms},
          {"effort", effort},
          {"polishes", polishes},
          {"again", again},
          {"trained", trained},
          {"finished", finished},
          {"seconds", seconds}};
}

SearchState SearchState::of(const Json& json) {
  SearchState s;
  s.original_error = json.at("original_error");
  s.first_ms = json.at("first_ms");
  for (const Json& a : json.at("attempts"))
    s.attempts.push_back({a.at(0), a.at(1), a.at(2), a.at(3), a.at(4), a.at(5)});
  s.best = json.at("best");
  s.step = json.at("step");
  s.asked = json.at("asked");
  s.slope = json.at("slope");
  s.front_ms = json.at("front_ms");
  s.effort = json.at("effort");
  s.polishes = json.at("polishes");
  s.again = json.at("again");
  s.trained = json.at("trained");
  s.finished = json.at("finished");
  s.seconds = json.at("seconds");
  return s;
}

}  // namespace netsuke::recipe
