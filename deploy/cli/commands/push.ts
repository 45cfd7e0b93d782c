// `gatehouse push`: the built filters as images, into the registry that the settings (or the
// flags) name.
import { isModule, moduleNames } from "../../core/catalog.ts";
import type { ModuleName } from "../../core/catalog.ts";
import { version } from "../../core/filter-schemas.ts";
import { modulesOf } from "../../core/policy.ts";
import { loadPolicies } from "../../core/load.ts";
import { credentialsFor } from "../../oci/credentials.ts";
import type { Form } from "../../oci/image.ts";
import { nameText, parseName } from "../../oci/name.ts";
import { push } from "../../oci/push.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { imageFor } from "../../render/render.ts";
import { timeoutOf } from "./cluster.ts";

export interface PushFlags {
  file?: string[];
  to?: string;
  tag?: string;
  form?: string;
  plainHttp?: boolean;
  timeout: string;
  dryRun?: boolean;
}

/** One image to push. */
interface Job {
  filter: ModuleName;
  repository: string;
  form: Form;
  tag: string;
}

export async function pushCommand(
  out: Output,
  filters: string[],
  flags: PushFlags,
): Promise<Answer> {
  const jobs = jobsOf(filters, flags);
  const timeoutMillis = timeoutOf(flags);
  const rows: Record<string, unknown>[] = [];
  for (const job of jobs) {
    const image = imageFor(job.filter, job.form);
    const name = parseName(`${job.repository}/${job.filter}`, flags.plainHttp);
    const bytes = image.blobs.reduce((sum, blob) => sum + blob.data.length, 0);
    const row = {
      filter: job.filter,
      form: job.form,
      tag: job.tag,
      reference: nameText(name, image.digest),
      digest: image.digest,
      bytes,
    };
    if (flags.dryRun) {
      rows.push({ ...row, result: "not pushed (dry run)" });
      continue;
    }
    out.progress(
      `${job.filter}: ${Math.ceil(bytes / 1024)} KiB to ${name.registry}/${name.repository}:${job.tag}`,
    );
    const credentials = await credentialsFor(name.registry);
    const pushed = await push(image, name, [job.tag], { credentials, timeoutMillis });
    rows.push({
      ...row,
      result: pushed.unchanged ? "was there already" : `pushed, ${pushed.blobsSent} blobs sent`,
    });
  }
  const text = rows.map((row) => `${row.reference}  ${row.tag}  ${row.result}`).join("\n");
  return { ok: true, text, data: { images: rows } };
}

function jobsOf(filters: string[], flags: PushFlags): Job[] {
  const unknown = filters.find((name) => !isModule(name));
  if (unknown)
    throw new ToolError(
      "usage",
      `${unknown}: no such module; allowed: ${moduleNames.join(", ")}; write -f before each settings file`,
    );
  if (flags.form && !["image", "artifact", "both"].includes(flags.form)) {
    throw new ToolError(
      "usage",
      `--form ${flags.form}: no such form; write image, artifact or both`,
    );
  }
  const wanted = (names: ModuleName[]) =>
    names.filter((name) => filters.length === 0 || filters.includes(name));
  if (flags.to)
    return wanted([...moduleNames]).flatMap((filter) =>
      jobsFor(filter, flags.to!, flags.form ?? "image", flags.tag),
    );
  if (!flags.file)
    throw new ToolError(
      "usage",
      "nothing to push; name the settings with -f, or a repository with --to",
    );
  const jobs = loadPolicies(flags.file).policies.flatMap((policy) => {
    const { repository, form, tag } = policy.image;
    if (!repository) return [];
    return wanted(modulesOf(policy)).flatMap((filter) =>
      jobsFor(filter, repository, flags.form ?? form, flags.tag ?? tag),
    );
  });
  if (jobs.length === 0)
    throw new ToolError(
      "usage",
      "the settings name no image repository to push to; name one with --to",
    );
  const seen = new Set<string>();
  return jobs.filter((job) => {
    const key = JSON.stringify(job);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** `both` keeps the image under the tag and puts the artifact beside it. */
function jobsFor(filter: ModuleName, repository: string, form: string, tag = version): Job[] {
  if (form !== "both") return [{ filter, repository, form: form as Form, tag }];
  return [
    { filter, repository, form: "image", tag },
    { filter, repository, form: "artifact", tag: `${tag}-artifact` },
  ];
}
