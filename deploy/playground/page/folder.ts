// The files of the folder in which `gatehouse playground` runs. A page that comes from another
// server has none.

export interface Folder {
  name: string;
  files: Record<string, string>;
}

const meta = (name: string) =>
  document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;

/** The local folder; undefined on a static site. */
export async function openFolder(): Promise<Folder | undefined> {
  if (!meta("gatehouse-key")) return undefined;
  const answer = await fetch("folder", { headers: key() });
  if (!answer.ok) throw new Error(`the folder cannot be read: ${await answer.text()}`);
  return (await answer.json()) as Folder;
}

/** Writes one file back. Rejects with the server's reason. */
export async function save(name: string, text: string): Promise<void> {
  const answer = await fetch(`folder/${name}`, { method: "PUT", body: text, headers: key() });
  if (!answer.ok) throw new Error(`${name} is not saved: ${await answer.text()}`);
}

/** Only this page has the key: another site cannot read or write through the browser. */
function key(): Record<string, string> {
  return { "x-gatehouse-key": meta("gatehouse-key") ?? "" };
}
