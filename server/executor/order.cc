#include "server/executor/order.h"

#include "google/protobuf/repeated_field.h"
#include "server/base/proto_time.h"
#include "server/job/output_name.h"
#include "server/job/spec.h"

namespace spool::executor {
namespace {

worker::Order OrderAbout(absl::string_view input, int threads, const AttemptLimits& limits,
                         const files::MediaFiles& files) {
  worker::Order order;
  order.set_threads(threads);
  order.set_input_extension(files.InputExtension(input));
  order.mutable_limits()->set_max_pixels(limits.max_pixels);
  order.mutable_limits()->set_max_streams(limits.max_streams);
  order.mutable_limits()->set_max_alloc_bytes(limits.max_alloc_bytes);
  order.mutable_limits()->set_max_output_bytes(limits.max_output_bytes);
  *order.mutable_limits()->mutable_max_media_duration() = ToProto(limits.max_media_duration);
  return order;
}

void AddOutputs(const v1::Job& job, google::protobuf::RepeatedPtrField<worker::Order::Output>& outputs) {
  for (v1::OutputSpec& spec : job::OutputsOf(job)) {
    worker::Order::Output& output = *outputs.Add();
    output.set_container_hint(job::ContainerOfPath(spec.output()));
    // Sixteen paths could be longer than a packet, and the worker knows no names of files anyhow.
    spec.clear_output();
    *output.mutable_spec() = std::move(spec);
  }
}

}  // namespace

worker::Order RunOrder(const v1::Job& job, int threads, const AttemptLimits& limits, const files::MediaFiles& files) {
  worker::Order order = OrderAbout(job.input(), threads, limits, files);
  AddOutputs(job, *order.mutable_run()->mutable_outputs());
  order.mutable_run()->set_all_or_nothing(job.outputs().all_or_nothing());
  return order;
}

worker::Order PlanOrder(const v1::Job& job, const AttemptLimits& limits, const files::MediaFiles& files) {
  worker::Order order = OrderAbout(job.input(), 1, limits, files);
  AddOutputs(job, *order.mutable_plan()->mutable_outputs());
  return order;
}

worker::Order ProbeOrder(absl::string_view input, const AttemptLimits& limits, const files::MediaFiles& files) {
  worker::Order order = OrderAbout(input, 1, limits, files);
  order.mutable_probe();
  return order;
}

}  // namespace spool::executor
