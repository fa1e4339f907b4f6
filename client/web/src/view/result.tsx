// What a completed job made, shown or played in place.
import { useState } from "preact/hooks";
import { type JobResult, type OutputResult, StreamAction } from "../../gen/spool/v1/job_pb";
import { bytes, clock, count } from "../model/format";
import { CONTAINER_NAMES, isImage } from "../model/names";
import { lengthMillis } from "../model/time";
import { type OutputChoice, outputUrl } from "../rpc/media";
import { DownloadIcon } from "./icons";

function Player({ id, result, choice }: { id: string; result: JobResult; choice: OutputChoice }) {
  const [failed, setFailed] = useState(false);
  const url = outputUrl(id, choice);
  const name = result.output || id;
  if (failed) {
    return (
      <div class="empty player-failed">
        <p>This browser cannot show {CONTAINER_NAMES[result.container] || "this file"} here.</p>
        <a class="button" href={outputUrl(id, { ...choice, download: true })} download>
          <DownloadIcon />
          Download
        </a>
      </div>
    );
  }
  if (isImage(result.container)) {
    return <img class="media" src={url} alt={`Output ${name}`} onError={() => setFailed(true)} />;
  }
  if (!result.width) {
    return (
      <audio class="media" src={url} controls preload="metadata" aria-label={name} onError={() => setFailed(true)} />
    );
  }
  return (
    <video
      class="media"
      src={url}
      controls
      playsInline
      preload="metadata"
      width={result.width}
      height={result.height}
      aria-label={`Output ${name}`}
      onError={() => setFailed(true)}
    />
  );
}

function Streams({ result }: { result: JobResult }) {
  if (!result.streams.length) return null;
  const actions: Record<StreamAction, string> = {
    [StreamAction.UNSPECIFIED]: "",
    [StreamAction.COPIED]: "copied",
    [StreamAction.ENCODED]: "encoded",
    [StreamAction.DROPPED]: "dropped",
  };
  return (
    <table class="streams">
      <caption>Streams</caption>
      <thead>
        <tr>
          <th scope="col">Stream</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col">What was done</th>
        </tr>
      </thead>
      <tbody>
        {result.streams.map((stream) => (
          <tr key={stream.inputIndex}>
            <td>
              {stream.inputIndex} {stream.kind}
            </td>
            <td class="mono">{stream.inputCodec}</td>
            <td class="mono">{stream.outputCodec || "–"}</td>
            <td>
              {actions[stream.action]}
              {stream.reason && <span class="muted">: {stream.reason}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Made({ id, result, choice }: { id: string; result: JobResult; choice: OutputChoice }) {
  const length = lengthMillis(result.duration);
  const facts: [string, string][] = [
    ["Size", result.width ? `${result.width} × ${result.height}` : ""],
    ["Length", length === undefined ? "" : clock(length)],
    ["File", bytes(Number(result.bytes))],
    ["Format", CONTAINER_NAMES[result.container]],
    ["Codecs", [result.videoCodec, result.audioCodec].filter(Boolean).join(", ")],
    ["Frames", result.frames > 1n ? count(Number(result.frames)) : ""],
    ["Loudness before", result.measuredLufs === undefined ? "" : `${result.measuredLufs.toFixed(1)} LUFS`],
    ["SHA-256", result.sha256],
  ];
  return (
    <>
      <Player key={choice.name ?? ""} id={id} result={result} choice={choice} />
      {result.warnings.length > 0 && (
        <ul class="warnings" aria-label="Warnings">
          {result.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd class={name === "SHA-256" ? "mono hash" : ""}>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {result.vtt && (
        <p class="beside">
          <a class="button" href={outputUrl(id, { ...choice, vtt: true, download: true })} download>
            <DownloadIcon />
            WebVTT file
          </a>
        </p>
      )}
      <Streams result={result} />
    </>
  );
}

function nameOf(output: OutputResult, index: number): string {
  return output.name || String(index);
}

export function Result({ id, result }: { id: string; result: JobResult }) {
  const [chosen, setChosen] = useState(() =>
    Math.max(
      0,
      result.outputs.findIndex((output) => output.result),
    ),
  );
  const output = result.outputs[chosen];
  return (
    <section class="panel result" aria-labelledby="result-title">
      <h2 id="result-title">Result</h2>
      {result.outputs.length > 0 && (
        <div class="groups" role="group" aria-label="Outputs">
          {result.outputs.map((each, index) => (
            <button
              type="button"
              key={nameOf(each, index)}
              aria-pressed={index === chosen}
              class={each.error ? "bad" : ""}
              onClick={() => setChosen(index)}
            >
              {nameOf(each, index)}
              {each.error && " (failed)"}
            </button>
          ))}
        </div>
      )}
      {output ? (
        output.result ? (
          <Made id={id} result={output.result} choice={{ name: nameOf(output, chosen) }} />
        ) : (
          <div class="error">
            <p class="reason mono">{output.error?.reason}</p>
            <p class="message">{output.error?.message}</p>
          </div>
        )
      ) : (
        <Made id={id} result={result} choice={{}} />
      )}
    </section>
  );
}
