/** When the rehearsal is played: after the start, question by question, while nobody asks. */
import type { CryptoChoice } from '../runtime/index.js';
import { loadCryptoProvider } from '../runtime/index.js';

/**
 * Each of them five times: by then the most of what a question needs is compiled. More of them
 * makes the first real ones no faster, and costs the memory that V8's compilers take.
 */
const QUESTIONS = 40;
/** Between two questions, so that a real one never waits for more than one of them. */
const PAUSE_MS = 5;
const BUSY_PAUSE_MS = 100;

/** Settles with what went wrong; nothing that is true should be. */
export async function rehearseWhenIdle(
  choice: CryptoChoice,
  isBusy: () => boolean,
): Promise<string | undefined> {
  const { Rehearsal } = await import('./rehearsal.js');
  const rehearsal = new Rehearsal(await loadCryptoProvider(choice));
  let wrong = rehearsal.forgery();
  for (let played = 0; wrong === undefined && played < QUESTIONS;) {
    const busy = isBusy();
    await pause(busy ? BUSY_PAUSE_MS : PAUSE_MS);
    if (busy) continue;
    wrong = rehearsal.step();
    played++;
  }
  return wrong;
}

/** Does not keep the process alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
