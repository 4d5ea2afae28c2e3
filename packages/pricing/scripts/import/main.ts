import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchTarball } from './fetch-tarball.ts';
import { readGenaiPrices } from './genai-prices.ts';
import { importPrices } from './import-prices.ts';
import { readOverlays } from './overlay.ts';
import { readPiAi } from './pi-ai.ts';
import { piAiTarball } from './sources.ts';

/** Writes `data/` anew from the pinned packages and the overlay. */
const data = fileURLToPath(new URL('../../data/', import.meta.url));
const overlays = readOverlays(fileURLToPath(new URL('./overlay/', import.meta.url)));
const piAi = join(process.env['PI_AI_FOLDER'] ?? fetchTarball(piAiTarball), 'dist/providers/data');
const files = importPrices([readGenaiPrices(), readPiAi(piAi)], overlays);

for (const name of readdirSync(data)) if (!files.has(name)) rmSync(join(data, name));
for (const [name, text] of files) writeFileSync(join(data, name), text);
