// spoold's manual page: its flags in groups, and what else an operator asks of --help.

#ifndef SPOOL_SERVER_APP_MANUAL_H_
#define SPOOL_SERVER_APP_MANUAL_H_

#include "server/base/manual_page.h"

namespace spool::app {

// Flags that are in no group of manual.cc come under "Other"; there should be none.
ManualPage SpooldManual();

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_MANUAL_H_
