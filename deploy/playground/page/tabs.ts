// Tabs as the ARIA practices describe them: arrows move, the panel follows.

/** Wires a tab list. Gives a function that selects the tab with an id. */
export function tabs(list: HTMLElement, changed: (id: string) => void): (id: string) => void {
  const all = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
  const select = (tab: HTMLElement, takesFocus: boolean) => {
    for (const each of all) {
      const isChosen = each === tab;
      each.setAttribute("aria-selected", String(isChosen));
      each.tabIndex = isChosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")!)!.hidden = !isChosen;
    }
    if (takesFocus) tab.focus();
    changed(tab.id);
  };
  for (const [at, tab] of all.entries()) {
    tab.addEventListener("click", () => select(tab, false));
    tab.addEventListener("keydown", ({ key }) => {
      const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1 };
      const jumps: Record<string, number> = { Home: 0, End: all.length - 1 };
      const next = steps[key] ?? jumps[key];
      if (next !== undefined) select(all[(next + all.length) % all.length]!, true);
    });
  }
  return (id) =>
    select(
      all.find((tab) => tab.id === id)!,
      false,
    );
}
