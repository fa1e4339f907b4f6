// Which jobs the list shows. The search box takes words and `key:value` terms; a job must match all of them.
import { JobState } from "../../gen/spool/v1/job_pb";
import type { JobRow } from "./job";
import { STATE_NAMES, TYPE_NAMES } from "./names";

export type StateGroup = "all" | "waiting" | "running" | "completed" | "failed" | "cancelled";

export const STATE_GROUPS: readonly { key: StateGroup; label: string; states: readonly JobState[] }[] = [
  { key: "all", label: "All", states: [] },
  { key: "running", label: "Running", states: [JobState.RUNNING] },
  { key: "waiting", label: "Waiting", states: [JobState.QUEUED, JobState.SCHEDULED] },
  { key: "completed", label: "Completed", states: [JobState.COMPLETED] },
  { key: "failed", label: "Failed", states: [JobState.FAILED] },
  { key: "cancelled", label: "Cancelled", states: [JobState.CANCELLED] },
];

type Test = (row: JobRow) => boolean;

function words(query: string): string[] {
  // "a b" in double quotes is one word.
  return [...query.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ""));
}

const has = (text: string | undefined, part: string) => text !== undefined && text.toLowerCase().includes(part);

function anywhere(part: string): Test {
  return (row) =>
    has(row.id, part) ||
    has(row.videoId, part) ||
    has(TYPE_NAMES[row.type], part) ||
    has(row.failure?.reason, part) ||
    has(row.spec, part) ||
    has(row.input, part) ||
    Object.entries(row.labels).some(([key, value]) => has(key, part) || has(value, part));
}

function term(word: string): Test {
  const lower = word.toLowerCase();
  const label = /^([a-z0-9][a-z0-9._/-]*)=(.*)$/.exec(lower);
  if (label) {
    const [, key = "", value = ""] = label;
    return (row) => {
      const found = row.labels[key];
      return found !== undefined && (value === "" || found.toLowerCase() === value);
    };
  }
  const named = /^(video|job|id|state|type|reason|label):(.*)$/.exec(lower);
  if (!named) return anywhere(lower);
  const [, name, value = ""] = named;
  switch (name) {
    case "video":
      return (row) => has(row.videoId, value);
    case "job":
    case "id":
      return (row) => has(row.id, value);
    case "state":
      return (row) => has(STATE_NAMES[row.state], value);
    case "type":
      return (row) => has(TYPE_NAMES[row.type], value) || has(TYPE_NAMES[row.type].replace(" ", "-"), value);
    case "reason":
      return (row) => has(row.failure?.reason, value);
    default:
      return (row) => Object.entries(row.labels).some(([key, text]) => has(key, value) || has(text, value));
  }
}

export interface Filter {
  readonly group: StateGroup;
  readonly query: string;
}

// The jobs that match, in their order, and how many match the query in each group.
export function select(
  rows: readonly JobRow[],
  filter: Filter,
): { readonly rows: readonly JobRow[]; readonly counts: Readonly<Record<StateGroup, number>> } {
  const tests = words(filter.query).map(term);
  const matching = tests.length ? rows.filter((row) => tests.every((test) => test(row))) : rows;
  const counts = { all: matching.length, waiting: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
  const groupOf = new Map<JobState, StateGroup>();
  for (const { key, states } of STATE_GROUPS) for (const state of states) groupOf.set(state, key);
  for (const row of matching) {
    const group = groupOf.get(row.state);
    if (group) counts[group] += 1;
  }
  if (filter.group === "all") return { rows: matching, counts };
  return { rows: matching.filter((row) => groupOf.get(row.state) === filter.group), counts };
}

// The query with a `key=value` term for a label, once.
export function withTerm(query: string, added: string): string {
  const quoted = /\s/.test(added) ? `"${added}"` : added;
  return words(query).includes(added) ? query : `${query} ${quoted}`.trim();
}
