// Curves side by side, as a picture that any browser shows.
#pragma once

#include <string>
#include <vector>

namespace netsuke::report {

struct Point {
  double x = 0, y = 0;
};

struct Curve {
  std::string name;
  std::vector<Point> points;  ///< in the order in which they are joined
};

/// One small picture of several curves.
struct Panel {
  std::string title;
  std::vector<Curve> curves;
};

/// All panels in rows of four, with one scale for all of them, as SVG: y from 0 to `most_y` (what lies above
/// is drawn at the edge), x from the largest value at the left to the smallest at the right, as things are
/// taken away.
std::string curves_svg(const std::vector<Panel>& panels, const std::string& x_title,
                       const std::string& y_title, double most_y);

}  // namespace netsuke::report
