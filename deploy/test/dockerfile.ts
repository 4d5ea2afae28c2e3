import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';

/** One step of an image, as it stands in its Dockerfile. */
export interface Step {
  /** In upper case: `RUN`, `COPY` … */
  readonly keyword: string;
  /** What follows it, on one line. */
  readonly value: string;
}

/** A stage of an image. */
export interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly steps: readonly Step[];
}

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const dockerfilePath = fileURLToPath(new URL('../docker/Dockerfile', import.meta.url));

/** Reads a Dockerfile into its stages. */
export function readDockerfile(): readonly Stage[] {
  const parsed = DockerfileParser.parse(readFileSync(dockerfilePath, 'utf8'));
  const stages: { from: string; name: string | undefined; steps: Step[] }[] = [];
  for (const instruction of parsed.getInstructions()) {
    const keyword = instruction.getKeyword();
    // Flags such as --from are part of it.
    const value = instruction
      .getTextContent()
      .slice(keyword.length)
      .replace(/\\\n\s*/g, '')
      .trim();
    if (keyword === 'FROM') {
      const [, from = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(value) ?? [];
      stages.push({ from, name, steps: [] });
    } else stages.at(-1)?.steps.push({ keyword, value });
  }
  return stages;
}

/** The value of the last step with this keyword. */
export function lastOf({ steps }: Stage, keyword: string): string | undefined {
  return steps.findLast((step) => step.keyword === keyword)?.value;
}

/** What `ENV` sets, by name. */
export function environmentOf({ steps }: Stage): Record<string, string> {
  const pairs = steps
    .filter(({ keyword }) => keyword === 'ENV')
    .flatMap(({ value }) => [...value.matchAll(/(\w+)=("[^"]*"|\S+)/g)]);
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replace(/^"|"$/g, '')]));
}
