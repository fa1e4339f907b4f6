// The page as a whole: bar, banner, the view that the address asks for, dialogs, and files dropped anywhere.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { JobState } from "../../gen/spool/v1/job_pb";
import { useStore } from "../app/context";
import { count } from "../model/format";
import { formatRoute, HOME, parseRoute, type Route } from "../model/route";
import { Banner } from "./banner";
import { Charts } from "./charts";
import { UploadIcon } from "./icons";
import { JobList } from "./job_list";
import { JobPage } from "./job_page";
import { titleOf } from "./job_text";
import { NewJob } from "./new_job";
import { Notices } from "./notices";
import { Figures, Now } from "./overview";
import { SignIn } from "./sign_in";
import { TopBar } from "./top_bar";

function useRoute() {
  const [hash, setHash] = useState(window.location.hash);
  useEffect(() => {
    const onChange = () => setHash(window.location.hash);
    window.addEventListener("hashchange", onChange);
    return () => window.removeEventListener("hashchange", onChange);
  }, []);
  return {
    route: parseRoute(hash),
    // Without an entry in the history: each key that is typed into the search box is no page of its own.
    replace: (to: string) => {
      window.history.replaceState(null, "", to);
      setHash(to);
    },
  };
}

// Files dragged over the page, wherever.
function useDrop(onFiles: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onEnter = (event: DragEvent) => {
      if (!carries(event)) return;
      depth += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!carries(event)) return;
      depth -= 1;
      if (depth <= 0) setOver(false);
    };
    const onOver = (event: DragEvent) => {
      if (carries(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      if (!carries(event) || event.defaultPrevented) return;
      event.preventDefault();
      onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragenter", onEnter);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("dragover", onOver);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragenter", onEnter);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("drop", onDrop);
    };
  }, [onFiles]);
  return over;
}

function useTitle(): void {
  const store = useStore();
  const { route } = useRoute();
  const running = store.table.count(JobState.RUNNING);
  const row = route.page === "job" ? store.table.get(route.id) : undefined;
  const title = [row ? titleOf(row) : "", running ? `${count(running)} running` : "", "Spool"]
    .filter(Boolean)
    .join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function Loading() {
  const { connection } = useStore();
  return (
    <main id="main" class="loading">
      <p role="status">
        {connection.kind === "loading" ? `Loading ${count(connection.loaded)} jobs…` : "Connecting to the server…"}
      </p>
    </main>
  );
}

export function Page() {
  const store = useStore();
  const { route, replace } = useRoute();
  const [files, setFiles] = useState<readonly File[] | undefined>(undefined);
  const [addFiles] = useState(() => (more: readonly File[]) => setFiles((before) => [...(before ?? []), ...more]));
  const over = useDrop(addFiles);
  useTitle();
  // Where the list was when a job's page was opened.
  const left = useRef<{ route: Route; scroll: number; job: string | undefined }>({
    route: HOME,
    scroll: 0,
    job: undefined,
  });
  const listed = route.page === "jobs" && store.ready;
  if (route.page === "jobs") left.current.route = route;
  else left.current.job = route.id;
  useLayoutEffect(() => {
    if (!listed) return undefined;
    window.scrollTo(0, left.current.scroll);
    const onScroll = () => {
      left.current.scroll = window.scrollY;
    };
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  }, [listed]);
  const openNewJob = () => setFiles((before) => before ?? []);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main a, main button, main input")?.focus();
        }}
      >
        Skip to the content
      </a>
      <TopBar onNewJob={openNewJob} />
      <Banner />
      {route.page === "job" ? (
        <JobPage key={route.id} id={route.id} from={left.current.route} />
      ) : store.ready ? (
        <main id="main">
          <h1 class="hidden">Jobs of this server</h1>
          <Figures />
          <Now onNewJob={openNewJob} />
          <Charts />
          <JobList
            filter={route}
            cameFrom={left.current.job}
            onFilter={(filter) => replace(formatRoute({ page: "jobs", ...filter }))}
          />
        </main>
      ) : (
        <Loading />
      )}
      {files && <NewJob files={files} onFiles={setFiles} onClose={() => setFiles(undefined)} />}
      {store.tokenWanted && <SignIn />}
      {over && !files && (
        <div class="drop-veil" aria-hidden="true">
          <p>
            <UploadIcon />
            Drop to make a job of it
          </p>
        </div>
      )}
      <Notices />
    </>
  );
}
