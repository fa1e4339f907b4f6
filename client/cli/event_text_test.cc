#include "client/cli/event_text.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace spool::cli {
namespace {

v1::Event Event(const char* text) {
  v1::Event event;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &event)) << text;
  return event;
}

std::string Render(const char* text) { return RenderEvent(Event(text), TextStyle()); }

TEST(RenderEvent, Queued) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_QUEUED
                        queued {
                          job_id: "resize-cat-1"
                          type: JOB_TYPE_RESIZE
                          video_id: "cat"
                          queue_position: 3
                          queued_at { seconds: 1767225600 }
                          reason: QUEUED_REASON_ENQUEUED
                        })pb"),
            "● [JOB QUEUED]\n"
            "   Job ID: resize-cat-1\n"
            "   Type: resize\n"
            "   Video: cat\n"
            "   Queue Position: 3\n"
            "   Queued At: 2026-01-01T00:00:00.000+00:00\n");
}

TEST(RenderEvent, QueuedAgainSaysWhy) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_QUEUED
                        attempt: 1
                        queued {
                          job_id: "convert-1"
                          type: JOB_TYPE_CONVERT
                          queue_position: 1
                          reason: QUEUED_REASON_INTERRUPTED
                        })pb"),
            "● [JOB QUEUED]\n"
            "   Job ID: convert-1\n"
            "   Type: convert\n"
            "   Queue Position: 1\n"
            "   Reason: interrupted\n"
            "   Attempts So Far: 1\n");
}

TEST(RenderEvent, Started) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_STARTED
                        attempt: 2
                        started {
                          job_id: "resize-cat-1"
                          type: JOB_TYPE_RESIZE
                          video_id: "cat"
                          queued_at { seconds: 1767225600 }
                          started_at { seconds: 1767225600 nanos: 50000000 }
                        })pb"),
            "▶ [JOB STARTED]\n"
            "   Job ID: resize-cat-1\n"
            "   Type: resize\n"
            "   Video: cat\n"
            "   Attempt: 2\n"
            "   Started At: 2026-01-01T00:00:00.050+00:00\n"
            "   Wait Time: 0.05s\n");
}

TEST(RenderEvent, Completed) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_COMPLETED
                        completed {
                          job_id: "resize-cat-1"
                          type: JOB_TYPE_RESIZE
                          video_id: "cat"
                          result { width: 800 height: 600 output: "resize-cat-1.mp4" warnings: "enlarged" }
                          queued_at { seconds: 1767225600 }
                          started_at { seconds: 1767225600 nanos: 50000000 }
                          completed_at { seconds: 1767225645 nanos: 370000000 }
                          duration { seconds: 45 nanos: 320000000 }
                        })pb"),
            "✔ [JOB COMPLETED]\n"
            "   Job ID: resize-cat-1\n"
            "   Type: resize\n"
            "   Video: cat\n"
            "   Result: {\"width\":800,\"height\":600}\n"
            "   Output: resize-cat-1.mp4\n"
            "   Warning: enlarged\n"
            "   Duration: 45.32s\n"
            "   Total Time (queued → completed): 45.37s\n");
}

TEST(RenderEvent, Failed) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_FAILED
                        attempt: 4
                        failed {
                          job_id: "resize-cat-1"
                          type: JOB_TYPE_RESIZE
                          video_id: "cat"
                          error {
                            reason: "WORKER_CRASHED"
                            message: "decode cat.mp4: signal 11"
                            stack: "decode()\nmain()\n"
                            log_lines: "[h264] bad\x1b[2J"
                          }
                          queued_at { seconds: 1767225600 }
                          started_at { seconds: 1767225610 }
                          failed_at { seconds: 1767225612 }
                        })pb"),
            "✖ [JOB FAILED]\n"
            "   Job ID: resize-cat-1\n"
            "   Type: resize\n"
            "   Video: cat\n"
            "   Attempt: 4\n"
            "   Error: decode cat.mp4: signal 11\n"
            "   Reason: WORKER_CRASHED\n"
            "   Stack:\n"
            "      decode()\n"
            "      main()\n"
            "   Log:\n"
            "      [h264] bad\\x1b[2J\n"
            "   Failed At: 2026-01-01T00:00:12.000+00:00\n"
            "   Total Time (queued → failed): 12.00s\n");
}

TEST(RenderEvent, Retrying) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_RETRYING
                        attempt: 1
                        retrying {
                          job_id: "j"
                          type: JOB_TYPE_RESIZE
                          error { reason: "OUT_OF_SPACE" message: "write j.mp4: no space" }
                          failed_at { seconds: 1767225600 }
                          next_attempt_at { seconds: 1767225602 }
                        })pb"),
            "↻ [JOB RETRYING]\n"
            "   Job ID: j\n"
            "   Type: resize\n"
            "   Attempt: 1\n"
            "   Error: write j.mp4: no space\n"
            "   Reason: OUT_OF_SPACE\n"
            "   Failed At: 2026-01-01T00:00:00.000+00:00\n"
            "   Next Attempt At: 2026-01-01T00:00:02.000+00:00\n");
}

TEST(RenderEvent, Cancelled) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_CANCELLED
                        cancelled {
                          job_id: "j"
                          type: JOB_TYPE_RESIZE
                          cancelled_at { seconds: 1767225600 }
                        })pb"),
            "⊘ [JOB CANCELLED]\n"
            "   Job ID: j\n"
            "   Type: resize\n"
            "   Cancelled At: 2026-01-01T00:00:00.000+00:00\n");
}

TEST(RenderEvent, Scheduled) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_SCHEDULED
                        scheduled {
                          job_id: "j"
                          type: JOB_TYPE_RESIZE
                          run_at { seconds: 1767225660 }
                          queued_at { seconds: 1767225600 }
                        })pb"),
            "◷ [JOB SCHEDULED]\n"
            "   Job ID: j\n"
            "   Type: resize\n"
            "   Run At: 2026-01-01T00:01:00.000+00:00\n"
            "   Accepted At: 2026-01-01T00:00:00.000+00:00\n");
}

TEST(RenderEvent, Deleted) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_DELETED
                        deleted { job_id: "j" type: JOB_TYPE_CONVERT video_id: "cat" })pb"),
            "− [JOB DELETED]\n"
            "   Job ID: j\n"
            "   Type: convert\n"
            "   Video: cat\n");
}

TEST(RenderEvent, CancelRequested) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_CANCEL_REQUESTED
                        cancel_requested {
                          job_id: "j"
                          type: JOB_TYPE_RESIZE
                          cancel_requested_at { seconds: 1767225600 }
                        })pb"),
            "◌ [JOB CANCEL REQUESTED]\n"
            "   Job ID: j\n"
            "   Type: resize\n"
            "   Cancel Requested At: 2026-01-01T00:00:00.000+00:00\n");
}

TEST(RenderEvent, OneThatANewerServerSends) {
  v1::Event event;
  event.set_type(static_cast<v1::EventType>(77));
  event.set_job_id("j");
  EXPECT_EQ(RenderEvent(event, TextStyle()), "? [JOB 77]\n   Job ID: j\n");
}

TEST(RenderEvent, ANameCannotForgeALine) {
  EXPECT_EQ(Render(R"pb(type: EVENT_TYPE_DELETED
                        deleted { job_id: "j\n✔ [JOB COMPLETED]" type: JOB_TYPE_RESIZE })pb"),
            "− [JOB DELETED]\n"
            "   Job ID: j\\n✔ [JOB COMPLETED]\n"
            "   Type: resize\n");
}

TEST(RenderEvent, ColoursTheHeadingAndTheNames) {
  TextStyle style;
  style.palette = Palette(true);
  EXPECT_EQ(RenderEvent(Event("type: EVENT_TYPE_DELETED deleted { job_id: 'j' type: JOB_TYPE_RESIZE }"), style),
            "\x1b[1m− [JOB DELETED]\x1b[0m\n"
            "   \x1b[2mJob ID:\x1b[0m j\n"
            "   \x1b[2mType:\x1b[0m resize\n");
}

TEST(RenderEvent, TimesAreLocal) {
  TextStyle style;
  style.zone = absl::FixedTimeZone(-5 * 3600);
  EXPECT_EQ(RenderEvent(Event(R"pb(type: EVENT_TYPE_CANCELLED
                                   cancelled {
                                     job_id: "j"
                                     type: JOB_TYPE_RESIZE
                                     cancelled_at { seconds: 1767225600 }
                                   })pb"),
                        style),
            "⊘ [JOB CANCELLED]\n"
            "   Job ID: j\n"
            "   Type: resize\n"
            "   Cancelled At: 2025-12-31T19:00:00.000-05:00\n");
}

TEST(RenderSnapshotJob, SaysWhereTheJobStands) {
  v1::Job job;
  job.set_id("resize-cat-1");
  job.set_type(v1::JOB_TYPE_RESIZE);
  job.set_video_id("cat");
  job.set_state(v1::JOB_STATE_QUEUED);
  job.set_queue_position(2);
  job.mutable_queued_at()->set_seconds(1767225600);
  EXPECT_EQ(RenderSnapshotJob(job, TextStyle()),
            "= [JOB QUEUED]\n"
            "   Job ID: resize-cat-1\n"
            "   Type: resize\n"
            "   Video: cat\n"
            "   Queue Position: 2\n"
            "   Queued At: 2026-01-01T00:00:00.000+00:00\n");
  job.set_state(v1::JOB_STATE_RUNNING);
  job.clear_queue_position();
  job.mutable_started_at()->set_seconds(1767225601);
  EXPECT_EQ(RenderSnapshotJob(job, TextStyle()),
            "= [JOB RUNNING]\n"
            "   Job ID: resize-cat-1\n"
            "   Type: resize\n"
            "   Video: cat\n"
            "   Queued At: 2026-01-01T00:00:00.000+00:00\n"
            "   Started At: 2026-01-01T00:00:01.000+00:00\n");
}

}  // namespace
}  // namespace spool::cli
