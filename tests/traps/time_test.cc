// Timestamps: uneven, missing, far apart, negative, wrapped around; and sound that keeps its place beside the picture.

#include "tests/traps/trap.h"

namespace spool::testing {
namespace {

using ::testing::AllOf;
using ::testing::Eq;
using ::testing::HasSubstr;

constexpr char kH264[] = "convert { video { codec: VIDEO_CODEC_H264 quality: 30 } }";

std::vector<Trap> Traps() {
  return {
      {.name = "AVariableRateStaysVariable",
       .make =
           "ff $picture $tone -vf \"select='not(between(mod(n,10),3,6))',setpts=PTS+0.004*random(1)/TB\" -vsync vfr "
           "$h264 -c:a aac $in",
       .task = kH264,
       .looks = {{"drift", "12 frames, 0.000"}, {"late", Near(0, 0.02)}}},
      {.name = "AVariableRateStaysVariableAsWebm",
       .make = "ff $picture -vf \"select='not(between(mod(n,10),3,6))',setpts=PTS+0.004*random(1)/TB\" -vsync vfr "
               "$h264 $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{"drift", AllOf(HasSubstr("12 frames"), ::testing::Not(HasSubstr("0.002")))}}},
      {.name = "AGapOfHalfAMinuteIsNotFilled",
       .make = "ff $picture -vf \"setpts='N/20/TB+gte(N,10)*30/TB'\" -vsync passthrough $h264 $in",
       .task = kH264,
       .looks = {{"drift", "20 frames, 0.000"}, {"duration", Near(31, 0.1)}}},
      {.name = "AGapOfTenHoursCostsNothing",
       .make = "ff $picture -vf \"setpts='N/20/TB+gte(N,10)*36000/TB'\" -vsync passthrough $h264 -bf 0 $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{"drift", HasSubstr("20 frames, 0.00")}, {"duration", Near(36001, 0.1)}}},
      {.name = "AGapOfTenHoursIsHeldToTheLimit",
       .make = "ff $picture -vf \"setpts='N/20/TB+gte(N,10)*36000/TB'\" -vsync passthrough $h264 -bf 0 $in",
       .task = kH264,
       .refused = av::Reason::kLimitExceeded,
       .limits = {.max_media_duration = absl::Hours(1)}},
      {.name = "AGapOfTenHoursInTheSoundToo",
       .make = "ff $picture $tone -vf \"setpts='N/20/TB+gte(N,10)*36000/TB'\" "
               "-af \"asetpts='N/SR/TB+gte(N,24000)*36000/TB'\" -vsync passthrough $h264 -bf 0 -c:a pcm_s16le $in",
       .task = "convert { container: CONTAINER_MP4 }",
       .refused = av::Reason::kLimitExceeded,
       // A header may lie, so the silence is made until the limit is met.
       .limits = {.max_media_duration = absl::Minutes(3)},
       .most_cpu_seconds = 30,
       .extension = "mkv"},
      {.name = "BareH264HasNoTimes",
       .make = "ff $picture $h264 -bf 2 $in",
       .task = kH264,
       .looks = {{"frames", "20"}, {"begin v:0", Eq("0.000000")}, {"duration", Near(1, 0.15)}},
       .extension = "h264"},
      {.name = "AviHasDecodeTimesOnly",
       .make = "ff $picture -c:v mpeg4 -bf 2 $in",
       .task = kH264,
       .looks = {{"frames", "20"}, {"begin v:0", AtMost(0.06)}, {"duration", Near(1, 0.06)}},
       .extension = "avi"},
      {.name = "FramesThatComeInAnotherOrder",
       .make = "ff $picture $tone -c:v libx264 -bf 3 -pix_fmt yuv420p -c:a aac $in",
       .task = kH264,
       .looks = {{"drift", "20 frames, 0.000"}, {"begin v:0", "0.000000"}, {"late", Near(0, 0.02)}}},
      {.name = "TheyAreStillInOrderWhenCopied",
       .make = "ff $picture $tone -c:v libx264 -bf 3 -pix_fmt yuv420p -c:a aac $in",
       .task = "convert { container: CONTAINER_MKV }",
       .looks = {{"drift", "20 frames, 0.000"}, {"late", Near(0, 0.022)}}},
      {.name = "AnEditListThatStartsInsideAGroup",
       .make = "ff -f lavfi -i testsrc2=s=128x72:r=20:d=2 -f lavfi -i sine=d=2 -c:v libx264 -g 100 -bf 3 "
               "-pix_fmt yuv420p -c:a aac $dir/a.mp4; ff -ss 1.01 -i $dir/a.mp4 -c copy $in",
       .task = kH264,
       .looks = {{"begin v:0", "0.000000"},
                 {"frames", Near(20, 1)},
                 {"duration", Near(1, 0.06)},
                 {"shift_of a:0", Near(0, 0.02)}}},
      {.name = "AnEditListIsNotLostWhenCopied",
       .make = "ff -f lavfi -i testsrc2=s=128x72:r=20:d=2 -f lavfi -i sine=d=2 -c:v libx264 -g 100 -bf 3 "
               "-pix_fmt yuv420p -c:a aac $dir/a.mp4; ff -ss 1.01 -i $dir/a.mp4 -c copy $in",
       .task = "convert { container: CONTAINER_MOV }",
       .looks = {{"duration", Near(1, 0.06)}}},
      {.name = "AnEditListThatDelays",
       .make = "ff -itsoffset 0.5 $picture $tone -vsync passthrough $h264 -c:a aac $in",
       .task = kH264,
       .looks = {{"frames", "20"}, {"late", Near(-0.5, 0.02)}}},
      {.name = "TimesBelowZero",
       .make = "ff -f lavfi -i testsrc2=s=128x72:r=20:d=2 -f lavfi -i sine=d=2 -c:v libx264 -g 100 -bf 3 "
               "-pix_fmt yuv420p -c:a aac $dir/a.mp4; "
               "ff -ss 1.01 -i $dir/a.mp4 -c copy -avoid_negative_ts disabled $in",
       .task = kH264,
       .looks = {{"begin v:0", AtLeast(0)}, {"late", Near(0, 0.022)}},
       .extension = "mkv"},
      {.name = "SoundThatComesLate",
       .make = "ff $picture -itsoffset 0.7 $tone $h264 -c:a aac $in",
       .task = kH264,
       .looks =
           {{"shift_of a:0", Near(0, 0.02)}, {"late", Near(0.7, 0.04)}, {"frames", "20"}, {"begin v:0", "0.000000"}}},
      {.name = "SoundThatComesLateAndIsEncodedToo",
       .make = "ff $picture -itsoffset 0.7 $tone $h264 -c:a aac $in",
       .task = "convert { container: CONTAINER_WEBM }",
       .looks = {{"shift_of a:0", Near(0, 0.02)}, {"late", Near(0.7, 0.04)}, {"frames", "20"}}},
      {.name = "ASlowPictureBeginsBetweenItsFrames",
       .make = "ff -f lavfi -i testsrc2=s=128x72:r=1:d=4 $h264 $dir/a.mp4; "
               "ff -itsoffset 0.3 -i $dir/a.mp4 -f lavfi -i sine=d=4 -c:v copy -c:a aac $in",
       .task = kH264,
       .looks = {{"late", Near(-0.3, 0.02)}, {"drift", "4 frames, 0.000"}, {"duration", Near(4.3, 0.03)}}},
      {.name = "APictureThatComesLate",
       .make = "ff -itsoffset 0.9 $picture $tone -vsync passthrough $h264 -c:a aac $in",
       .task = kH264,
       .looks = {{"late", Near(-0.9, 0.02)}, {"frames", "20"}, {"begin a:0", Near(0, 0.02)}}},
      {.name = "APictureThatComesLateAndIsCopied",
       .make = "ff -itsoffset 0.9 $picture $tone -vsync passthrough $h264 -c:a aac $in",
       .task = "convert { container: CONTAINER_MKV }",
       .looks = {{"late", Near(-0.9, 0.022)}, {"frames", "20"}}},
      {.name = "AStreamThatCountsFromDaysBeforeStartsAtZero",
       .make = "ff $picture $tone $h264 -c:a aac -output_ts_offset 95000 -f mpegts $in",
       .task = "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 30 } }",
       .looks = {{"frames", "20"}, {"begin v:0", AtMost(0.06)}, {"late", Near(0, 0.022)}, {"duration", Near(1, 0.1)}},
       .extension = "ts"},
      {.name = "TheClockOfATransportStreamWrapsInTheMiddle",
       .make = "ff $picture $tone $h264 -c:a aac -output_ts_offset 95441.8 -f mpegts $in",
       .task = "convert { container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 30 } }",
       .looks = {{"frames", "20"}, {"begin v:0", AtMost(0.06)}, {"late", Near(0, 0.022)}, {"duration", Near(1, 0.1)}},
       .extension = "ts"},
      {.name = "InterlacedPicturesLoseTheirCombs",
       .make = "ff -f lavfi -i testsrc2=s=128x72:r=40:d=1 -vf interlace=scan=tff,setfield=tff -c:v libx264 -preset "
               "ultrafast -qp 5 -flags +ilme+ildct -x264opts tff=1 -pix_fmt yuv420p $in",
       .task = "convert { video { codec: VIDEO_CODEC_H264 quality: 5 } }",
       .looks = {{"frames", "20"},
                 {"say v:0 stream=field_order", "progressive"},
                 {"combs $in", "20"},
                 {"combs $out", AtMost(6)}}},
      {.name = "OneFrame",
       .make = "ff $picture -frames:v 1 $h264 $in",
       .task = kH264,
       .looks = {{"frames", "1"}, {"begin v:0", "0.000000"}, {"duration", Near(0.05, 0.011)}}},
      {.name = "ATrimIsExactToTheFrame",
       .make = "ff $picture $tone -c:v libx264 -bf 3 -pix_fmt yuv420p -c:a aac $in",
       .task = "convert { trim { start { nanos: 250000000 } duration { nanos: 500000000 } } }",
       .looks = {{"frames", "10"}, {"begin v:0", "0.000000"}, {"duration", Near(0.5, 0.02)}, {"late", Near(0, 0.02)}}},
      {.name = "ATrimOfAFileWithoutTimes",
       .make = "ff $picture $h264 -bf 2 $in",
       .task = "convert { container: CONTAINER_MP4 trim { start { nanos: 250000000 } duration { nanos: 500000000 } } }",
       .looks = {{"frames", Near(10, 3)}, {"begin v:0", AtMost(0.05)}},
       .extension = "h264"},
  };
}

INSTANTIATE_TEST_SUITE_P(Time, TrapTest, ::testing::ValuesIn(Traps()), TrapTest::Name);

}  // namespace
}  // namespace spool::testing
