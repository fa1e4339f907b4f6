// The tables, as scripts that lead from one user_version to the next. A released script never changes.

#ifndef SPOOL_SERVER_STORE_SQLITE_SCHEMA_H_
#define SPOOL_SERVER_STORE_SQLITE_SCHEMA_H_

namespace spool::store {

// Numbers of `state` are those of spool.v1.JobState; times are microseconds since 1970. What the columns say stands in
// `record` (a spool.v1.Job) too: they are there to be searched by.
inline constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE jobs (
  seq         INTEGER PRIMARY KEY,                       -- order of acceptance
  id          TEXT    NOT NULL,
  -- The ULID of an id that we gave: it grows, so that new jobs go to the end of the index by id, on few pages.
  recent      TEXT    NOT NULL GENERATED ALWAYS AS (substr(id, -26)) VIRTUAL,
  request_id  TEXT,                                      -- NULL: the caller gave none
  fingerprint BLOB    NOT NULL,
  state       INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
  type        INTEGER NOT NULL,
  video_id    TEXT    NOT NULL,
  lane        INTEGER NOT NULL,
  priority    INTEGER NOT NULL,
  place       INTEGER NOT NULL,                          -- sequence of the event that put it into the queue
  due_at      INTEGER CHECK ((due_at IS NOT NULL) = (state = 1)),
  expires_at  INTEGER CHECK (expires_at IS NULL OR state IN (1, 2)),
  lease       INTEGER CHECK ((lease IS NOT NULL) = (state = 3)),
  finished_at INTEGER CHECK ((finished_at IS NOT NULL) = (state >= 4)),
  record      BLOB    NOT NULL,
  UNIQUE (recent, id)
) STRICT;
CREATE UNIQUE INDEX jobs_by_request ON jobs (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX jobs_ready    ON jobs (lane, priority DESC, place) WHERE state = 2;
CREATE INDEX jobs_due      ON jobs (due_at)      WHERE due_at IS NOT NULL;
CREATE INDEX jobs_expiring ON jobs (expires_at)  WHERE expires_at IS NOT NULL;
CREATE INDEX jobs_running  ON jobs (lease)       WHERE lease IS NOT NULL;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_video ON jobs (video_id)    WHERE video_id <> '';

CREATE TABLE events (
  seq  INTEGER PRIMARY KEY,
  at   INTEGER NOT NULL,
  body BLOB    NOT NULL                                  -- a spool.v1.Event
) STRICT;

-- Figures that would need a scan; one row, written with every commit.
CREATE TABLE ledger (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  log_id         INTEGER NOT NULL,
  head           INTEGER NOT NULL,
  earliest       INTEGER NOT NULL,
  event_bytes    INTEGER NOT NULL,
  paused         INTEGER NOT NULL,
  scheduled      INTEGER NOT NULL,
  queued         INTEGER NOT NULL,
  running        INTEGER NOT NULL,
  completed      INTEGER NOT NULL,
  failed         INTEGER NOT NULL,
  cancelled      INTEGER NOT NULL,
  total_enqueued  INTEGER NOT NULL,
  total_started   INTEGER NOT NULL,
  total_completed INTEGER NOT NULL,
  total_failed    INTEGER NOT NULL,
  total_cancelled INTEGER NOT NULL,
  total_retried   INTEGER NOT NULL,
  sum_duration    INTEGER NOT NULL,
  sum_wait        INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES (1, random(), 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
)sql",
    // New jobs then write few pages of the index, however many videos there are: those of the newest stretch.
    R"sql(
DROP INDEX jobs_by_video;
CREATE INDEX jobs_by_video ON jobs (seq >> 13, video_id) WHERE video_id <> '';
)sql",
    // How many jobs of each type are in each state: instead of the ledger's columns, which had no types.
    R"sql(
CREATE TABLE stock (
  type      INTEGER PRIMARY KEY,
  scheduled INTEGER NOT NULL,
  queued    INTEGER NOT NULL,
  running   INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  failed    INTEGER NOT NULL,
  cancelled INTEGER NOT NULL
) STRICT;
INSERT INTO stock SELECT type, sum(state = 1), sum(state = 2), sum(state = 3), sum(state = 4), sum(state = 5),
                         sum(state = 6) FROM jobs GROUP BY type;
ALTER TABLE ledger DROP COLUMN scheduled;
ALTER TABLE ledger DROP COLUMN queued;
ALTER TABLE ledger DROP COLUMN running;
ALTER TABLE ledger DROP COLUMN completed;
ALTER TABLE ledger DROP COLUMN failed;
ALTER TABLE ledger DROP COLUMN cancelled;
)sql",
};

// Jobs of one stretch of the index by video: as the script has it.
inline constexpr int kVideoStretchBits = 13;

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_SCHEMA_H_
