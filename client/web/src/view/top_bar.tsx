// Always in view: whether the page is live, the queue's main switch, and the way to a new job.
import { useState } from "preact/hooks";
import { useApp, useNow, useStore } from "../app/context";
import { applyTheme, currentTheme, type Theme } from "../app/theme";
import { count } from "../model/format";
import { formatRoute, HOME } from "../model/route";
import { isSignedIn, signOut } from "../rpc/session";
import { Logo, MoonIcon, PauseIcon, PlayIcon, PlusIcon, SignOutIcon, SunIcon, SystemIcon } from "./icons";

function ConnectionMark() {
  const store = useStore();
  const now = useNow();
  const { connection, ready } = store;
  let text = "";
  switch (connection.kind) {
    case "live":
      text = "Live";
      break;
    case "loading":
      text = `Loading ${count(connection.loaded)} jobs`;
      break;
    case "connecting":
      text = ready ? "Reconnecting" : "Connecting";
      break;
    case "waiting":
      text = `Reconnecting in ${Math.max(0, Math.ceil((connection.retryAt - now) / 1000))} s`;
      break;
    case "paused":
      text = "Paused";
      break;
    case "signedOut":
      text = "Signed out";
  }
  return (
    <span class={`connection ${connection.kind}`} title={connection.kind === "waiting" ? connection.why : undefined}>
      <span class="lamp" aria-hidden="true" />
      {text}
    </span>
  );
}

const THEMES: Record<Theme, { next: Theme; text: string }> = {
  system: { next: "light", text: "Colours: as the system" },
  light: { next: "dark", text: "Colours: light" },
  dark: { next: "system", text: "Colours: dark" },
};

function ThemeSwitch() {
  const { store } = useApp();
  const [theme, setTheme] = useState(currentTheme);
  const change = () => {
    const { next } = THEMES[theme];
    applyTheme(next);
    setTheme(next);
    store.announce(THEMES[next].text);
  };
  return (
    <button
      type="button"
      class="quiet icon-only"
      onClick={change}
      aria-label={THEMES[theme].text}
      title={THEMES[theme].text}
    >
      {theme === "light" ? <SunIcon /> : theme === "dark" ? <MoonIcon /> : <SystemIcon />}
    </button>
  );
}

export function TopBar({ onNewJob }: { onNewJob: () => void }) {
  const { actions } = useApp();
  const { figures, tokenWanted } = useStore();
  return (
    <header class="top-bar">
      <a class="brand" href={formatRoute(HOME)} aria-label="Spool, all jobs">
        <Logo />
        <span>Spool</span>
      </a>
      <ConnectionMark />
      <div class="tools">
        {figures && (
          <button
            type="button"
            class={figures.paused ? "paused" : "quiet"}
            onClick={() => void actions.setPaused(!figures.paused)}
          >
            {figures.paused ? <PlayIcon /> : <PauseIcon />}
            <span>{figures.paused ? "Resume" : "Pause"}</span>
            <span class="hidden"> the queue</span>
          </button>
        )}
        <button type="button" class="primary" onClick={onNewJob}>
          <PlusIcon />
          <span>New job</span>
        </button>
        <ThemeSwitch />
        {isSignedIn() && !tokenWanted && (
          <button
            type="button"
            class="quiet icon-only"
            aria-label="Sign out"
            title="Sign out"
            onClick={() => void signOut().finally(() => window.location.reload())}
          >
            <SignOutIcon />
          </button>
        )}
      </div>
    </header>
  );
}
