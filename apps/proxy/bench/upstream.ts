// The provider that every subject of the bench talks to. Prints its address.

import { startFixedUpstream } from '@genops/testing';

const { url } = await startFixedUpstream();
process.stdout.write(`${url}\n`);
