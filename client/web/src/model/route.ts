// Where in the dashboard one is, as the part of the address after "#": it can be kept, shared and gone back to.
import { STATE_GROUPS, type StateGroup } from "./filter";

export type Route =
  | { readonly page: "jobs"; readonly group: StateGroup; readonly query: string }
  | { readonly page: "job"; readonly id: string };

export const HOME: Route = { page: "jobs", group: "all", query: "" };

export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?", 2);
  const job = /^\/jobs\/(.+)$/.exec(path);
  if (job?.[1]) {
    try {
      return { page: "job", id: decodeURIComponent(job[1]) };
    } catch {
      return HOME;
    }
  }
  const parameters = new URLSearchParams(search);
  const group = STATE_GROUPS.find(({ key }) => key === parameters.get("state"))?.key ?? "all";
  return { page: "jobs", group, query: parameters.get("q") ?? "" };
}

export function formatRoute(route: Route): string {
  if (route.page === "job") return `#/jobs/${encodeURIComponent(route.id)}`;
  const parameters = new URLSearchParams();
  if (route.group !== "all") parameters.set("state", route.group);
  if (route.query) parameters.set("q", route.query);
  return parameters.size ? `#/?${parameters}` : "#/";
}
