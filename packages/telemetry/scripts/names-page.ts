import {
  aliasGroups,
  foreignMetrics,
  labelAliases,
  type Metric,
  metricAliases,
  metricTable,
  missingSpanAliases,
  prometheusName,
  spanAttributeAliases,
} from '../src/index.ts';
import { labelOf } from '../src/metrics/facts.ts';

/** Every name that telemetry has, as a page for people. */
export function namesPage(): string {
  return `# Names of telemetry

<!-- Made by \`npm run dashboards\` of packages/telemetry; do not edit by hand. -->

Metrics have the names of OpenTelemetry; Prometheus writes them with underscores, counters with \`_total\` at the end. Labels in
brackets stand for the dimensions that were chosen: \`genops.team\`, \`genops.project\` and \`genops.environment\` unless something else
was said. Amounts are doubles; the ledger has every digit.

## Metrics

${table(
  ['Metric', 'In Prometheus', 'Kind', 'What it is', 'Labels'],
  Object.entries<Metric>(metricTable).map(([name, { kind, description, facts }]) => [
    code(name),
    code(prometheusName(name, kind)),
    kind === 'state' ? 'gauge' : kind.replaceAll('_', ' '),
    description,
    facts.map((fact) => (fact === 'who' ? '[dimensions]' : code(labelOf[fact] ?? fact))).join(', ') || '–',
  ]),
)}

## Compatibility names

They are there when they are asked for: \`createTelemetry({ aliases: true })\`, or some of ${aliasGroups.map(code).join(', ')};
\`telemetry.aliases\` of the proxy; \`GENOPS_TELEMETRY_ALIASES\` without code. Each is one more series for each of ours.

${table(
  ['Name', 'In Prometheus', 'Group', 'Means', 'Labels'],
  metricAliases.map(({ name, kind, group, of, scale, labels, only = {} }) => [
    code(name),
    code(prometheusName(name, kind)),
    code(group),
    `${code(of)}${scale === undefined ? '' : ` × ${scale}`}${kind === 'gauge' ? ', the last value' : ''}${conditions(only)}`,
    Object.keys(labels).map(code).join(', ') || '–',
  ]),
)}

Labels that our own metrics have besides, where they have the same fact:

${table(
  ['Label', 'Group', 'The same as'],
  labelAliases.map(({ label, group, fact }) => [code(label), code(group), meaningOf(fact)]),
)}

What queries ask for and calls cannot answer:

${table(
  ['Metric', 'Why'],
  foreignMetrics.map(({ name, reason }) => [code(name), reason]),
)}

## Attributes of spans

Beside those of OpenTelemetry GenAI and of the GenOps specification, when their group is asked for:

${table(
  ['Attribute', 'Group', 'Means'],
  spanAttributeAliases.map(({ name, group, means }) => [code(name), code(group), means]),
)}

What queries ask for and is not there:

${table(
  ['Attribute', 'Why'],
  missingSpanAliases.map(({ name, reason }) => [code(name), reason]),
)}
`;
}

function meaningOf(fact: string): string {
  if (fact === 'model') return 'the model that answered, else the one that was asked for';
  if (fact === 'skyRouterModel') return 'the same, for calls to SkyRouter';
  return code(labelOf[fact] ?? `genops.${fact.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`);
}

function conditions(only: Readonly<Record<string, string>>): string {
  const said = Object.entries(only).map(([fact, value]) =>
    fact === 'ofSkyRouter' ? 'limits that calls to SkyRouter draw on' : `${fact} ${value}`,
  );
  return said.length === 0 ? '' : `; only ${said.join(', ')}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
