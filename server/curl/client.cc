#include "server/curl/client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "server/base/mutex.h"
#include "server/curl/address.h"

namespace spool::curl {
namespace {

// Of a response; more is an attack.
constexpr size_t kMaxHeaderBytes = 64 << 10;
constexpr absl::Duration kMaxConnectTime = absl::Seconds(10);
// Nothing waits for this: new work and stops wake the thread.
constexpr int kPollMillis = 60'000;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyPtr = std::unique_ptr<CURL, FreeEasy>;
using MultiPtr = std::unique_ptr<CURLM, FreeMulti>;
using ListPtr = std::unique_ptr<curl_slist, FreeList>;

void Append(ListPtr& list, const std::string& line) {
  // On failure the list stays as it was and is still ours.
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str()); longer != nullptr) {
    (void)list.release();
    list.reset(longer);
  }
}

// One request or mail under way. libcurl holds pointers into it, so it does not move.
class Transfer {
 public:
  Transfer(Reach reach, Done done) : reach_(reach), done_(std::move(done)), easy_(curl_easy_init()) {}

  CURL* easy() { return easy_.get(); }
  void Finish(Answer answer) { done_(std::move(answer)); }

  void Prepare(HttpPost post) {
    if (easy_ == nullptr) return;
    body_ = std::move(post.body);
    for (const auto& [name, value] : post.headers) Append(lines_, absl::StrCat(name, ": ", value));
    // Without it libcurl waits a second for a "100 Continue" before it sends a large body.
    Append(lines_, "Expect:");
    PrepareBoth(post.timeout, post.ca_file);
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_URL, post.url.c_str());
    Set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    Set(CURLOPT_FOLLOWLOCATION, 0L);
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_POSTFIELDS, body_.data());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    Set(CURLOPT_HTTPHEADER, lines_.get());
  }

  void Prepare(Mail mail) {
    if (easy_ == nullptr) return;
    body_ = std::move(mail.message);
    for (const std::string& to : mail.to) Append(lines_, absl::StrCat("<", to, ">"));
    PrepareBoth(mail.timeout, mail.ca_file);
    Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    Set(CURLOPT_URL, absl::StrCat(mail.tls == TlsMode::kImplicit ? "smtps://" : "smtp://", mail.server).c_str());
    Set(CURLOPT_USE_SSL, mail.tls == TlsMode::kNone ? long{CURLUSESSL_NONE} : long{CURLUSESSL_ALL});
    if (!mail.user.empty()) {
      Set(CURLOPT_USERNAME, mail.user.c_str());
      Set(CURLOPT_PASSWORD, mail.password.c_str());
    }
    Set(CURLOPT_MAIL_FROM, absl::StrCat("<", mail.from, ">").c_str());
    Set(CURLOPT_MAIL_RCPT, lines_.get());
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_READFUNCTION, &Transfer::OnRead);
    Set(CURLOPT_READDATA, this);
    Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    // A session that somebody logged in to is not for others, and mails are few.
    Set(CURLOPT_FORBID_REUSE, 1L);
    Set(CURLOPT_FRESH_CONNECT, 1L);
  }

  Answer Result(CURLcode code) {
    Answer answer;
    long number = 0;
    if (curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &number) == CURLE_OK) answer.code = static_cast<int>(number);
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(easy(), CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
      answer.retry_after = absl::Seconds(seconds);
    }
    answer.body = std::move(received_);
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && body_is_long_)) {
      answer.status = absl::OkStatus();
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
      answer.status = absl::DeadlineExceededError("no complete answer within the time limit");
    } else if (!refused_.empty() && code == CURLE_COULDNT_CONNECT) {
      answer.status = absl::PermissionDeniedError(absl::StrCat(refused_, " is not an address of the public Internet"));
    } else {
      answer.status = absl::UnavailableError(error_[0] != 0 ? error_ : curl_easy_strerror(code));
    }
    return answer;
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    // Fails for want of memory only, and for what this libcurl does not know, which the tests would show.
    curl_easy_setopt(easy_.get(), option, value);
  }

  void PrepareBoth(absl::Duration timeout, const std::string& ca_file) {
    Set(CURLOPT_ERRORBUFFER, error_);
    Set(CURLOPT_NOSIGNAL, 1L);
    // A name server that does not answer must not keep the thread when the time is up.
    Set(CURLOPT_QUICK_EXIT, 1L);
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(timeout)));
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(std::min(timeout, kMaxConnectTime))));
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_NOPROXY, "*");
    Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!ca_file.empty()) Set(CURLOPT_CAINFO, ca_file.c_str());
    Set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnOpenSocket);
    Set(CURLOPT_OPENSOCKETDATA, this);
    Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_PRIVATE, this);
  }

  static curl_socket_t OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
    auto* const transfer = static_cast<Transfer*>(self);
    if (transfer->reach_ == Reach::kPublicOnly && !IsPublic(address->addr)) {
      transfer->refused_ = AddressText(address->addr);
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static size_t OnHeader(char*, size_t, size_t size, void* self) {
    auto* const transfer = static_cast<Transfer*>(self);
    transfer->header_bytes_ += size;
    return transfer->header_bytes_ > kMaxHeaderBytes ? 0 : size;
  }

  static size_t OnBody(char* data, size_t, size_t size, void* self) {
    auto* const transfer = static_cast<Transfer*>(self);
    const size_t room = kMaxBody - transfer->received_.size();
    transfer->received_.append(data, std::min(room, size));
    transfer->body_is_long_ = size > room;
    return transfer->body_is_long_ ? 0 : size;
  }

  static size_t OnRead(char* buffer, size_t, size_t size, void* self) {
    auto* const transfer = static_cast<Transfer*>(self);
    const size_t count = std::min(size, transfer->body_.size() - transfer->sent_);
    memcpy(buffer, transfer->body_.data() + transfer->sent_, count);
    transfer->sent_ += count;
    return count;
  }

  const Reach reach_;
  const Done done_;
  std::string body_;
  size_t sent_ = 0;
  ListPtr lines_;
  std::string refused_;
  std::string received_;
  bool body_is_long_ = false;
  size_t header_bytes_ = 0;
  char error_[CURL_ERROR_SIZE] = {};
  // Last, so that it goes first: it points to the rest.
  const EasyPtr easy_;
};

Answer Failed(absl::Status status) {
  Answer answer;
  answer.status = std::move(status);
  return answer;
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(Reach reach) : reach_(reach) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)ready;
    multi_.reset(curl_multi_init());
    if (multi_ != nullptr) thread_ = std::thread([this] { Run(); });
  }

  template <typename Parcel>
  void Submit(Parcel parcel, Done done) {
    auto transfer = std::make_unique<Transfer>(reach_, std::move(done));
    transfer->Prepare(std::move(parcel));
    if (transfer->easy() == nullptr || multi_ == nullptr) {
      transfer->Finish(Failed(absl::ResourceExhaustedError("libcurl gives no handle")));
      return;
    }
    {
      MutexLock lock(&mu_);
      if (!stopping_) {
        added_.push_back(std::move(transfer));
        // Under the lock: after a stop there may be no multi_.
        curl_multi_wakeup(multi_.get());
        return;
      }
    }
    transfer->Finish(Failed(absl::CancelledError("stopped")));
  }

  void Stop() {
    {
      MutexLock lock(&mu_);
      stopping_ = true;
      if (multi_ != nullptr) curl_multi_wakeup(multi_.get());
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    std::unordered_map<CURL*, std::unique_ptr<Transfer>> running;
    for (bool stopping = false; !stopping;) {
      std::vector<std::unique_ptr<Transfer>> added;
      {
        MutexLock lock(&mu_);
        added.swap(added_);
        stopping = stopping_;
      }
      for (std::unique_ptr<Transfer>& transfer : added) {
        CURL* const easy = transfer->easy();
        if (curl_multi_add_handle(multi_.get(), easy) == CURLM_OK) {
          running.emplace(easy, std::move(transfer));
        } else {
          transfer->Finish(Failed(absl::ResourceExhaustedError("libcurl takes no more")));
        }
      }
      if (stopping) break;
      int count = 0;
      curl_multi_perform(multi_.get(), &count);
      int left = 0;
      while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        // `message` is libcurl's own and ends with the handle.
        const CURLcode code = message->data.result;
        auto node = running.extract(message->easy_handle);
        Transfer& transfer = *node.mapped();
        Answer answer = transfer.Result(code);
        curl_multi_remove_handle(multi_.get(), transfer.easy());
        transfer.Finish(std::move(answer));
      }
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMillis, nullptr);
    }
    for (auto& [easy, transfer] : running) {
      curl_multi_remove_handle(multi_.get(), easy);
      transfer->Finish(Failed(absl::CancelledError("stopped")));
    }
  }

  const Reach reach_;
  MultiPtr multi_;
  Mutex mu_;
  std::vector<std::unique_ptr<Transfer>> added_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

Client::Client(Reach reach) : impl_(std::make_unique<Impl>(reach)) {}
Client::~Client() { Stop(); }
void Client::Post(HttpPost post, Done done) { impl_->Submit(std::move(post), std::move(done)); }
void Client::Send(Mail mail, Done done) { impl_->Submit(std::move(mail), std::move(done)); }
void Client::Stop() { impl_->Stop(); }

}  // namespace spool::curl
