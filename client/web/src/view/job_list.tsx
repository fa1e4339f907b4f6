// All jobs, filtered. Only the rows in view are in the document, however many there are; the page itself scrolls.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useApp, useNow, useStore } from "../app/context";
import { type Filter, STATE_GROUPS, type StateGroup, select, withTerm } from "../model/filter";
import { ago, count, fullTime } from "../model/format";
import { isCancellable, isRetryable, type JobRow } from "../model/job";
import { TYPE_NAMES } from "../model/names";
import { formatRoute } from "../model/route";
import { CloseIcon, RetryIcon, SearchIcon } from "./icons";
import { standing, titleOf } from "./job_text";
import { ProgressBar } from "./progress_bar";
import { StateMark } from "./state_mark";
import { JobState } from "../../gen/spool/v1/job_pb";

// Pixels, as in list.css.
const ROW_HEIGHT = 60;
const NARROW_ROW_HEIGHT = 96;
const NARROW = "(max-width: 760px)";
// Rows drawn beyond the edges of the window.
const SPARE = 8;

interface RowProps {
  readonly row: JobRow;
  readonly index: number;
  readonly top: number;
  readonly now: number;
  readonly active: boolean;
  readonly position: number | undefined;
  readonly onFocus: (index: number) => void;
  readonly onTerm: (term: string) => void;
}

function Row({ row, index, top, now, active, position, onFocus, onTerm }: RowProps) {
  const { store, actions } = useApp();
  store.wantSpec(row);
  const title = titleOf(row);
  const tabIndex = active ? 0 : -1;
  return (
    <div class="row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <div class="cell job" role="cell">
        <a
          class="title"
          data-index={index}
          data-job={row.id}
          tabIndex={tabIndex}
          href={formatRoute({ page: "job", id: row.id })}
          onFocus={() => onFocus(index)}
        >
          {title}
        </a>
        <span class="sub mono">{row.id}</span>
      </div>
      <div class="cell work" role="cell">
        <span>{TYPE_NAMES[row.type]}</span>
        <span class="sub">{row.spec ?? ""}</span>
      </div>
      <div class="cell standing" role="cell">
        <StateMark row={row} />
        <span class="sub" title={row.state === JobState.FAILED ? row.failure?.message : undefined}>
          {standing(row, position, now)}
        </span>
        {row.state === JobState.RUNNING && <ProgressBar progress={row.progress} label={`Progress of ${title}`} />}
      </div>
      <div class="cell labels" role="cell">
        {Object.entries(row.labels)
          .sort()
          .slice(0, 3)
          .map(([key, value]) => (
            <button
              type="button"
              class="label"
              key={key}
              tabIndex={tabIndex}
              title={`Only jobs with ${key}=${value}`}
              onClick={() => onTerm(`${key}=${value}`)}
            >
              {key}={value}
            </button>
          ))}
      </div>
      <div class="cell when" role="cell">
        {row.queuedAt !== undefined && (
          <time dateTime={new Date(row.queuedAt).toISOString()} title={fullTime(row.queuedAt)}>
            {ago(row.queuedAt, now)}
          </time>
        )}
      </div>
      <div class="cell act" role="cell">
        {isCancellable(row) && (
          <button
            type="button"
            class="quiet icon-only"
            tabIndex={tabIndex}
            title="Cancel"
            aria-label={`Cancel ${title}`}
            onClick={() => void actions.cancel(row)}
          >
            <CloseIcon />
          </button>
        )}
        {isRetryable(row) && (
          <button
            type="button"
            class="quiet icon-only"
            tabIndex={tabIndex}
            title="Retry"
            aria-label={`Retry ${title}`}
            onClick={() => void actions.retry(row)}
          >
            <RetryIcon />
          </button>
        )}
      </div>
    </div>
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => window.matchMedia(NARROW).matches);
  useEffect(() => {
    const query = window.matchMedia(NARROW);
    const onChange = () => setNarrow(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
  return narrow;
}

interface RowsProps {
  readonly rows: readonly JobRow[];
  readonly cameFrom: string | undefined;
  readonly onTerm: (term: string) => void;
}

function Rows({ rows, cameFrom, onTerm }: RowsProps) {
  const { store } = useApp();
  const now = useNow();
  const body = useRef<HTMLDivElement>(null);
  const height = useNarrow() ? NARROW_ROW_HEIGHT : ROW_HEIGHT;
  const [range, setRange] = useState({ first: 0, last: 30 });
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      rows.findIndex((row) => row.id === cameFrom),
    ),
  );
  const [focused, setFocused] = useState(false);
  // The row at the window's upper edge and its place there: it stays there when something is added above it.
  const anchor = useRef<{ id: string; top: number } | undefined>(undefined);

  useLayoutEffect(() => {
    const measure = () => {
      const box = body.current?.getBoundingClientRect();
      if (!box) return;
      const first = Math.max(0, Math.floor(-box.top / height) - SPARE);
      const last = Math.min(rows.length, Math.ceil((window.innerHeight - box.top) / height) + SPARE);
      const atEdge = Math.floor(-box.top / height);
      const row = rows[atEdge];
      anchor.current = box.top < 0 && row ? { id: row.id, top: box.top + atEdge * height } : undefined;
      setRange((before) => (before.first === first && before.last === last ? before : { first, last }));
    };
    const kept = anchor.current;
    if (kept !== undefined && body.current) {
      const found = rows.findIndex((row) => row.id === kept.id);
      const moved = body.current.getBoundingClientRect().top + found * height - kept.top;
      if (found >= 0 && Math.abs(moved) >= 1) window.scrollBy(0, moved);
    }
    measure();
    window.addEventListener("scroll", measure, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      window.removeEventListener("scroll", measure);
      window.removeEventListener("resize", measure);
    };
  }, [rows, height]);

  // Its row is in the document once the page has scrolled back to where it was; if not soon, it is nowhere near.
  const awaited = useRef(cameFrom);
  useEffect(() => {
    const timer = setTimeout(() => (awaited.current = undefined), 500);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    if (awaited.current === undefined) return;
    const link = body.current?.querySelector<HTMLElement>(`a[data-job="${CSS.escape(awaited.current)}"]`);
    if (!link) return;
    awaited.current = undefined;
    link.focus({ preventScroll: true });
  });

  const current = Math.min(active, Math.max(0, rows.length - 1));
  const indexes: number[] = [];
  for (let index = range.first; index < Math.min(range.last, rows.length); index += 1) indexes.push(index);
  // What has the focus must not leave the document; what Tab goes to must be in it.
  const tabStop = focused || indexes.includes(current) ? current : (indexes[SPARE] ?? indexes[0] ?? 0);
  if (focused && !indexes.includes(current) && current < rows.length) indexes.push(current);

  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    setActive(index);
    setFocused(true);
    const box = body.current?.getBoundingClientRect();
    if (box) {
      const top = box.top + index * height;
      const head = 64;
      if (top < head) window.scrollBy(0, top - head);
      else if (top + height > window.innerHeight) window.scrollBy(0, top + height - window.innerHeight);
    }
    requestAnimationFrame(() =>
      requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`a[data-index="${index}"]`)?.focus()),
    );
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(window.innerHeight / height) - 2);
    const targets: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(target);
  };

  return (
    <div class="table" role="table" aria-label="Jobs" aria-rowcount={rows.length + 1}>
      <div class="head" role="row" aria-rowindex={1}>
        {["Job", "Work", "State", "Labels", "Queued"].map((name) => (
          <div class={name === "Labels" ? "cell labels" : "cell"} role="columnheader" key={name}>
            {name}
          </div>
        ))}
        <div class="cell" role="columnheader">
          <span class="hidden">Actions</span>
        </div>
      </div>
      <div
        class="body"
        role="rowgroup"
        ref={body}
        style={{ height: `${rows.length * height}px` }}
        onKeyDown={onKey}
        onFocusOut={(event: FocusEvent) => {
          if (!body.current?.contains(event.relatedTarget as Node | null)) setFocused(false);
        }}
      >
        {indexes.map((index) => {
          const row = rows[index];
          return (
            row && (
              <Row
                key={row.id}
                row={row}
                index={index}
                top={index * height}
                now={now}
                active={index === tabStop}
                position={store.table.position(row.id)}
                onFocus={(at) => {
                  setActive(at);
                  setFocused(true);
                }}
                onTerm={onTerm}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface JobListProps {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  // The job whose page was left for this list: it has the focus.
  readonly cameFrom: string | undefined;
}

export function JobList({ filter, onFilter, cameFrom }: JobListProps) {
  const store = useStore();
  const all = store.table.newestFirst();
  const { rows, counts } = useMemo(() => select(all, filter), [all, filter.group, filter.query]);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as Element).closest?.("input, textarea, select, dialog");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const choose = (group: StateGroup) => onFilter({ ...filter, group });
  return (
    <section class="jobs" aria-labelledby="jobs-title">
      <div class="section-head">
        <h2 id="jobs-title">Jobs</h2>
        <search class="search">
          <SearchIcon />
          <input
            ref={search}
            type="search"
            value={filter.query}
            placeholder="Video, job, label, reason…"
            aria-label="Search jobs"
            aria-describedby="search-help"
            aria-keyshortcuts="/"
            onInput={(event) => onFilter({ ...filter, query: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === "Escape") onFilter({ ...filter, query: "" });
            }}
          />
          <p class="hidden" id="search-help">
            Words are looked for everywhere; video:, job:, state:, type:, reason: and label: in one place; team=web
            finds a label with that value.
          </p>
        </search>
      </div>
      <div class="groups" role="group" aria-label="Jobs by state">
        {STATE_GROUPS.map(({ key, label }) => (
          <button type="button" key={key} aria-pressed={filter.group === key} onClick={() => choose(key)}>
            {label} <span class="number">{count(counts[key])}</span>
          </button>
        ))}
      </div>
      {rows.length ? (
        <Rows
          rows={rows}
          cameFrom={cameFrom}
          onTerm={(term) => onFilter({ ...filter, query: withTerm(filter.query, term) })}
        />
      ) : (
        <div class="empty tall">
          {all.length ? (
            <>
              <p>
                {filter.query.trim() || filter.group === "all" ? "No job matches." : `No jobs are ${filter.group}.`}
              </p>
              <button type="button" class="quiet" onClick={() => onFilter({ group: "all", query: "" })}>
                Show all {count(all.length)}
              </button>
            </>
          ) : (
            <p>There are no jobs yet. Drop a video or an image anywhere on this page.</p>
          )}
        </div>
      )}
    </section>
  );
}
