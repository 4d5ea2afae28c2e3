import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, checkConfig, type Environment } from './config.ts';

/** What the proxy runs with when nobody wrote a configuration. */
export interface Starter {
  readonly config: Config;
  /** To be shown once at start, so that the first call can be made. */
  readonly virtualKey: string;
  readonly simulated: boolean;
  /** One that can be called. */
  readonly model: string;
  /** The environment, with the virtual key in it. */
  readonly environment: Environment;
}

const secretVariable = 'GENOPS_STARTER_KEY';

/**
 * Makes a configuration out of what is there: OpenAI when its key is set, else the simulated provider. The
 * virtual key is made once and kept in the data directory, readable by its owner only.
 */
export async function starterConfig(dataDirectory: string, environment: Environment): Promise<Starter> {
  const virtualKey = environment[secretVariable] || (await keptKey(join(dataDirectory, 'virtual-key')));
  const simulated = (environment['OPENAI_API_KEY'] ?? '') === '';
  const config = checkConfig({
    providers: [simulated ? { type: 'simulated' } : { type: 'openai', apiKey: 'env:OPENAI_API_KEY' }],
    virtualKeys: [
      { id: 'starter', secret: `env:${secretVariable}`, attribution: { team: 'starter', project: 'trial' } },
    ],
    limits: [{ id: 'starter-daily', amount: '5', window: 'day', scope: { match: { keyId: 'starter' } } }],
  });
  return {
    config,
    virtualKey,
    simulated,
    model: simulated ? 'simulated-small' : 'gpt-4o-mini',
    environment: { ...environment, [secretVariable]: virtualKey },
  };
}

async function keptKey(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = `gk-${randomBytes(24).toString('base64url')}`;
  await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' });
  return made;
}
