import { openSqliteLedger } from '@genops/ledger/sqlite';

// Opens a ledger, which makes it or brings it forward, and closes it. `open-and-close.ts <path>`
const [path = ''] = process.argv.slice(2);
const ledger = await openSqliteLedger({ path, waitForDiskOn: 'here' });
await ledger.close();
