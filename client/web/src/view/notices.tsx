// Short messages at the edge of the page, and the line that screen readers are read from.
import { useApp, useStore } from "../app/context";
import { CloseIcon } from "./icons";

export function Notices() {
  const { store } = useApp();
  const { notices, announcement } = useStore();
  return (
    <>
      <p class="hidden" role="status" aria-live="polite">
        {announcement}
      </p>
      <section class="notices" aria-label="Messages" aria-live="polite">
        {notices.map((notice) => (
          <div key={notice.id} class={`notice ${notice.kind}`}>
            <p>{notice.text}</p>
            <button type="button" class="quiet icon-only" aria-label="Dismiss" onClick={() => store.dismiss(notice.id)}>
              <CloseIcon />
            </button>
          </div>
        ))}
      </section>
    </>
  );
}
