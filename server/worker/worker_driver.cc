// Runs one job by hand, sandbox and all: worker_driver WORKER probe INPUT
//                                        worker_driver WORKER ORDER INPUT OUTPUT
// ORDER is a text-format spool.worker.Order, such as
// 'run { outputs { spec { resize { width: 800 height: 600 } } } }'. Prints the final
// report as JSON, or how the child ended. Exit code 0 if the job was done.

#include <fcntl.h>

#include <iostream>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "server/worker/worker_harness.h"

namespace {

// spoold's defaults.
constexpr char kLimits[] =
    "limits { max_pixels: 67108864 max_streams: 64 max_alloc_bytes: 536870912 max_output_bytes: 8589934592 } threads: "
    "1";

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!MessageToJsonString(message, &json, options).ok()) return message.ShortDebugString();
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::cerr << "usage: worker_driver WORKER ORDER|probe INPUT [OUTPUT]\n";
    return 2;
  }
  const std::string what = argv[2] == std::string("probe") ? "probe {}" : argv[2];
  const std::string path = argv[3];
  spool::worker::Order order;
  if (!google::protobuf::TextFormat::ParseFromString(kLimits, &order) ||
      !google::protobuf::TextFormat::MergeFromString(what, &order)) {
    std::cerr << "that is no order\n";
    return 2;
  }
  if (const size_t dot = path.rfind('.'); order.input_extension().empty() && dot != std::string::npos) {
    order.set_input_extension(path.substr(dot + 1));
  }
  auto harness = spool::worker::WorkerHarness::Start(argv[1], {});
  if (!harness.ok()) {
    std::cerr << harness.status() << "\n";
    return 2;
  }
  spool::UniqueFd input(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  spool::UniqueFd output(argc == 5 ? open(argv[4], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1);
  spool::worker::ZygoteRequest::Spawn spawn;
  spawn.set_max_output_bytes(order.limits().max_output_bytes());
  spawn.set_max_cpu_seconds(3600);
  std::vector<int> outputs;
  if (output.valid()) outputs.push_back(output.get());
  auto outcome = (*harness)->Run(order, spawn, input.get(), outputs, absl::Hours(1));
  if (!outcome.ok()) {
    std::cerr << outcome.status() << "\n";
    return 2;
  }
  const spool::worker::Report& last = outcome->last();
  const bool is_final = last.has_done() || last.has_probed() || last.has_failed();
  std::cout << (is_final ? ToJson(last) : ToJson(outcome->exited)) << "\n";
  return last.has_done() || last.has_probed() ? 0 : 1;
}
