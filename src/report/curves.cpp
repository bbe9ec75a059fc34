#include "report/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace netsuke::report {
namespace {

constexpr int kColumns = 4, kWidth = 220, kHeight = 150, kMargin = 34, kHead = 46;
constexpr const char* kColours[] = {"#1b6ca8", "#d1495b", "#4c9f70", "#8d6a9f"};

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

struct Range {
  double low = HUGE_VAL, high = -HUGE_VAL;
};

Range range_of_x(const std::vector<Panel>& panels) {
  Range range;
  for (const Panel& panel : panels)
    for (const Curve& curve : panel.curves)
      for (const Point& point : curve.points) {
        range.low = std::min(range.low, point.x);
        range.high = std::max(range.high, point.x);
      }
  if (!(range.high > range.low)) range = {0, 1};
  return range;
}

class Drawing {
 public:
  Drawing(Range x, double most_y) : x_(x), most_y_(most_y) {}

  void panel(const Panel& panel, int left, int top) {
    left_ = left + kMargin;
    top_ = top + 18;
    svg_ += fmt::format("<text x='{}' y='{}'>{}</text>\n", left_, top + 12, escaped(panel.title));
    svg_ += fmt::format("<rect x='{}' y='{}' width='{}' height='{}' fill='none' stroke='#bbb'/>\n", left_,
                        top_, width(), height());
    label(left_ - 4, top_ + 9, "end", most_y_);
    label(left_ - 4, top_ + height(), "end", 0);
    label(left_, top_ + height() + 12, "start", x_.high);
    label(left_ + width(), top_ + height() + 12, "end", x_.low);
    for (size_t i = 0; i < panel.curves.size(); ++i)
      curve(panel.curves[i], kColours[i % std::size(kColours)]);
  }
  void legend(const Panel& panel, int top) {
    int left = kMargin;
    for (size_t i = 0; i < panel.curves.size(); ++i) {
      svg_ += fmt::format("<text x='{}' y='{}' fill='{}'>{}</text>\n", left, top,
                          kColours[i % std::size(kColours)], escaped(panel.curves[i].name));
      left += 24 + 7 * static_cast<int>(panel.curves[i].name.size());
    }
  }
  const std::string& svg() const { return svg_; }

 private:
  static int width() { return kWidth - kMargin - 8; }
  static int height() { return kHeight - 40; }
  void label(int x, int y, const char* anchor, double value) {
    svg_ +=
        fmt::format("<text x='{}' y='{}' text-anchor='{}' fill='#777'>{:g}</text>\n", x, y, anchor, value);
  }
  void curve(const Curve& curve, const char* colour) {
    std::string points;
    for (const Point& p : curve.points) {
      const double right = (x_.high - p.x) / (x_.high - x_.low);
      const double up = std::clamp(p.y / most_y_, 0.0, 1.0);
      points += fmt::format("{:.1f},{:.1f} ", left_ + right * width(), top_ + (1 - up) * height());
    }
    svg_ +=
        fmt::format("<polyline points='{}' fill='none' stroke='{}' stroke-width='1.5'/>\n", points, colour);
  }

  Range x_;
  double most_y_;
  int left_ = 0, top_ = 0;
  std::string svg_;
};

}  // namespace

std::string curves_svg(const std::vector<Panel>& panels, const std::string& x_title,
                       const std::string& y_title, double most_y) {
  Drawing drawing(range_of_x(panels), most_y);
  for (size_t i = 0; i < panels.size(); ++i) {
    const int at = static_cast<int>(i);
    drawing.panel(panels[i], at % kColumns * kWidth, kHead + at / kColumns * kHeight);
  }
  if (!panels.empty()) drawing.legend(panels[0], 34);
  const int rows = (static_cast<int>(panels.size()) + kColumns - 1) / kColumns;
  return fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='{}' font-family='sans-serif' "
      "font-size='11'>\n<text x='{}' y='16'>{} against {}</text>\n{}</svg>\n",
      kColumns * kWidth, kHead + rows * kHeight, kMargin, escaped(y_title), escaped(x_title), drawing.svg());
}

}  // namespace netsuke::report
