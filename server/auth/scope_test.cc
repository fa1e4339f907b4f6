#include "server/auth/scope.h"

#include "gtest/gtest.h"
#include "spool/v1/access.pb.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/media_service.pb.h"
#include "spool/v1/queue_service.pb.h"

namespace spool::auth {
namespace {

TEST(Scope, EveryMethodOfOursSaysWhatItNeeds) {
  int methods = 0;
  for (const auto* file : {v1::EnqueueRequest::descriptor()->file(), v1::PauseQueueRequest::descriptor()->file(),
                           v1::ProbeMediaRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const auto& method = *file->service(i)->method(j);
        EXPECT_NE(method.options().GetExtension(v1::required_scope), v1::ACCESS_SCOPE_UNSPECIFIED)
            << method.full_name() << " has no required_scope: without it, it is for administrators only";
        EXPECT_EQ(&MethodNamed(method.full_name()), &method);
        ++methods;
      }
    }
  }
  EXPECT_GE(methods, 17);
}

TEST(Scope, WhatHasNoSideEffectsIsForReaders) {
  for (const auto* file : {v1::EnqueueRequest::descriptor()->file(), v1::PauseQueueRequest::descriptor()->file(),
                           v1::ProbeMediaRequest::descriptor()->file()}) {
    for (int j = 0; j < file->service(0)->method_count(); ++j) {
      const auto& method = *file->service(0)->method(j);
      if (method.options().idempotency_level() != google::protobuf::MethodOptions::NO_SIDE_EFFECTS) continue;
      EXPECT_EQ(RequiredScope(method), Scope::kRead) << method.full_name();
    }
  }
  EXPECT_EQ(RequiredScope(MethodNamed("spool.v1.JobService.Enqueue")), Scope::kWrite);
  EXPECT_EQ(RequiredScope(MethodNamed("spool.v1.QueueService.PauseQueue")), Scope::kAdmin);
}

TEST(Scope, AMethodThatSaysNothingIsForAdministrators) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("forgotten.proto");
  file.set_package("spool.v1");
  file.add_message_type()->set_name("Nothing");
  auto* const service = file.add_service();
  service->set_name("ForgottenService");
  auto* const method = service->add_method();
  method->set_name("Forget");
  method->set_input_type(".spool.v1.Nothing");
  method->set_output_type(".spool.v1.Nothing");
  google::protobuf::DescriptorPool pool;
  const auto* const built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  EXPECT_EQ(RequiredScope(*built->service(0)->method(0)), Scope::kAdmin);
}

TEST(Scope, NamesAndBack) {
  for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kAdmin}) EXPECT_EQ(ScopeOfName(NameOf(scope)), scope);
  EXPECT_FALSE(ScopeOfName("public").has_value());
  EXPECT_FALSE(ScopeOfName("Admin").has_value());
  EXPECT_FALSE(ScopeOfName("").has_value());
}

}  // namespace
}  // namespace spool::auth
