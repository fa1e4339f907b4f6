#!/usr/bin/env python3
"""Follows a server's feed through its deaths and validates what comes: a second opinion, in another language.

Shares no code with the server or with tests/support: messages are made from the API's descriptors, and what is
promised is written down here anew.

  follow.py ADDRESS DESCRIPTORS UNTIL

ADDRESS is host:port. DESCRIPTORS is a FileDescriptorSet of spool.v1. UNTIL is a file that will hold the sequence up to
which to follow, once it is known. The exit code is 0 if nothing was wrong; the last line says what was seen.
"""

import os
import sys
import threading
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import duration_pb2, timestamp_pb2  # what the descriptors import

SERVICE = "/spool.v1.JobService/"
HEARTBEAT_SECONDS = 1
# How much later than promised a response may come on a machine that does other things too.
LATENESS_SECONDS = 20
# Far more than a test takes.
LONGEST_SECONDS = 240
TERMINAL = ("JOB_STATE_COMPLETED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


class Broken(Exception):
    """A promise that was not kept."""


def load_messages(path):
    """The classes of all messages, by short name."""
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.Default()
    waiting = list(files.file)
    while waiting:
        left = []
        for file in waiting:
            try:
                pool.Add(file)
                pool.FindFileByName(file.name)
            except (TypeError, KeyError):
                left.append(file)
        if len(left) == len(waiting):
            raise SystemExit("descriptors that lack their imports: %s" % [file.name for file in left])
        waiting = left
    factory = message_factory.MessageFactory(pool)
    return {
        message.name: factory.GetPrototype(pool.FindMessageTypeByName("spool.v1." + message.name))
        for file in files.file
        for message in file.message_type
    }


def bytes_of(event):
    return event.SerializeToString(deterministic=True)


class Job:
    """What events say of one job."""

    def __init__(self, revision=0, state=None):
        self.revision = revision
        self.state = state
        self.deleted = False

    def add(self, event, state):
        if event.job_revision != self.revision + 1:
            raise Broken("P3: %s: revision %d follows %d" % (event.job_id, event.job_revision, self.revision))
        payload = event.WhichOneof("payload")
        if self.deleted:
            raise Broken("%s: %s follows its deletion" % (event.job_id, payload))
        if payload == "deleted":
            if self.state not in TERMINAL:
                raise Broken("%s: deleted while %s" % (event.job_id, self.state))
            self.deleted = True
        elif self.state == "JOB_STATE_COMPLETED":
            raise Broken("%s: %s follows its completion" % (event.job_id, payload))
        elif self.state in TERMINAL and not (payload == "queued" and event.queued.reason == 4):
            raise Broken("%s: %s changes %s without a retry" % (event.job_id, payload, self.state))
        if payload == "started" and self.state != "JOB_STATE_QUEUED":
            raise Broken("%s: started while %s" % (event.job_id, self.state))
        if payload == "completed" and self.state != "JOB_STATE_RUNNING":
            raise Broken("%s: completed while %s" % (event.job_id, self.state))
        self.revision = event.job_revision
        self.state = state


class Stream:
    """One subscriber: resumes by token whenever its stream ends, and checks every response."""

    def __init__(self, api, name, request):
        self.api = api
        self.name = name
        self.request = request
        self.labels = dict(request.filter.labels)
        self.token = ""
        self.through = None
        self.in_snapshot = False
        self.jobs = {}
        self.snapshot = None
        self.snapshot_through = None
        self.events = []
        self.covered = []
        self.streams = 0

    def check_event(self, event, after, through):
        if not after < event.sequence <= through:
            raise Broken("P2: event %d outside of (%d, %d]" % (event.sequence, after, through))
        for key, value in self.labels.items():
            if event.labels.get(key) != value:
                raise Broken("event %d does not match the filter" % event.sequence)
        job = self.jobs.setdefault(event.job_id, Job())
        job.add(event, self.api.state_name(event.state))

    def accept(self, response, first):
        marker = response.WhichOneof("marker")
        if first != (marker == "opened"):
            raise Broken("Opened comes first, and only first; got %s" % marker)
        if first:
            self.in_snapshot = not self.token and self.request.start_at == 3
            if self.in_snapshot:
                # One that a death cut short is begun anew, at a later place in the log.
                self.snapshot = {}
                self.through = None
        if response.snapshot_jobs and not self.in_snapshot:
            raise Broken("a job outside of a snapshot")
        for job in response.snapshot_jobs:
            self.snapshot[job.id] = job
        if not response.HasField("coverage"):
            if response.events or marker:
                raise Broken("P4: events or a mark without coverage")
            return
        coverage = response.coverage
        if self.through is not None and coverage.after != self.through:
            raise Broken("P4: coverage goes on after %d, not %d" % (coverage.after, self.through))
        if coverage.through < coverage.after or coverage.head < coverage.through:
            raise Broken("P4: coverage (%d, %d] of %d" % (coverage.after, coverage.through, coverage.head))
        if marker == "snapshot_complete":
            if response.snapshot_complete.jobs != len(self.snapshot):
                raise Broken("P9: %d jobs were announced" % response.snapshot_complete.jobs)
            self.snapshot_through = coverage.through
            self.jobs = {id: Job(job.revision, self.api.state_name(job.state)) for id, job in self.snapshot.items()}
            self.in_snapshot = False
        else:
            last = coverage.after
            for event in response.events:
                self.check_event(event, last, coverage.through)
                last = event.sequence
            if not self.labels and len(response.events) != coverage.through - coverage.after:
                raise Broken("P2: a hole in (%d, %d]" % (coverage.after, coverage.through))
            self.events.extend(response.events)
            self.covered.append((coverage.after, coverage.through))
        self.through = coverage.through
        if not self.in_snapshot:
            self.token = coverage.resume_token

    def follow(self, until):
        """Until everything up to the sequence that `until` answers, once it does, is covered."""
        give_up = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < give_up:
            request = type(self.request)()
            request.CopyFrom(self.request)
            if self.token:
                request.resume_token = self.token
            self.streams += 1
            first = True
            began = time.monotonic()
            try:
                for response in self.api.watch(request):
                    silence = time.monotonic() - began
                    if not first and silence > HEARTBEAT_SECONDS + LATENESS_SECONDS:
                        raise Broken("P5: silent for %.1f s" % silence)
                    self.accept(response, first)
                    first = False
                    began = time.monotonic()
                    end = until()
                    if end is not None and not self.in_snapshot and self.through >= end:
                        return
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    raise Broken("ended with %s: %s" % (error.code(), error.details()))
        raise Broken("does not reach the end within %d s; is at %s" % (LONGEST_SECONDS, self.through))

    def judge(self, log):
        """By the log's own events, from the first one."""
        brought = iter(self.events)
        for after, through in self.covered:
            for event in log[after:through]:
                if any(event.labels.get(key) != value for key, value in self.labels.items()):
                    continue
                mine = next(brought, None)
                if mine is None or bytes_of(mine) != bytes_of(event):
                    raise Broken("P4: event %d was not brought, or another" % event.sequence)
        if next(brought, None) is not None:
            raise Broken("an event outside of all coverage")
        if self.snapshot_through is not None:
            jobs = {}
            for event in log[: self.snapshot_through]:
                jobs.setdefault(event.job_id, Job()).add(event, self.api.state_name(event.state))
            jobs = {id: job for id, job in jobs.items() if not job.deleted}
            if set(jobs) != set(self.snapshot):
                raise Broken("P9: the snapshot has other jobs than the log")
            for id, job in jobs.items():
                if (job.revision, job.state) != (self.snapshot[id].revision, self.api.state_name(self.snapshot[id].state)):
                    raise Broken("P9: job %s of the snapshot is not the fold of its events" % id)


class Api:
    """The two calls that are needed."""

    def __init__(self, address, messages):
        self.messages = messages
        # A channel that lost its server shall look for it again soon.
        options = [("grpc.max_reconnect_backoff_ms", 200), ("grpc.initial_reconnect_backoff_ms", 50),
                   ("grpc.min_reconnect_backoff_ms", 50), ("grpc.enable_http_proxy", 0)]
        self.channel = grpc.insecure_channel(address, options)
        self.states = messages["Job"].DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number
        self.watch_call = self.channel.unary_stream(
            SERVICE + "WatchEvents",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=messages["WatchEventsResponse"].FromString)
        self.list_call = self.channel.unary_unary(
            SERVICE + "ListEvents",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=messages["ListEventsResponse"].FromString)

    def state_name(self, number):
        return self.states[number].name

    def watch(self, request):
        return self.watch_call(request, timeout=LONGEST_SECONDS, wait_for_ready=True)

    def dump(self):
        events = []
        while True:
            request = self.messages["ListEventsRequest"](after_sequence=len(events), page_size=4096)
            page = self.list_call(request, timeout=60)
            events.extend(page.events)
            if page.coverage.through >= page.coverage.head:
                break
        for place, event in enumerate(events):
            if event.sequence != place + 1:
                raise Broken("P2: the log has %d at place %d" % (event.sequence, place + 1))
        return events


def main():
    address, descriptors, until_path = sys.argv[1:]
    api = Api(address, load_messages(descriptors))

    def until():
        return int(open(until_path).read()) if os.path.exists(until_path) else None

    def request(**fields):
        made = api.messages["WatchEventsRequest"](**fields)
        made.heartbeat_interval.seconds = HEARTBEAT_SECONDS
        return made

    filtered = request(start_at=2, max_batch_events=3)
    filtered.filter.labels["shard"] = "1"
    streams = [Stream(api, "all", request(start_at=2)), Stream(api, "filtered", filtered),
               Stream(api, "snapshot", request(start_at=3))]
    wrong = []

    def run(stream):
        try:
            stream.follow(until)
        except Exception as error:  # whatever it is, the test must hear of it
            wrong.append("%s: %r" % (stream.name, error))

    threads = [threading.Thread(target=run, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not wrong:
        log = api.dump()
        for stream in streams:
            try:
                stream.judge(log)
            except Broken as error:
                wrong.append("%s: %s" % (stream.name, error))
    for what in wrong:
        print(what)
    print("streams=%d events=%d through=%d" % (sum(stream.streams for stream in streams),
                                               sum(len(stream.events) for stream in streams), streams[0].through or 0))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
