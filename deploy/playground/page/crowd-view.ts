// The clients view: a crowd's requests as charts.
import type { CrowdRun } from "../engine/protocol.ts";
import { columns, shareBar, strip } from "./charts.ts";
import { byId, el } from "./dom.ts";

const guardModes = [
  { name: "closed: the variant gets its share", colour: "good" },
  { name: "open: all its traffic goes to the fallback", colour: "bad" },
  { name: "trickle: a tenth comes back", colour: "warn" },
];

export function showCrowd(run: CrowdRun, variants: string[]): void {
  const seconds = run.slices.map(({ second }) => second);
  const names = [...new Set([...variants, ...Object.keys(run.variants)])];
  const colourOf = (name: string) => `c${names.indexOf(name) % 6}`;
  const count = (pick: (slice: CrowdRun["slices"][number]) => number) => run.slices.map(pick);
  const parts = names.map((name) => ({
    name,
    value: run.variants[name] ?? 0,
    colour: colourOf(name),
  }));
  const statuses = Object.entries(run.statuses).map(([status, many]) => `${many} × ${status}`);
  byId("crowd-charts").replaceChildren(
    el("p", { class: "status good" }, `${run.total} requests: ${statuses.join(", ")}`),
    names.length === 0 || Object.keys(run.variants).length === 0
      ? ""
      : el(
          "section",
          {},
          el("h3", {}, "Split"),
          shareBar(parts),
          el("p", { class: "note" }, movedText(run)),
          columns(
            "Variants over time",
            seconds,
            names.map((name) => ({
              name,
              colour: colourOf(name),
              values: count(({ variants }) => variants[name] ?? 0),
            })),
          ),
        ),
    columns("Decisions over time", seconds, [
      { name: "reached the service", colour: "good", values: count(({ admitted }) => admitted) },
      { name: "refused by a limit", colour: "warn", values: count(({ limited }) => limited) },
      { name: "refused otherwise", colour: "bad", values: count(({ refused }) => refused) },
    ]),
    run.slices.some(({ remaining }) => remaining !== undefined)
      ? columns("Left in the bucket with least", seconds, [
          { name: "requests left", colour: "c0", values: count((slice) => slice.remaining ?? 0) },
        ])
      : "",
    run.slices.some(({ guard }) => guard !== undefined)
      ? strip(
          "Guard",
          run.slices.map(({ guard = 0 }) => guardModes[guard] ?? guardModes[0]!),
        )
      : "",
  );
}

function movedText({ moved }: CrowdRun): string {
  return moved === 0
    ? "No client moved to another variant."
    : `${moved} times a client got another variant than before: the guard moved it, or the route is not sticky.`;
}
