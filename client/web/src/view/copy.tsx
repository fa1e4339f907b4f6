// A button that puts a text on the clipboard and says that it did.
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../app/context";
import { CopyIcon } from "./icons";

export function Copy({ text, what }: { text: string; what: string }) {
  const { store } = useApp();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  // Browsers give the clipboard to secure pages only: https, or this machine.
  if (!navigator.clipboard) return null;
  const copy = async (event: MouseEvent) => {
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      store.announce("Copied.");
    } catch {
      store.notify("problem", "The browser did not allow copying.");
    }
  };
  return (
    <button
      type="button"
      class="quiet copy"
      onClick={(event) => void copy(event)}
      aria-label={`Copy ${what}`}
      title="Copy"
    >
      <CopyIcon />
      {done && <span>Copied</span>}
    </button>
  );
}
