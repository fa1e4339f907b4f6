// Asks for a token when the server wants one. It goes to the server once and is not kept by this page.
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../app/context";
import { signIn } from "../rpc/session";
import { Logo } from "./icons";

export function SignIn() {
  const { store } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const box = useRef<HTMLInputElement>(null);
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const refusal = await signIn(token.trim());
    setBusy(false);
    if (refusal === undefined) {
      store.signedIn();
      return;
    }
    setError(refusal);
    box.current?.focus();
  };
  return (
    <dialog
      ref={dialog}
      class="dialog sign-in"
      aria-labelledby="sign-in-title"
      onClose={() => dialog.current?.showModal()}
    >
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <Logo />
          <h2 id="sign-in-title">Sign in to Spool</h2>
          <p class="muted">This server wants a token. Whoever runs it can give you one.</p>
          <div class="field wide">
            <label for="token">Token</label>
            <input
              id="token"
              ref={box}
              type="password"
              autoComplete="current-password"
              value={token}
              aria-invalid={error !== ""}
              aria-describedby="token-error"
              onInput={(event) => {
                setToken(event.currentTarget.value);
                setError("");
              }}
            />
            <p id="token-error" class="field-error" role="alert">
              {error}
            </p>
          </div>
        </div>
        <footer>
          <button type="submit" class="primary" disabled={busy || !token.trim()}>
            Sign in
          </button>
        </footer>
      </form>
    </dialog>
  );
}
