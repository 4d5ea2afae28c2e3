// node --import @genops/register app.js

import { isGenOpsError } from '@genops/core';
import { isDisabled } from './environment.ts';
import { init } from './init.ts';

try {
  if (!isDisabled(process.env)) init();
} catch (error) {
  if (!isGenOpsError(error)) throw error;
  // Somebody mistyped something: where that is says more than a stack. Nothing runs ungoverned by mistake.
  process.stderr.write(`GenOps: ${error.message}\n`);
  process.exit(1);
}
