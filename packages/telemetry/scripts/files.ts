import { stringify } from 'yaml';
import { helicone, openrouter, skyrouter } from './dashboards/gateways.ts';
import { overview } from './dashboards/overview.ts';
import { type Dashboard, grafanaDashboard } from './dashboards/panel.ts';
import { namesPage } from './names-page.ts';
import { alertGroups } from './rules/alerts.ts';
import { recordingGroups } from './rules/recording.ts';

export const dashboards: readonly Dashboard[] = [overview, skyrouter, openrouter, helicone];

const made = '# Made by `npm run dashboards` of packages/telemetry; do not edit by hand.\n';

/** Every file that is made, by its path in the repository. */
export function madeFiles(): ReadonlyMap<string, string> {
  const boards = dashboards.map(
    (board) =>
      [`deploy/grafana/${board.id}.json`, `${JSON.stringify(grafanaDashboard(board), null, 2)}\n`] as const,
  );
  return new Map([
    ...boards,
    ['docs/telemetry-names.md', namesPage()],
    ['deploy/prometheus/alerts.yml', made + stringify({ groups: alertFile() }, { lineWidth: 0 })],
    ['deploy/prometheus/recording.yml', made + stringify({ groups: recordingFile() }, { lineWidth: 0 })],
  ]);
}

function alertFile(): object[] {
  return Object.entries(alertGroups).map(([name, rules]) => ({
    name,
    rules: rules.map(({ alert, expr, for: lasting, severity, summary, action }) => ({
      alert,
      expr,
      for: lasting,
      labels: { severity },
      annotations: { summary, action },
    })),
  }));
}

function recordingFile(): object[] {
  return Object.entries(recordingGroups).map(([name, rules]) => ({ name, interval: '1m', rules }));
}
