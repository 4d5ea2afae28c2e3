import { type FakeRequest, matches, type Reply, type ReplyRule } from './reply.ts';

/** Which reply each request gets: the newest rule that matches, else the default. */
export interface Script {
  replyTo(request: FakeRequest): Reply;
  /** Replaces what requests get that no rule matches. */
  setDefault(reply: Reply): void;
  /** @returns takes the rule away again */
  addRule(rule: ReplyRule): () => void;
  clear(): void;
}

/** @param initial - the default reply, also after {@link Script.clear} */
export function createScript(initial: Reply, rules: readonly ReplyRule[]): Script {
  let fallback = initial;
  let entries = rules.map(entryOf);

  return {
    replyTo(request) {
      const entry = entries.find(
        ({ rule, used }) => used < (rule.times ?? Number.POSITIVE_INFINITY) && matches(rule.when, request),
      );
      if (entry === undefined) return fallback;
      entry.used += 1;
      const { reply } = entry.rule;
      if (typeof reply === 'function') return reply(request);
      return isList(reply) ? (reply[Math.min(entry.used, reply.length) - 1] ?? fallback) : reply;
    },
    setDefault(reply) {
      fallback = reply;
    },
    addRule(rule) {
      const entry = entryOf(rule);
      entries = [entry, ...entries];
      return () => {
        entries = entries.filter((other) => other !== entry);
      };
    },
    clear() {
      fallback = initial;
      entries = [];
    },
  };
}

function entryOf(rule: ReplyRule): { readonly rule: ReplyRule; used: number } {
  return { rule, used: 0 };
}

function isList(reply: Reply | readonly Reply[]): reply is readonly Reply[] {
  return Array.isArray(reply);
}
