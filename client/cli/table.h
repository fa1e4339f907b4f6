// Rows in aligned columns.

#ifndef SPOOL_CLIENT_CLI_TABLE_H_
#define SPOOL_CLIENT_CLI_TABLE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/cli/palette.h"

namespace spool::cli {

using TableRow = std::vector<std::string>;

// One line a row, each after `indent`; the first row is the heading, and all have as many cells. Cells are taken as
// they are: escape them first. `colour` is that of a row's first cell, by its number among the rows.
std::string RenderTable(const std::vector<TableRow>& rows, absl::string_view indent, const Palette& palette,
                        const std::function<Colour(size_t row)>& colour = nullptr);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_TABLE_H_
