// Where the artifacts of a release come from: an in-toto statement with a SLSA provenance 1.0
// predicate. Nothing in it depends on when it was written.
export interface Built {
  version: string;
  /** The repository's address, and the commit that was built. */
  repository: string;
  commit: string;
  /** Who built it; `https://…` of a workflow, or `local`. */
  builder: string;
  /** Of package-lock.json. */
  lockSha256: string;
  /** name → SHA-256. */
  artifacts: Map<string, string>;
  /** What else went in: the tool image's base. */
  materials: { uri: string; sha256: string }[];
}

export function provenance(built: Built): object {
  const { version, repository, commit, builder, lockSha256, artifacts, materials } = built;
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [...artifacts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, sha256]) => ({ name, digest: { sha256 } })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "https://gatehouse.dev/release/v1",
        externalParameters: { repository, version },
        internalParameters: {},
        resolvedDependencies: [
          { uri: `git+${repository}@${commit}`, digest: { gitCommit: commit } },
          { uri: "package-lock.json", digest: { sha256: lockSha256 } },
          ...materials.map(({ uri, sha256 }) => ({ uri, digest: { sha256 } })),
        ],
      },
      runDetails: { builder: { id: builder }, metadata: { invocationId: `${version}@${commit}` } },
    },
  };
}
