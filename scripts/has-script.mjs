/** Status 0 when package.json has the script that is named. */
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
process.exit(process.argv[2] in scripts ? 0 : 1);
