/** One bar for whatever is going on; on a terminal only. */
import { Presets, SingleBar } from 'cli-progress';

/** How far something has come. */
export type Progress = (done: number, of: number, what: string) => void;

export class ProgressBar {
  #bar: SingleBar | undefined;
  #what = '';

  /** Shows how far `what` has come; a new `what` starts a new bar. */
  readonly show: Progress = (done, of, what) => {
    if (!process.stderr.isTTY) return;
    if (what !== this.#what) {
      this.end();
      this.#what = what;
      this.#bar = new SingleBar(
        { format: '{bar} {value}/{total} {what}', clearOnComplete: true, stream: process.stderr },
        Presets.shades_classic,
      );
      this.#bar.start(of, done, { what });
      return;
    }
    this.#bar?.update(done, { what });
  };

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#what = '';
  }
}
