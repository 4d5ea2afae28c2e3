// node --import @genops/register app.js

import { isDisabled } from './environment.ts';
import { init } from './init.ts';

if (!isDisabled(process.env)) init();
