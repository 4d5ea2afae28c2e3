import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboards, madeFiles } from '../scripts/files.ts';
import { alertGroups } from '../scripts/rules/alerts.ts';
import { recordingGroups } from '../scripts/rules/recording.ts';
import { createTelemetry, foreignMetrics } from '../src/index.ts';
import { createPrometheusReader } from '../src/prometheus.ts';
import { governedRun } from './governed-run.ts';
import { parseExposition, parseQuery, type Series, select } from './promql.ts';
import { findPromtool } from './promtool.ts';

const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
let series: readonly Series[];

/** What real calls expose; the second time with room for one series each, so that there is overflow. */
beforeAll(async () => {
  const all: Series[] = [];
  for (const maxSeries of [2000, 1]) {
    const { reader, scrape } = createPrometheusReader();
    const meterProvider = new MeterProvider({ readers: [reader] });
    const telemetry = createTelemetry({
      meterProvider,
      aliases: true,
      dimensions: ['team', 'project', 'environment', 'customerId'],
      maxSeries,
      exports: () => ({ buffered: 0, exported: 0, dropped: 0, errors: 0, averageLatencyMs: undefined }),
    });
    await governedRun(telemetry);
    all.push(...parseExposition(await scrape()));
    await meterProvider.shutdown();
  }
  series = all;
});

const foreign: readonly string[] = foreignMetrics.map(({ name }) => name);

/** Every series that a query names is there, and so is every label that it groups by. */
function expectAnswer(query: string): void {
  const filled = query.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*');
  const { selectors, groupings } = parseQuery(filled);
  expect(selectors, query).not.toEqual([]);
  const known = selectors.filter(({ name }) => !foreign.includes(name));
  for (const { name, matchers } of known) {
    // Values that only come with trouble are not in a run of a few calls; their labels are.
    const found = select(series, { name, matchers: [] });
    expect(found, `${name} in ${query}`).not.toEqual([]);
    for (const { label } of matchers) {
      expect(
        found.some(({ labels }) => labels[label] !== undefined),
        `${label} of ${name}`,
      ).toBe(true);
    }
  }
  for (const label of groupings) {
    const has = known.some(({ name }) =>
      series.some((one) => one.name === name && one.labels[label] !== undefined),
    );
    expect(has, `${label} in ${query}`).toBe(true);
  }
}

describe('what is made of the table of names', () => {
  it.each([...madeFiles()])('%s is what the table of names makes of it', (path, text) => {
    expect(readFileSync(inRepository(path), 'utf8')).toBe(text);
    if (path.endsWith('.json'))
      expect(JSON.parse(text)).toMatchObject({ uid: expect.stringMatching(/^genops-/) });
    if (path.endsWith('.yml')) expect(parse(text)).toMatchObject({ groups: expect.any(Array) });
  });

  const panels = dashboards.flatMap(({ id, rows }) =>
    rows.flatMap((row) =>
      row.panels.flatMap((panel) => panel.queries.map(({ expr }) => [id, panel.title, expr] as const)),
    ),
  );
  it.each(panels)('%s, “%s”, asks for what there is', (_id, _title, expr) => expectAnswer(expr));

  const rules = [
    ...Object.values(alertGroups).flatMap((group) => group.map(({ alert, expr }) => [alert, expr] as const)),
    ...Object.values(recordingGroups).flatMap((group) =>
      group.map(({ record, expr }) => [record, expr] as const),
    ),
  ];
  it.each(rules)('%s asks for what there is', (_rule, expr) => expectAnswer(expr));

  it('has no rule twice, and no dashboard', () => {
    const names = [...rules.map(([name]) => name), ...dashboards.map(({ id }) => id)];
    expect(new Set(names).size).toBe(names.length);
  });
});

const promtool = findPromtool();
const isRequired = process.env['CI'] === 'true';
const missing = promtool.result === 'unavailable' ? promtool.reason : undefined;
const title = missing === undefined ? 'promtool' : `SKIPPED: everything that needs promtool (${missing})`;

describe.skipIf(missing !== undefined && !isRequired)(title, () => {
  const run = (...values: string[]): { status: number | null; output: string } => {
    if (promtool.result === 'unavailable') expect.fail(`There is no promtool: ${promtool.reason}`);
    const { status, stdout, stderr } = spawnSync(promtool.path, values, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  it.each(['alerts.yml', 'recording.yml'])('loads %s', (file) => {
    const { status, output } = run(
      'check',
      'rules',
      '--lint-fatal',
      inRepository(`deploy/prometheus/${file}`),
    );
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  it('finds that alerts fire when they should, and only then', () => {
    const { status, output } = run('test', 'rules', inRepository('deploy/prometheus/alerts.test.yml'));
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  it('finds the exposition of real calls well-formed', async () => {
    if (promtool.result === 'unavailable') expect.fail(`There is no promtool: ${promtool.reason}`);
    const { reader, scrape } = createPrometheusReader();
    const meterProvider = new MeterProvider({ readers: [reader] });
    await governedRun(createTelemetry({ meterProvider, aliases: true }));
    const input = await scrape();
    await meterProvider.shutdown();
    const { status, stderr } = spawnSync(promtool.path, ['check', 'metrics'], { input, encoding: 'utf8' });
    // 3 means that it reads well, and that names are not as it would have them.
    expect([0, 3], stderr).toContain(status);
    expect(stderr).not.toContain('error while linting');
  });
});
