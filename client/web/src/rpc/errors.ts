// What the server's errors mean for the feed and for people.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb";
import type { Remedy } from "../model/feed";

export interface Problem {
  readonly code: Code;
  // Upper snake case; empty when the error did not come from Spool.
  readonly reason: string;
  readonly message: string;
  // Messages by the API's name of the field.
  readonly fields: ReadonlyMap<string, string>;
}

export function problemOf(error: unknown): Problem {
  const known = ConnectError.from(error);
  const fields = new Map<string, string>();
  for (const detail of known.findDetails(BadRequestSchema)) {
    for (const violation of detail.fieldViolations) fields.set(violation.field, violation.description);
  }
  const [info] = known.findDetails(ErrorInfoSchema);
  // fetch() fails with a TypeError when there is no connection; what it says of that differs from browser to browser.
  const unreachable = error instanceof TypeError || known.cause instanceof TypeError;
  return {
    code: unreachable ? Code.Unavailable : known.code,
    reason: info?.reason ?? "",
    message: unreachable ? "The server cannot be reached" : known.rawMessage || "The call failed",
    fields,
  };
}

export function remedyFor(error: unknown): { remedy: Remedy; why: string } {
  const { code, message, reason } = problemOf(error);
  if (code === Code.Unauthenticated) return { remedy: "signIn", why: message };
  const lost =
    code === Code.OutOfRange ||
    code === Code.FailedPrecondition ||
    code === Code.DataLoss ||
    reason === "RESUME_TOKEN_MALFORMED";
  return { remedy: lost ? "restart" : "resume", why: message };
}
