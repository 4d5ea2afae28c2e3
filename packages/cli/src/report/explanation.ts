import {
  amountOf,
  formatMoney,
  type LedgerEntry,
  type LimitState,
  moneyFromJson,
  type Routing,
  roundMoney,
} from '@genops/core';
import { printable } from './table.ts';
import { wrapped } from './wrap.ts';

const label = (name: string): string => `  ${name.padEnd(12)}`;
const below = label('');

/** Everything that an operation's entries say of why it went as it did, for people, at 80 columns. */
export function explanationOf(entries: readonly [LedgerEntry, ...LedgerEntry[]]): string {
  const [first] = entries;
  const count = entries.length === 1 ? 'one entry' : `${entries.length} entries`;
  return [
    wrapped(
      '',
      printable(`Call ${first.operationId}: ${first.operation} of ${first.requestModel}, ${count}`),
    ),
    field('for', attributionText(first)),
    ...entries.flatMap(entryText),
  ].join('');
}

function entryText(entry: LedgerEntry): string[] {
  const { decision, kind, at, status, outcome, provider, requestModel } = entry;
  const verdict = [decision.verdict, decision.reasonCode].filter((word) => word !== undefined).join(', ');
  const reached =
    kind === 'refused' ? 'nothing was sent' : `${outcome}${status === undefined ? '' : `, ${status}`}`;
  return [
    '\n',
    wrapped('', printable(`${entry.id}  ${kind} at ${at}: ${reached}`)),
    field('decision', verdict),
    ...(decision.message === undefined ? [] : [field('', decision.message)]),
    ...(decision.rules.length === 0 ? [] : [field('rules', decision.rules.join(', '))]),
    ...(decision.wouldHave ?? []).map(({ id, verdict: other, reasonCode }) =>
      field('shadow', `${id} would have said ${other}, ${reasonCode}`),
    ),
    ...lines('limits', decision.limits.map(limitText)),
    ...(kind === 'refused'
      ? []
      : [field('sent to', `${provider}, ${requestModel}${keyText(entry)}${servedText(entry)}`)]),
    ...(decision.routing === undefined ? [] : routingText(decision.routing)),
    ...(entry.held === undefined ? [] : [field('held', `${formatMoney(entry.held)} at most`)]),
    field('cost', costText(entry)),
    ...(entry.flags === undefined ? [] : [field('flags', entry.flags.join(', '))]),
    ...(entry.corrects === undefined ? [] : [field('corrects', entry.corrects)]),
  ];
}

function limitText(limit: LimitState): string {
  const { limitId, bucket, mode, settled, held, amount, available, resetsAt } = limit;
  const unit = limit.currency ?? limit.unit;
  const whose = bucket === '' ? '' : ` (${bucket})`;
  const reset = resetsAt === undefined ? '' : `, until ${resetsAt}`;
  return `${limitId}${whose}: ${settled} settled and ${held} held of ${amount} ${unit}, ${available} left, ${mode}${reset}`;
}

function routingText({
  strategy,
  candidates,
  restingKeys = [],
  keys = {},
  routeEfficiency,
}: Routing): string[] {
  const efficiency = routeEfficiency === undefined ? '' : `, route efficiency ${routeEfficiency.toFixed(2)}`;
  return [
    field('routing', `by ${strategy}${efficiency}`),
    ...candidates.map(({ targetId, keyId, rank, score, cost, reason }) => {
      const said = [
        keyId === undefined ? undefined : `key ${keyId}`,
        score === undefined ? undefined : `score ${score.toFixed(3)}`,
        cost === undefined ? undefined : `at most ${formatMoney(roundMoney(moneyFromJson(cost), 6))}`,
        reason,
      ].filter((part) => part !== undefined);
      return wrapped(
        `${below}${(rank === undefined ? 'no' : `${rank}.`).padEnd(3)} `,
        printable(`${targetId}: ${said.join(', ')}`),
      );
    }),
    ...lines(
      'keys resting',
      restingKeys.map(
        ({ keyId, reason, until }) => `${keyId}: ${reason}${until === undefined ? '' : `, until ${until}`}`,
      ),
    ),
    ...lines(
      'keys',
      Object.entries(keys).map(([target, { usable, resting = {} }]) => {
        const why = Object.entries(resting).map(([reason, number]) => `, ${number} rested: ${reason}`);
        return `${usable} of ${target} could have been used${why.join('')}`;
      }),
    ),
  ];
}

function costText({ cost }: LedgerEntry): string {
  if (cost.result === 'unpriced') return `not known: ${cost.message}`;
  const of = cost.lines.map(
    ({ meter, quantity, unitPrice, per }) => `${quantity} ${meter} at ${unitPrice} per ${per}`,
  );
  const avoided = cost.avoided === undefined ? '' : `; a cache avoided ${formatMoney(cost.avoided)}`;
  return `${amountOf(cost.total)} ${cost.total.currency}, ${cost.basis}${of.length === 0 ? '' : `: ${of.join(', ')}`}${avoided}`;
}

function keyText({ providerKeyId }: LedgerEntry): string {
  return providerKeyId === undefined ? '' : `, with key ${providerKeyId}`;
}

function servedText({ responseModel, gateway, region }: LedgerEntry): string {
  return [
    responseModel === undefined ? '' : `; answered by ${responseModel}`,
    gateway?.hostProvider === undefined ? '' : ` at ${gateway.hostProvider}`,
    region === undefined ? '' : ` in ${region}`,
  ].join('');
}

/** `team=search tags.plan=gold`. */
export function attributionText({ attribution: { tags = {}, ...named } }: LedgerEntry): string {
  const all = [
    ...Object.entries(named),
    ...Object.entries(tags).map(([name, value]) => [`tags.${name}`, value]),
  ];
  return all.map(([name, value]) => `${name}=${value}`).join(' ') || 'nobody in particular';
}

function field(name: string, text: string): string {
  return wrapped(label(name), printable(text));
}

/** A line to each, the first with the name. */
function lines(name: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => field(index === 0 ? name : '', text));
}
