// The generated clients, over Connect, to the server that this page came from.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { JobService } from "../../gen/spool/v1/job_service_pb";
import { MediaService } from "../../gen/spool/v1/media_service_pb";
import { QueueService } from "../../gen/spool/v1/queue_service_pb";

const transport = createConnectTransport({ baseUrl: window.location.origin, useBinaryFormat: true });

export const jobs = createClient(JobService, transport);
export const queue = createClient(QueueService, transport);
export const media = createClient(MediaService, transport);
