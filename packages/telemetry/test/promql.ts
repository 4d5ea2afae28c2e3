import { parser } from '@prometheus-io/lezer-promql';

/** What a query asks for: series by name and labels, and labels to tell them apart by. */
export interface Query {
  readonly selectors: readonly Selector[];
  readonly groupings: readonly string[];
}

export interface Selector {
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/**
 * Reads a query with Prometheus' own grammar.
 *
 * @throws {SyntaxError} where the grammar does not fit
 */
export function parseQuery(text: string): Query {
  const selectors: { name: string; matchers: { label: string; operator: string; value: string }[] }[] = [];
  const groupings: string[] = [];
  let labels: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, name, from, to }) => {
      const source = text.slice(from, to);
      if (type.isError) throw new SyntaxError(`PromQL, at ${from}: ${text}`);
      const matchers = selectors.at(-1)?.matchers ?? [];
      switch (name) {
        case 'VectorSelector':
          selectors.push({ name: /^[A-Za-z_:][\w:]*/.exec(source)?.[0] ?? '', matchers: [] });
          break;
        case 'LabelName':
          labels.push(source);
          break;
        case 'MatchOp':
          matchers.push({ label: labels.pop() as string, operator: source, value: '' });
          break;
        case 'StringLiteral': {
          const last = matchers.at(-1);
          if (last !== undefined) last.value = source.slice(1, -1);
        }
      }
    },
    leave: ({ name }) => {
      if (name === 'GroupingLabels') {
        groupings.push(...labels);
        labels = [];
      }
    },
  });
  return { selectors, groupings };
}

/** One line of an exposition. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)",?/g;

/**
 * Reads Prometheus' text format.
 *
 * @throws {SyntaxError} for a line that is none, or has a label twice
 */
export function parseExposition(text: string): readonly Series[] {
  return text
    .split('\n')
    .filter((each) => each !== '' && !each.startsWith('#'))
    .map((each) => {
      const [, name, inBraces = '', value = ''] = line.exec(each) ?? [];
      if (name === undefined) throw new SyntaxError(`No series: ${each}`);
      const labels: Record<string, string> = {};
      for (const [, key = '', shown = ''] of inBraces.matchAll(label)) {
        if (Object.hasOwn(labels, key)) throw new SyntaxError(`The label ${key} is there twice: ${each}`);
        labels[key] = shown;
      }
      return { name, labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) };
    });
}

/** The series that a selector finds. A label that is not there is the empty text. */
export function select(all: readonly Series[], { name, matchers }: Selector): readonly Series[] {
  return all.filter(
    (series) =>
      series.name === name &&
      matchers.every(({ label, operator, value }) => {
        const own = series.labels[label] ?? '';
        const pattern = (): boolean => new RegExp(`^(?:${value})$`).test(own);
        switch (operator) {
          case '=':
            return own === value;
          case '!=':
            return own !== value;
          case '=~':
            return pattern();
          default:
            return !pattern();
        }
      }),
  );
}
