#include "client/cli/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/text.h"

namespace spool::cli {

std::string RenderTable(const std::vector<TableRow>& rows, absl::string_view indent, const Palette& palette,
                        const std::function<Colour(size_t row)>& colour) {
  std::vector<int> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  std::string table;
  for (size_t r = 0; r < rows.size(); ++r) {
    absl::StrAppend(&table, indent);
    for (size_t i = 0; i < rows[r].size(); ++i) {
      std::string cell = rows[r][i];
      const bool last = i + 1 == rows[r].size();
      if (!last) cell.append(widths[i] + 2 - Columns(cell), ' ');
      const Colour paint = r == 0 ? Colour::kDim : i == 0 && colour ? colour(r) : Colour::kPlain;
      absl::StrAppend(&table, palette.Paint(paint, cell));
    }
    table += "\n";
  }
  return table;
}

}  // namespace spool::cli
