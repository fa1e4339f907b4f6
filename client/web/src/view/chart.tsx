// Bars and lines over time, drawn as SVG at the size that the page gives. The pointer or the arrow keys choose a step;
// what it holds is said in words beside the title, which screen readers hear too.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { day, shortTime } from "../model/format";

const HEIGHT = 148;
const LEFT = 54;
const BOTTOM = 22;
const TOP = 8;
const RIGHT = 8;

export interface Frame {
  readonly width: number;
  // Of the plot, from the left end of a step; steps are `step` wide.
  readonly step: number;
  x(index: number): number;
  y(value: number): number;
}

interface ChartProps {
  readonly title: string;
  // Begin of each step, in milliseconds since 1970, and the length of one.
  readonly times: readonly number[];
  readonly stepMs: number;
  // From 0 upwards; the last one is the top of the plot.
  readonly ticks: readonly number[];
  readonly tickText: (tick: number) => string;
  readonly legend: readonly { readonly text: string; readonly mark: string }[];
  readonly empty: string | undefined;
  // What a step holds, in words.
  readonly describe: (index: number) => string;
  // What the whole chart says, in words.
  readonly summary: string;
  readonly draw: (frame: Frame) => ComponentChildren;
}

// Every which step has its time written beneath it: as many as there is room for.
function labelEvery(count: number, width: number): number {
  const room = Math.max(2, Math.floor(width / 84));
  return [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 28, 30].find((every) => count / every <= room) ?? count;
}

export function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(480);
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  useLayoutEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(160, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const { times } = props;
  const count = times.length;
  const top = props.ticks[props.ticks.length - 1] || 1;
  const plotWidth = width - LEFT - RIGHT;
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const frame: Frame = {
    width: plotWidth,
    step: plotWidth / count,
    x: (index) => LEFT + (index * plotWidth) / count,
    y: (value) => TOP + plotHeight * (1 - Math.min(value, top) / top),
  };
  const every = labelEvery(count, plotWidth);
  const long = props.stepMs * count > 24 * 3_600_000;
  const timeText = (time: number) => (long ? day(time) : shortTime(time));
  const shown = chosen !== undefined && chosen < count ? chosen : undefined;
  const when = (index: number) => {
    const from = times[index] ?? 0;
    return `${long ? `${day(from)}, ` : ""}${shortTime(from)}–${shortTime(from + props.stepMs)}`;
  };

  const onPointer = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) * (width / box.width) - LEFT) / frame.step);
    setChosen(index >= 0 && index < count ? index : undefined);
  };
  const onKey = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    const move = moves[event.key];
    if (event.key === "Escape") setChosen(undefined);
    else if (event.key === "Home") setChosen(0);
    else if (event.key === "End") setChosen(count - 1);
    else if (move !== undefined) setChosen(Math.max(0, Math.min(count - 1, (shown ?? count) + move)));
    else return;
    event.preventDefault();
  };

  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title}</h3>
        <ul class="legend" aria-hidden="true">
          {props.legend.map(({ text, mark }) => (
            <li key={text}>
              <span class={`key ${mark}`} />
              {text}
            </li>
          ))}
        </ul>
        <p class="reading" aria-live="polite">
          {shown === undefined ? "" : `${when(shown)}: ${props.describe(shown)}`}
        </p>
      </figcaption>
      <div
        class="plot"
        ref={holder}
        role="group"
        aria-label={`${props.title}. ${props.summary} Use the arrow keys to read it step by step.`}
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => setChosen(undefined)}
      >
        <svg
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          aria-hidden="true"
          onPointerMove={onPointer}
          onPointerDown={onPointer}
          onPointerLeave={() => setChosen(undefined)}
        >
          {props.ticks.map((tick) => (
            <g key={tick}>
              <line
                class={tick === 0 ? "base" : "grid"}
                x1={LEFT}
                x2={width - RIGHT}
                y1={frame.y(tick)}
                y2={frame.y(tick)}
              />
              <text class="tick" x={LEFT - 8} y={frame.y(tick)} dy="0.32em" text-anchor="end">
                {props.tickText(tick)}
              </text>
            </g>
          ))}
          {times.map((time, index) =>
            (count - 1 - index) % every === 0 && index > 0 ? (
              <text
                class="tick"
                key={time}
                x={frame.x(index)}
                y={HEIGHT - 4}
                text-anchor={index + every > count ? "end" : "middle"}
              >
                {timeText(time)}
              </text>
            ) : null,
          )}
          {shown !== undefined && (
            <rect class="chosen" x={frame.x(shown)} y={TOP} width={frame.step} height={plotHeight} />
          )}
          {props.draw(frame)}
        </svg>
        {props.empty && <p class="nothing">{props.empty}</p>}
      </div>
    </figure>
  );
}
