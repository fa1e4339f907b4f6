// The clients of Node: @connectrpc/connect-node with each of its protocols.
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { JobService, WatchEventsRequestSchema } from "./gen/spool/v1/job_service_pb";

export async function connectNode(
  protocol: string,
  http: string,
  grpc: string,
  token: string,
  tell: (sequences: number[], token: string) => void,
): Promise<never> {
  const transport =
    protocol === "gRPC"
      ? createGrpcTransport({ baseUrl: `http://${grpc}` })
      : protocol === "gRPC-Web"
        ? createGrpcWebTransport({ baseUrl: http, httpVersion: "1.1" })
        : createConnectTransport({ baseUrl: http, httpVersion: "1.1" });
  const client = createClient(JobService, transport);
  for (;;) {
    const request = create(WatchEventsRequestSchema, {
      start: token ? { case: "resumeToken", value: token } : { case: "afterSequence", value: 0n },
      heartbeatInterval: { seconds: 1n },
    });
    try {
      for await (const response of client.watchEvents(request)) {
        token = response.coverage?.resumeToken ?? token;
        tell(response.events.map((event) => Number(event.sequence)), token);
      }
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
