// The real Helm and kustomize: those that `test:istio` has built, else built here.
import { existsSync } from "node:fs";
import { installedTools } from "../istio/setup.ts";
import { goBinary } from "./binaries.ts";

const sources = {
  helm: ["helm.sh/helm/v4/cmd/helm", "v4.2.0"],
  kustomize: ["sigs.k8s.io/kustomize/kustomize/v5", "v5.8.1"],
  crane: ["github.com/google/go-containerregistry/cmd/crane", "v0.21.6"],
} as const;

/** Absolute path of the program. */
export function program(name: keyof typeof sources): string {
  try {
    const built = installedTools().program(name);
    if (existsSync(built)) return built;
  } catch {
    // Not built there.
  }
  const [module, version] = sources[name];
  return goBinary(module, version);
}
