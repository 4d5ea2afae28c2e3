import { finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';

const oldest = [22, 13] as const;

/** @param version - of Node.js: `24.21.0` */
export function checkRuntime(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  const message = `Node.js ${version}`;
  return checked('runtime', message, isOld ? [finding('node-too-old', 'Node.js', `This is ${message}`)] : []);
}
