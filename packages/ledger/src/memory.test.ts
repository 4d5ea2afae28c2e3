import { createMemoryLedger } from './memory.ts';
import { testLedgerDriver } from './testing/index.ts';

testLedgerDriver({
  name: 'memory',
  keeps: 'nothing',
  writers: 'one',
  createStore: async () => ({
    open: async ({ now }) => createMemoryLedger({ now }),
    remove: async () => {},
  }),
});
