// Builds everything of a release into a folder: `node tools/release/artifacts.ts FOLDER
// [repository]`. tools/release.ts runs it in a clean clone; the same sources give the same bytes.
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { moduleNames } from "../../deploy/core/catalog.ts";
import { gzipStored, tar } from "../../deploy/oci/tar.ts";
import { imageFor } from "../../deploy/render/render.ts";
import { assembleChart, basesFolder, chartFolder } from "../chart.ts";
import { assemble, pack } from "../package.ts";
import { layout } from "./layout.ts";
import { moduleSbom, packageSbom } from "./sbom.ts";
import { releaseIn } from "./version.ts";
import type { Release } from "./version.ts";

const root = join(import.meta.dirname, "../..");

/** The release that this checkout is. */
export function thisRelease(): Release {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Release;
  return releaseIn(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version);
}

/** A folder as `name/…` in a .tgz, in a fixed order. */
function packed(folder: string, name: string): Buffer {
  const files = globSync("**/*", { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return gzipStored(
    tar(
      files.map((file) => ({
        name: `${name}${file.slice(folder.length)}`,
        data: readFileSync(file),
      })),
    ),
  );
}

export async function buildArtifacts(out: string, repository?: string): Promise<void> {
  const release = thisRelease();
  const { version } = release;
  mkdirSync(out, { recursive: true });
  const put = (name: string, data: Buffer | string) => writeFileSync(join(out, name), data);
  await assemble();
  pack(out);
  await assembleChart(repository);
  put(`gatehouse-chart-${version}.tgz`, packed(chartFolder, "gatehouse"));
  put(`gatehouse-kustomize-${version}.tgz`, packed(basesFolder, "kustomize"));
  const images = moduleNames.flatMap((module) =>
    (["image", "artifact"] as const).map((form) => ({
      name: `${module}:${version}${form === "artifact" ? "-artifact" : ""}`,
      ...imageFor(module, form),
    })),
  );
  put(`gatehouse-images-${version}.oci.tar`, layout(images));
  const digests = images.map(({ name, digest }) => `${digest}  ${name}\n`);
  put("IMAGES", digests.join(""));
  put("NOTES.md", `${release.notes}\n`);
  for (const module of moduleNames) {
    cpSync(join(root, `build/${module}.wasm`), join(out, `${module}.wasm`));
    put(`${module}.cdx.json`, moduleSbom(module, release));
  }
  put("gatehouse.cdx.json", packageSbom(release));
}

if (import.meta.main) await buildArtifacts(process.argv[2]!, process.argv[3]);
