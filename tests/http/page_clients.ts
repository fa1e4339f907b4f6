// The clients that run in a page. Each follows the feed from a token on and tells what comes; none is written for this
// test: Connect's and gRPC-Web's own clients, and what browsers have.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { GrpcWebClientBase, MethodDescriptor, MethodType } from "grpc-web";
import {
  JobService,
  WatchEventsRequestSchema,
  WatchEventsResponseSchema,
  type WatchEventsRequest,
  type WatchEventsResponse,
} from "./gen/spool/v1/job_service_pb";

// Sequence of an event, and the token that resumes after the response (or event) that it came with.
type Tell = (name: string, sequences: number[], token: string) => void;
// Goes on until the page is closed; comes back by itself when the server goes.
type Follow = (base: string, name: string, token: string, tell: Tell) => void;

function requestOf(token: string): WatchEventsRequest {
  return create(WatchEventsRequestSchema, {
    start: token ? { case: "resumeToken", value: token } : { case: "afterSequence", value: 0n },
    heartbeatInterval: { seconds: 1n },
  });
}

function take(name: string, response: WatchEventsResponse, tell: Tell): string {
  const token = response.coverage?.resumeToken ?? "";
  tell(name, response.events.map((event) => Number(event.sequence)), token);
  return token;
}

const pause = () => new Promise((done) => setTimeout(done, 50));

function withConnectClient(transportOf: (base: string) => Transport): Follow {
  return async (base, name, token, tell) => {
    const client = createClient(JobService, transportOf(base));
    for (;;) {
      try {
        for await (const response of client.watchEvents(requestOf(token))) token = take(name, response, tell) || token;
      } catch {
        await pause();
      }
    }
  };
}

// As the generated code of protoc-gen-grpc-web does it, with protobuf-es's messages.
const withGrpcWeb =
  (format: "text" | "binary"): Follow =>
  (base, name, token, tell) => {
    const method = new MethodDescriptor<WatchEventsRequest, WatchEventsResponse>(
      "/spool.v1.JobService/WatchEvents",
      MethodType.SERVER_STREAMING,
      Object as never,
      Object as never,
      (request: WatchEventsRequest) => toBinary(WatchEventsRequestSchema, request),
      (bytes: Uint8Array) => fromBinary(WatchEventsResponseSchema, new Uint8Array(bytes)),
    );
    const client = new GrpcWebClientBase({ format });
    const again = () => {
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        void pause().then(again);
      };
      const stream = client.serverStreaming(base + method.getName(), requestOf(token), {}, method);
      stream.on("data", (response: WatchEventsResponse) => (token = take(name, response, tell) || token));
      stream.on("error", end);
      stream.on("end", end);
    };
    again();
  };

const withEventSource: Follow = (base, name, token, tell) => {
  // No line here comes back after a failure: that is the browser's affair. That it gives up for ever is told, and fails the test.
  const open = () => {
    const start = token ? `resume_token=${token}` : "after_sequence=0";
    const source = new EventSource(`${base}/v1/events?${start}&heartbeat=1`);
    source.onmessage = (message) => {
      token = message.lastEventId;
      tell(name, [Number((JSON.parse(message.data) as { sequence: string }).sequence)], token);
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) tell(name, [-1], "the browser gave the stream up");
    };
  };
  open();
};

const withWebSocket: Follow = (base, name, token, tell) => {
  const open = () => {
    const socket = new WebSocket(`${base.replace("http", "ws")}/v1/events/ws`);
    socket.onopen = () =>
      socket.send(
        JSON.stringify({ ...(token ? { resumeToken: token } : { afterSequence: "0" }), heartbeatInterval: "1s" }),
      );
    socket.onmessage = (message) => {
      const response = JSON.parse(message.data as string) as {
        events?: { sequence: string }[];
        coverage?: { resumeToken?: string };
      };
      token = response.coverage?.resumeToken ?? token;
      tell(name, (response.events ?? []).map((event) => Number(event.sequence)), token);
    };
    socket.onclose = () => void pause().then(open);
  };
  open();
};

const clients: Record<string, Follow> = {
  "connect-web, binary": withConnectClient((baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true })),
  "connect-web, JSON": withConnectClient((baseUrl) => createConnectTransport({ baseUrl })),
  "connect-web as gRPC-Web": withConnectClient((baseUrl) => createGrpcWebTransport({ baseUrl })),
  "grpc-web, text": withGrpcWeb("text"),
  EventSource: withEventSource,
  WebSocket: withWebSocket,
};

Object.assign(window, {
  clientNames: Object.keys(clients),
  follow: (base: string, name: string, token: string) =>
    clients[name](base, name, token, (window as unknown as { tell: Tell }).tell),
});
