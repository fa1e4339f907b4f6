// Signing in: the server keeps the token in a cookie that scripts cannot read. Here is only remembered that it did.
const REMEMBERED = "spool.signedIn";

export function isSignedIn(): boolean {
  return localStorage.getItem(REMEMBERED) !== null;
}

// Answers why not, or undefined when signed in.
export async function signIn(token: string): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch("/v1/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  } catch {
    return "The server cannot be reached.";
  }
  if (response.ok) {
    localStorage.setItem(REMEMBERED, "1");
    return undefined;
  }
  if (response.status === 401 || response.status === 403) return "The server does not know this token.";
  return `The server answered ${response.status}.`;
}

export async function signOut(): Promise<void> {
  localStorage.removeItem(REMEMBERED);
  await fetch("/v1/session", { method: "DELETE" });
}
