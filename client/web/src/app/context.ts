// The store, the actions and the clock for views.
import { createContext } from "preact";
import { useContext, useEffect, useReducer, useState } from "preact/hooks";
import type { Actions } from "./actions";
import type { Store } from "./store";

export interface App {
  readonly store: Store;
  readonly actions: Actions;
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("a view outside of AppContext");
  return app;
}

// Draws the view anew whenever the store has changed.
export function useStore(): Store {
  const { store } = useApp();
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  useEffect(() => store.subscribe(() => redraw(undefined)), [store]);
  return store;
}

// The time, in milliseconds since 1970, as of the last full second.
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  // A view may be drawn between two seconds for something that is newer than the last one.
  return Math.max(now, Date.now() - 999);
}
