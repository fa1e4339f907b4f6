#include "server/gateway/methods.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "server/gateway/download_stream.h"
#include "server/gateway/event_pump.h"

namespace spool::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::ServiceDescriptor;

std::unique_ptr<Message> NewOf(const Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

template <typename Calls, typename Request, typename Response>
Method Unary(Calls* calls, void (Calls::*call)(const auth::Caller&, const Request&, Response*, service::Done)) {
  Method method;
  method.unary = [calls, call](const auth::Caller& caller, const Message& request, Message* response,
                               service::Done done) {
    (calls->*call)(caller, static_cast<const Request&>(request), static_cast<Response*>(response), std::move(done));
  };
  return method;
}

const ServiceDescriptor* Service(const FileDescriptor* file, const char* name) { return file->FindServiceByName(name); }

std::vector<const ServiceDescriptor*> OurServices() {
  return {Service(v1::EnqueueRequest::descriptor()->file(), "JobService"),
          Service(v1::PauseQueueRequest::descriptor()->file(), "QueueService"),
          Service(v1::ProbeMediaRequest::descriptor()->file(), "MediaService")};
}

std::string PathOf(const google::protobuf::MethodDescriptor* method) {
  return absl::StrCat("/", method->service()->full_name(), "/", method->name());
}

}  // namespace

std::unique_ptr<Message> Method::NewRequest() const { return NewOf(descriptor->input_type()); }
std::unique_ptr<Message> Method::NewResponse() const { return NewOf(descriptor->output_type()); }
bool Method::HasNoSideEffects() const {
  return descriptor->options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
}

MethodTable::MethodTable(service::Services* services) {
  const std::vector<const ServiceDescriptor*> ours = OurServices();
  using service::JobCalls;
  using service::MediaCalls;
  using service::QueueCalls;
  JobCalls* const jobs = &services->jobs;
  Add(ours[0], "Enqueue", Unary(jobs, &JobCalls::Enqueue));
  Add(ours[0], "EnqueueBatch", Unary(jobs, &JobCalls::EnqueueBatch));
  Add(ours[0], "GetJob", Unary(jobs, &JobCalls::GetJob));
  Add(ours[0], "ListJobs", Unary(jobs, &JobCalls::ListJobs));
  Add(ours[0], "CancelJob", Unary(jobs, &JobCalls::CancelJob));
  Add(ours[0], "RetryJob", Unary(jobs, &JobCalls::RetryJob));
  Add(ours[0], "DeleteJob", Unary(jobs, &JobCalls::DeleteJob));
  Add(ours[0], "PlanJob", Unary(jobs, &JobCalls::PlanJob));
  Add(ours[0], "ListPresets", Unary(jobs, &JobCalls::ListPresets));
  Add(ours[0], "ListEvents", Unary(jobs, &JobCalls::ListEvents));
  Method watch;
  watch.stream = [jobs](const auth::Caller& caller, const Message& request, std::shared_ptr<Exchange> exchange,
                        std::unique_ptr<StreamFormat> format, absl::Duration timeout) {
    StartEventPump(jobs, caller, static_cast<const v1::WatchEventsRequest&>(request), std::move(exchange),
                   std::move(format), timeout);
  };
  Add(ours[0], "WatchEvents", std::move(watch));
  QueueCalls* const queue = &services->queue;
  Add(ours[1], "GetQueueStats", Unary(queue, &QueueCalls::GetQueueStats));
  Add(ours[1], "PauseQueue", Unary(queue, &QueueCalls::PauseQueue));
  Add(ours[1], "ResumeQueue", Unary(queue, &QueueCalls::ResumeQueue));
  MediaCalls* const media = &services->media;
  Add(ours[2], "ProbeMedia", Unary(media, &MediaCalls::ProbeMedia));
  Add(ours[2], "UploadMedia", Method());
  Method download;
  download.stream = [services](const auth::Caller& caller, const Message& request, std::shared_ptr<Exchange> exchange,
                               std::unique_ptr<StreamFormat> format, absl::Duration timeout) {
    StartDownloadStream(services, caller, static_cast<const v1::DownloadMediaRequest&>(request), std::move(exchange),
                        std::move(format), timeout);
  };
  Add(ours[2], "DownloadMedia", std::move(download));
}

void MethodTable::Add(const ServiceDescriptor* service, const char* name, Method method) {
  method.descriptor = service->FindMethodByName(name);
  methods_.emplace(PathOf(method.descriptor), std::move(method));
}

const Method* MethodTable::Find(absl::string_view path) const {
  const auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : &found->second;
}

std::vector<std::string> MethodTable::Missing() const {
  std::vector<std::string> missing;
  for (const ServiceDescriptor* service : OurServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string path = PathOf(service->method(i));
      const Method* const method = Find(path);
      const bool streams_in = service->method(i)->client_streaming();
      if (method == nullptr || (!method->unary && !method->stream && !streams_in)) missing.push_back(path);
    }
  }
  return missing;
}

}  // namespace spool::gateway
