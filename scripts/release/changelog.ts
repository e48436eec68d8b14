/** Sections of a changelog in the format of Keep a Changelog. */

export interface Section {
  /** The day of the release, or "Unreleased". */
  readonly date: string;
  /** What stands under the heading. */
  readonly notes: string;
}

/** The section of a version. */
export function sectionOf(changelog: string, version: string): Section | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}] - `));
  if (section === undefined) return undefined;
  const end = section.indexOf("\n");
  const [heading, notes] = end < 0 ? [section, ""] : [section.slice(0, end), section.slice(end)];
  return { date: heading.slice(`[${version}] - `.length).trim(), notes: notes.trim() };
}
