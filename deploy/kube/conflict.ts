// Conflicts of server-side apply: which fields another manager owns, read from the API server's Status object.

export interface Conflict {
  manager: string;
  /** As the API server writes it: `.spec.priority`. */
  field: string;
}

/** The conflicts in a 409; none if it is another kind of conflict. */
export function conflictsIn(body: unknown): Conflict[] {
  let status: any = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body);
    } catch {
      return [];
    }
  }
  const causes: any[] = Array.isArray(status?.details?.causes) ? status.details.causes : [];
  return causes
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ message, field }) => ({
      manager: /conflict with "([^"]+)"/.exec(String(message))?.[1] ?? "another manager",
      field: String(field),
    }));
}
