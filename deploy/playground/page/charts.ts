// Charts as SVG: one bar of shares, and columns over time. Colours come from the style sheet; each
// chart has a text that says the same.
import { el, svg } from "./dom.ts";

const WIDTH = 640;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 22;

export interface Series {
  name: string;
  /** Class of its colour: `c0` … `c5`, `bad`, `warn`. */
  colour: string;
  values: number[];
}

/** One bar, divided by shares. */
export function shareBar(parts: { name: string; value: number; colour: string }[]): HTMLElement {
  const total = parts.reduce((sum, { value }) => sum + value, 0);
  let x = 0;
  const bars = parts.map(({ name, value, colour }) => {
    const width = (value / Math.max(1, total)) * WIDTH;
    const bar = svg("rect", { x, y: 0, width, height: 26, class: colour }, svg("title", {}, name));
    x += width;
    return bar;
  });
  const words = parts.map(({ name, value }) => `${name} ${value}`).join(", ");
  return el(
    "figure",
    {},
    wrap(svg("svg", { viewBox: `0 0 ${WIDTH} 26`, role: "img", "aria-label": words }, ...bars)),
    legend(
      parts.map(({ name, value, colour }) => ({
        colour,
        text: `${name} ${value} (${((value / Math.max(1, total)) * 100).toFixed(1)} %)`,
      })),
    ),
  );
}

/** Stacked columns, one for each slice of time. */
export function columns(title: string, seconds: number[], series: Series[]): HTMLElement {
  const sums = seconds.map((_, at) => series.reduce((sum, { values }) => sum + values[at]!, 0));
  const most = Math.max(1, ...sums);
  const step = (WIDTH - LEFT) / Math.max(1, seconds.length);
  const scale = (HEIGHT - BOTTOM - 6) / most;
  const marks = [0, most].map((value) => {
    const y = HEIGHT - BOTTOM - value * scale;
    return [
      svg("line", { x1: LEFT, x2: WIDTH, y1: y, y2: y, class: "grid" }),
      svg("text", { x: LEFT - 6, y: y + 4, class: "axis end" }, String(value)),
    ];
  });
  const bars = seconds.flatMap((_, at) => {
    let y = HEIGHT - BOTTOM;
    return series.map(({ name, colour, values }) => {
      const height = values[at]! * scale;
      y -= height;
      const label = svg("title", {}, `${seconds[at]} s: ${name} ${values[at]}`);
      const width = Math.max(1, step - 2);
      return svg("rect", { x: LEFT + at * step, y, width, height, class: colour }, label);
    });
  });
  const last = Math.round(seconds.at(-1) ?? 0);
  const axis = [
    svg("text", { x: LEFT, y: HEIGHT - 4, class: "axis" }, "0 s"),
    svg("text", { x: WIDTH, y: HEIGHT - 4, class: "axis end" }, `${last} s`),
  ];
  const total = ({ values }: Series) => values.reduce((sum, value) => sum + value, 0);
  const words = series.map((one) => `${one.name} ${total(one)}`).join(", ");
  const label = `${title}: ${words}`;
  return el(
    "figure",
    {},
    el("figcaption", {}, title),
    wrap(
      svg(
        "svg",
        { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
        ...marks.flat(),
        ...bars,
        ...axis,
      ),
    ),
    legend(series.map((one) => ({ colour: one.colour, text: `${one.name} ${total(one)}` }))),
  );
}

/** A strip of states over time. */
export function strip(title: string, states: { name: string; colour: string }[]): HTMLElement {
  const step = (WIDTH - LEFT) / Math.max(1, states.length);
  const bars = states.map(({ name, colour }, at) =>
    svg(
      "rect",
      { x: LEFT + at * step, y: 0, width: step, height: 16, class: colour },
      svg("title", {}, name),
    ),
  );
  const seen = [...new Map(states.map((state) => [state.name, state])).values()];
  const label = `${title}: ${seen.map(({ name }) => name).join(", then ")}`;
  return el(
    "figure",
    {},
    el("figcaption", {}, title),
    wrap(svg("svg", { viewBox: `0 0 ${WIDTH} 16`, role: "img", "aria-label": label }, ...bars)),
    legend(seen.map(({ name, colour }) => ({ colour, text: name }))),
  );
}

function legend(entries: { colour: string; text: string }[]): HTMLElement {
  return el(
    "ul",
    { class: "legend" },
    ...entries.map(({ colour, text }) =>
      el(
        "li",
        {},
        wrap(
          svg(
            "svg",
            { viewBox: "0 0 10 10", "aria-hidden": "true" },
            svg("rect", { width: 10, height: 10, class: colour }),
          ),
        ),
        text,
      ),
    ),
  );
}

/** `el` takes HTML elements; an SVG is a node like any other. */
function wrap(node: SVGElement): Node {
  return node;
}
