// The version of a release: the newest one in CHANGELOG.md (keepachangelog.com), which
// package.json must have too.
export interface Release {
  version: string;
  /** As the changelog has it: YYYY-MM-DD. */
  date: string;
  /** What the changelog says about it. */
  notes: string;
}

/** Throws an error that says what to write. */
export function releaseIn(changelog: string, packageVersion: string): Release {
  const heading = /^## \[(\d+\.\d+\.\d+(?:-[\w.]+)?)\] - (\d{4}-\d\d-\d\d)$/gm;
  const newest = heading.exec(changelog);
  if (!newest)
    throw new Error(
      "CHANGELOG.md: no release; write a heading such as ## [0.2.0] - 2026-01-31 above its changes",
    );
  const [line, version = "", date = ""] = newest;
  if (version !== packageVersion)
    throw new Error(
      `CHANGELOG.md has ${version}, package.json ${packageVersion}; write the same version into both`,
    );
  const unreleased = /^## \[Unreleased\]\n([\s\S]*?)(?=^## \[)/m.exec(changelog)?.[1] ?? "";
  if (!["", "Nothing yet."].includes(unreleased.trim()))
    throw new Error(
      `CHANGELOG.md: changes stand below Unreleased; move them below ${version}, or below a new version`,
    );
  const next = heading.exec(changelog);
  const notes = changelog.slice(newest.index + line.length, next?.index).trim();
  return { version, date, notes };
}
