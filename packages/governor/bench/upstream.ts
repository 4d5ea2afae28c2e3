// The provider that all clients of the bench talk to, in a process of its own. Prints its address.

import { startFixedUpstream } from '@genops/testing';

const { url } = await startFixedUpstream();
process.stdout.write(`${url}\n`);
