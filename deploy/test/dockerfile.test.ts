import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, matchesGlob } from 'node:path';
import { validate } from 'dockerfile-utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  dockerfilePath,
  environmentOf,
  lastOf,
  readDockerfile,
  repository,
  type Stage,
} from './dockerfile.ts';
import { freePort } from './free-port.ts';

const [build, image] = readDockerfile() as [Stage, Stage];
const userId = Number(lastOf(image, 'USER')?.split(':')[0]);
const command = (text: string | undefined): string[] =>
  JSON.parse((text ?? '').slice((text ?? '').indexOf('['))) as string[];

describe('the Dockerfile', () => {
  it('is one that Docker reads, without a warning', () => {
    expect(validate(readFileSync(dockerfilePath, 'utf8')).map(({ message }) => message)).toEqual([]);
  });

  it('stands on the Node that the repository names, pinned to the last digit', () => {
    const node = readFileSync(join(repository, '.node-version'), 'utf8').trim();
    for (const { from } of [build, image]) expect(from).toBe(`node:${node}-bookworm-slim`);
    expect(lastOf(image, 'LABEL')).toContain(`base.name="docker.io/library/${image.from}"`);
  });

  it('runs one process, as a user that is a number and not root, which takes signals itself', () => {
    expect(lastOf(image, 'USER')).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    expect(command(lastOf(image, 'ENTRYPOINT'))).toEqual(['node', '/app/bin/genops-proxy.js']);
    expect(lastOf(image, 'CMD')).toBeUndefined();
    expect(lastOf(image, 'STOPSIGNAL')).toBe('SIGTERM');
  });

  it('has no secret in it and adds nothing from elsewhere', () => {
    const steps = [...build.steps, ...image.steps];
    expect(steps.filter(({ keyword }) => keyword === 'ADD')).toEqual([]);
    expect(steps.filter(({ value }) => /curl|wget|apt-get|npm install/.test(value))).toEqual([]);
    for (const name of Object.keys({ ...environmentOf(build), ...environmentOf(image) }))
      expect(name).not.toMatch(/KEY|SECRET|TOKEN|PASSWORD/);
  });

  it('keeps what can change on a volume only', () => {
    expect(lastOf(image, 'VOLUME')).toBe(environmentOf(image)['GENOPS_DATA_DIR']);
  });

  it('asks whether it is alive with its own Node, and never calls a provider', () => {
    const [node, script = ''] = command(lastOf(image, 'HEALTHCHECK'));
    expect(node).toBe('node');
    const text = readFileSync(join(repository, 'apps/proxy', script.replace('/app/', '')), 'utf8');
    expect(text.match(/\/[a-z]+`/g)).toEqual(['/health`']);
  });

  it('leaves out of its context what it is not built from, and nothing that it is', () => {
    const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const out = (file: string): boolean =>
      ignored.some((glob) => matchesGlob(file, glob) || matchesGlob(file, `${glob}/**`));
    for (const file of ['.git/config', '.env', 'apps/proxy/.env.local', 'node_modules/a.js', 'docs/seeds.md'])
      expect(out(file), file).toBe(true);
    const workspaces = ['package.json', 'pnpm-lock.yaml', 'scripts/bootstrap.mjs', 'apps/proxy/src/main.ts'];
    for (const file of workspaces) expect(out(file), file).toBe(false);
  });
});

describe('what the image holds', () => {
  const root = mkdtempSync(join(tmpdir(), 'genops-image-'));
  const app = join(root, 'app');
  const data = join(root, 'data');
  let child: ChildProcess | undefined;

  beforeAll(() => {
    const prune = build.steps.find(({ value }) => value.includes(' deploy '))?.value ?? '';
    execFileSync('sh', ['-ec', prune.replaceAll('../app', app)], { cwd: repository, stdio: 'pipe' });
    mkdirSync(data);
    if (process.getuid?.() === 0) {
      execFileSync('chmod', ['755', root]);
      chownSync(data, userId, userId);
    }
  });
  afterAll(() => {
    child?.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });

  it('is the proxy and what it needs, without tools, maps and declarations', () => {
    const packages = readdirSync(join(app, 'node_modules/.pnpm'));
    expect(packages.some((name) => name.startsWith('undici@'))).toBe(true);
    const tools = /^(vitest|typescript|turbo|@biomejs|tsup|esbuild|autocannon|openai@|@aws-cdk)/;
    expect(packages.filter((name) => tools.test(name))).toEqual([]);
    const files = readdirSync(app, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.map$|\.d\.[cm]?ts$|(^|\/)\.env/.test(file))).toEqual([]);
    const megabytes = Number(execFileSync('du', ['-sm', app], { encoding: 'utf8' }).split('\t')[0]);
    expect(megabytes).toBeLessThan(40);
  });

  it('starts as the image starts it, from files that it cannot write, serves, and ends on SIGTERM', async () => {
    const port = await freePort();
    const inImage = environmentOf(image);
    const [, script = ''] = command(lastOf(image, 'ENTRYPOINT'));
    const env = { ...inImage, GENOPS_DATA_DIR: data, PORT: String(port) };
    const asUser = process.getuid?.() === 0 ? { uid: userId, gid: userId } : {};
    const own = join(root, 'own-node');
    cpSync(process.execPath, own);
    child = spawn(own, [join(root, script)], {
      cwd: data,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...asUser,
    });
    let output = '';
    let errors = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const exited = once(child, 'exit');
    await expect.poll(() => output, { timeout: 30_000 }).toContain('curl -i');

    const [, health = ''] = command(lastOf(image, 'HEALTHCHECK'));
    const check = (): number | null => {
      try {
        execFileSync(own, [join(root, health)], { env, ...asUser, stdio: 'pipe' });
        return 0;
      } catch (error) {
        return (error as { status: number | null }).status;
      }
    };
    expect(check()).toBe(0);
    const [, key] = /Bearer (gk-\S+)'/.exec(output) ?? [];
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'simulated-small', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-genops-cost')).toMatch(/^0\.0/);
    child.kill(lastOf(image, 'STOPSIGNAL') as NodeJS.Signals);
    expect(await exited).toEqual([0, null]);
    expect(errors).toBe('');
    expect(existsSync(join(data, 'ledger.db'))).toBe(true);
    expect(check()).toBe(1);
  });
});
