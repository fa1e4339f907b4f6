// The fuzzer's entry over good configurations and over what becomes of them when bytes change: the same on every run.

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "tests/fuzz/notify_config_input.h"

namespace spool::testing {
namespace {

const char* const kGood[] = {
    "",
    R"pb(
      source: "urn:x"
      retain_deliveries_for { seconds: 3600 }
      retain_deliveries: 5
      webhooks {
        name: "ops"
        url: "https://a.example:8443/in?k=1"
        secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        secret_files: "good"
        filter {
          types: EVENT_TYPE_COMPLETED
          states: JOB_STATE_FAILED
          labels { key: "a" value: "b" }
          job_ids: "j"
          video_ids: "v"
        }
        timeout { seconds: 5 nanos: 1 }
        retry_policy {
          max_retries: 3
          initial_backoff { seconds: 1 }
          max_backoff { seconds: 9 }
        }
        max_in_flight: 4
      }
      webhooks { name: "home" url: "http://[::1]:80/" secret_files: "good" allow_private: true ca_file: "same" }
    )pb",
    R"pb(
      mails {
        name: "m"
        server: "mx.example:587"
        from: "a@b.example"
        to: "c@d.example"
        to: "e@f.example"
        user: "u"
        password_file: "same"
        tls: MAIL_TLS_IMPLICIT
        max_per_hour: 3
        digest_from: 2
        filter { types: EVENT_TYPE_FAILED }
      }
      mails { name: "n" server: "[::1]:25" from: "a@b" to: "c@d" tls: MAIL_TLS_NONE }
    )pb",
};
// Pieces that parsers trip over.
const char* const kPieces[] = {"{",
                               "}",
                               "\"",
                               "'",
                               ":",
                               "\n",
                               "#",
                               "\\x00",
                               "\\r\\n",
                               "-1",
                               "1e99",
                               "<",
                               ">",
                               "0x",
                               "[a.b]:",
                               "nan",
                               "\x80",
                               "\0x",
                               "@",
                               "//",
                               ",",
                               ";",
                               "to",
                               "webhooks",
                               "url",
                               "999999999999999999999",
                               "seconds: 9223372036854775807"};

TEST(NotifyConfigReplay, GoodOnesAreTakenAndDamagedOnesAreRefusedInOrder) {
  int number = 0;
  for (const std::string good : kGood) {
    EXPECT_OK(RunNotifyConfigInput(good));
    // For the fuzzer.
    if (const char* folder = getenv("FUZZ_SEEDS"); folder != nullptr) {
      std::ofstream(absl::StrCat(folder, "/config-", ++number), std::ios::binary) << good;
    }
    std::minstd_rand random(1);
    for (int round = 0; round < 5000; ++round) {
      std::string bad = good;
      for (int changes = 1 + round % 4; changes > 0; --changes) {
        const size_t at = bad.empty() ? 0 : random() % bad.size();
        switch (random() % 4) {
          case 0:
            if (!bad.empty()) bad[at] ^= static_cast<char>(1 << random() % 8);
            break;
          case 1:
            bad.insert(at, kPieces[random() % std::size(kPieces)]);
            break;
          case 2:
            bad.erase(at, random() % 12);
            break;
          default:
            bad.insert(at, bad.substr(bad.empty() ? 0 : random() % bad.size(), random() % 40));
            break;
        }
      }
      RunNotifyConfigInput(bad).IgnoreError();
    }
  }
}

}  // namespace
}  // namespace spool::testing
