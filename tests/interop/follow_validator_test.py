#!/usr/bin/python3
"""follow.py is checked itself: it takes a good feed, across streams that end anywhere, and sees each broken promise."""

import os
import sys
import unittest

RUNFILES = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
sys.path.insert(0, os.path.join(RUNFILES, "tests/interop"))

from google.protobuf import text_format  # noqa: E402

import follow  # noqa: E402

MESSAGES = follow.load_messages(os.path.join(RUNFILES, "protos/spool/v1/spool_proto-descriptor-set.proto.bin"))
STATES = MESSAGES["Job"].DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number

FROM_THE_FIRST, FROM_A_SNAPSHOT = 2, 3

OPENED = 'opened { head_sequence: %d } coverage { after: %d through: %d head: %d resume_token: "t" }'
A_QUEUED = """
  events { sequence: 1 job_id: "a" job_revision: 1 type: EVENT_TYPE_QUEUED state: JOB_STATE_QUEUED
           labels { key: "shard" value: "1" } queued { job_id: "a" reason: QUEUED_REASON_ENQUEUED } }"""
B_QUEUED = """
  events { sequence: 2 job_id: "b" job_revision: 1 type: EVENT_TYPE_QUEUED state: JOB_STATE_QUEUED
           labels { key: "shard" value: "2" } queued { job_id: "b" reason: QUEUED_REASON_ENQUEUED } }"""
A_STARTED = """
  events { sequence: 3 job_id: "a" job_revision: 2 type: EVENT_TYPE_STARTED state: JOB_STATE_RUNNING
           labels { key: "shard" value: "1" } started { job_id: "a" } }"""
A_COMPLETED = """
  events { sequence: 4 job_id: "a" job_revision: 3 type: EVENT_TYPE_COMPLETED state: JOB_STATE_COMPLETED
           labels { key: "shard" value: "1" } completed { job_id: "a" } }"""
A_DELETED = """
  events { sequence: 5 job_id: "a" job_revision: 4 type: EVENT_TYPE_DELETED state: JOB_STATE_COMPLETED
           labels { key: "shard" value: "1" } deleted { job_id: "a" } }"""
JOB_A = 'snapshot_jobs { id: "a" state: JOB_STATE_QUEUED revision: 1 sequence: 1 }'
JOB_A_RUNS = 'snapshot_jobs { id: "a" state: JOB_STATE_RUNNING revision: 2 sequence: 3 }'
JOB_B = 'snapshot_jobs { id: "b" state: JOB_STATE_QUEUED revision: 1 sequence: 2 }'


def response(text):
    return text_format.Parse(text, MESSAGES["WatchEventsResponse"]())


def opened(at, head=None):
    return response(OPENED % (at, at, at, head or at))


def covered(text, after, through, head=None):
    return response('%s coverage { after: %d through: %d head: %d resume_token: "t%d" }'
                    % (text, after, through, head or through, through))


def snapshot_complete(jobs, through):
    return response('snapshot_complete { through: %d jobs: %d } coverage { after: %d through: %d head: %d '
                    'resume_token: "t%d" }' % (through, jobs, through, through, through, through))


def log(*texts):
    return [response(text).events[0] for text in texts]


class Script:
    """Answers one list of responses after the other, one a stream. The server dies at the end of each."""

    class Died(follow.grpc.RpcError):
        def code(self):
            return follow.grpc.StatusCode.UNAVAILABLE

    def __init__(self, streams):
        self.streams = list(streams)
        self.requests = []

    def state_name(self, number):
        return STATES[number].name

    def watch(self, request):
        self.requests.append(request)
        yield from self.streams.pop(0)
        raise self.Died()


def run(*streams, until, start_at=FROM_THE_FIRST, shard=None):
    script = Script(streams)
    request = MESSAGES["WatchEventsRequest"](start_at=start_at)
    if shard:
        request.filter.labels["shard"] = shard
    stream = follow.Stream(script, "test", request)
    stream.follow(lambda: until)
    return stream, script


class Follow(unittest.TestCase):
    def broken(self, why, *streams, **arguments):
        with self.assertRaisesRegex(follow.Broken, why):
            run(*streams, **{"until": 4, **arguments})

    def test_a_good_feed_across_a_death(self):
        stream, script = run([opened(0), covered(A_QUEUED + B_QUEUED, 0, 2)],
                             [opened(2), covered(A_STARTED + A_COMPLETED, 2, 4)], until=4)
        self.assertEqual([request.resume_token for request in script.requests], ["", "t2"])
        self.assertEqual(stream.streams, 2)
        stream.judge(log(A_QUEUED, B_QUEUED, A_STARTED, A_COMPLETED))

    def test_a_death_in_a_snapshot_begins_it_anew_and_later(self):
        stream, script = run([opened(1), response(JOB_A)],
                             [opened(3), response(JOB_A_RUNS), response(JOB_B), snapshot_complete(2, 3)],
                             [opened(3), covered(A_COMPLETED, 3, 4)], until=4, start_at=FROM_A_SNAPSHOT)
        self.assertEqual([request.resume_token for request in script.requests], ["", "", "t3"])
        stream.judge(log(A_QUEUED, B_QUEUED, A_STARTED, A_COMPLETED))

    def test_a_snapshot_begun_anew_forgets_the_one_before(self):
        self.broken("P9", [opened(1), response(JOB_A)], [opened(3), response(JOB_B), snapshot_complete(2, 3)],
                    start_at=FROM_A_SNAPSHOT)

    def test_a_filter(self):
        stream, _ = run([opened(0), covered(A_QUEUED, 0, 2), covered(A_STARTED + A_COMPLETED, 2, 4)], until=4,
                        shard="1")
        stream.judge(log(A_QUEUED, B_QUEUED, A_STARTED, A_COMPLETED))

    def test_sees_what_a_filter_should_have_kept_back(self):
        self.broken("does not match", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2)], shard="1")

    def test_sees_what_a_filter_kept_back_wrongly(self):
        stream, _ = run([opened(0), covered(A_QUEUED, 0, 4)], until=4, shard="1")
        with self.assertRaisesRegex(follow.Broken, "P4: event 3 was not brought"):
            stream.judge(log(A_QUEUED, B_QUEUED, A_STARTED, A_COMPLETED))

    def test_sees_a_hole(self):
        self.broken("P2: a hole", [opened(0), covered(A_QUEUED, 0, 2)])

    def test_sees_an_event_twice(self):
        self.broken("P2: event 1", [opened(0), covered(A_QUEUED + A_QUEUED, 0, 2)])

    def test_sees_disorder(self):
        self.broken("P2: event 1", [opened(0), covered(B_QUEUED + A_QUEUED, 0, 2)])

    def test_sees_an_event_outside_of_its_coverage(self):
        self.broken("P2: event 2", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 1)])

    def test_sees_a_gap_between_responses(self):
        self.broken("P4: coverage goes on after 2", [opened(0), covered(A_QUEUED, 0, 1), covered(A_STARTED, 2, 3)])

    def test_sees_a_gap_across_a_death(self):
        self.broken("P4: coverage goes on after 2", [opened(0), covered(A_QUEUED, 0, 1)], [opened(2)])

    def test_sees_a_repetition_across_a_death(self):
        self.broken("P4: coverage goes on after 0", [opened(0), covered(A_QUEUED, 0, 1)], [opened(0)])

    def test_sees_that_a_resumed_snapshot_goes_on_elsewhere(self):
        self.broken("P4: coverage goes on after 3", [opened(1), response(JOB_A), snapshot_complete(1, 1)], [opened(3)],
                    start_at=FROM_A_SNAPSHOT)

    def test_sees_events_without_coverage(self):
        self.broken("without coverage", [opened(0), response(A_QUEUED)])

    def test_sees_coverage_beyond_the_head(self):
        self.broken("P4: coverage", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2, head=1)])

    def test_sees_a_stream_that_is_not_opened(self):
        self.broken("Opened comes first", [covered(A_QUEUED, 0, 1)])

    def test_sees_a_stream_that_is_opened_twice(self):
        self.broken("Opened comes first", [opened(0), opened(0)])

    def test_sees_a_job_outside_of_a_snapshot(self):
        self.broken("outside of a snapshot", [opened(0), response(JOB_A)])

    def test_sees_a_revision_left_out(self):
        self.broken("P3", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2), covered(
            A_STARTED.replace("job_revision: 2", "job_revision: 3"), 2, 3)])

    def test_sees_a_revision_of_the_snapshot_again(self):
        self.broken("P3", [opened(2), response(JOB_A_RUNS), response(JOB_B), snapshot_complete(2, 2),
                           covered(A_STARTED, 2, 3)], start_at=FROM_A_SNAPSHOT)

    def test_sees_that_a_job_completes_without_a_start(self):
        self.broken("completed while", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2), covered(
            A_COMPLETED.replace("job_revision: 3", "job_revision: 2").replace("sequence: 4", "sequence: 3"), 2, 3)])

    def test_sees_what_follows_a_completion(self):
        again = A_STARTED.replace("job_revision: 2", "job_revision: 4").replace("sequence: 3", "sequence: 5")
        self.broken("follows its completion", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2), covered(
            A_STARTED + A_COMPLETED, 2, 4), covered(again, 4, 5)], until=5)

    def test_a_deleted_job_is_not_in_the_snapshot(self):
        stream, _ = run([opened(5), response(JOB_B), snapshot_complete(1, 5)], until=5, start_at=FROM_A_SNAPSHOT)
        stream.judge(log(A_QUEUED, B_QUEUED, A_STARTED, A_COMPLETED, A_DELETED))

    def test_sees_that_a_job_is_deleted_before_its_end(self):
        self.broken("deleted while", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2), covered(
            A_DELETED.replace("job_revision: 4", "job_revision: 2").replace("sequence: 5", "sequence: 3"), 2, 3)])

    def test_sees_what_follows_a_deletion(self):
        again = A_DELETED.replace("job_revision: 4", "job_revision: 5").replace("sequence: 5", "sequence: 6")
        self.broken("follows its deletion", [opened(0), covered(A_QUEUED + B_QUEUED, 0, 2), covered(
            A_STARTED + A_COMPLETED + A_DELETED, 2, 5), covered(again, 5, 6)], until=6)

    def test_sees_a_short_snapshot(self):
        self.broken("P9: 2 jobs", [opened(2), response(JOB_A), snapshot_complete(2, 2)], start_at=FROM_A_SNAPSHOT)

    def test_sees_a_snapshot_with_another_job(self):
        stream, _ = run([opened(1), response(JOB_B), snapshot_complete(1, 1)], until=1, start_at=FROM_A_SNAPSHOT)
        with self.assertRaisesRegex(follow.Broken, "P9: the snapshot has other jobs"):
            stream.judge(log(A_QUEUED, B_QUEUED))

    def test_sees_a_snapshot_that_is_late(self):
        stream, _ = run([opened(3), response(JOB_A), response(JOB_B), snapshot_complete(2, 3)], until=3,
                        start_at=FROM_A_SNAPSHOT)
        with self.assertRaisesRegex(follow.Broken, "P9: job a"):
            stream.judge(log(A_QUEUED, B_QUEUED, A_STARTED))

    def test_sees_an_event_that_changed(self):
        stream, _ = run([opened(0), covered(A_QUEUED, 0, 1)], until=1)
        with self.assertRaisesRegex(follow.Broken, "P4: event 1"):
            stream.judge(log(A_QUEUED.replace("REASON_ENQUEUED", "REASON_RETRIED")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
