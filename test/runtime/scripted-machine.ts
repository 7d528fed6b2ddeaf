/** Stands where the resolver stands: answers by a script, remembers what it was told. */
import type { Effect, Now, Resolution, ResolverEvent } from '../../src/resolver/index.js';
import type { Machine } from '../../src/runtime/index.js';

export type Script = (event: ResolverEvent, now: Now) => readonly Effect[];

export class ScriptedMachine implements Machine {
  readonly events: ResolverEvent[] = [];
  /** When each was dealt with. */
  readonly presentMs: number[] = [];
  deadlineMs: number | undefined;
  script: Script;

  constructor(script: Script = () => []) {
    this.script = script;
  }

  handle(event: ResolverEvent, now: Now, presentMs: number): readonly Effect[] {
    this.events.push(event);
    this.presentMs.push(presentMs);
    return this.script(event, now);
  }

  nextDeadlineMs(): number | undefined {
    return this.deadlineMs;
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }
}

/** Answers every question at once with what `resolve` makes of it. */
export function answering(
  resolve: (event: Extract<ResolverEvent, { kind: 'question' }>) => Resolution,
): Script {
  return (event) =>
    event.kind === 'question'
      ? [{ kind: 'finished', handle: event.handle, resolution: resolve(event) }]
      : [];
}

/** Waits until `check` holds; says what was awaited when it does not in time. */
export async function until(what: string, check: () => boolean, limitMs = 5_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!check()) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
