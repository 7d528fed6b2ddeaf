/** What a command is, what it gets and how it ends. */

/** A flag as the parser and the help see it. */
export interface Flag {
  readonly name: string;
  readonly description: string;
  /** A switch has no value; absent for those. */
  readonly placeholder?: string;
  readonly repeatable?: boolean;
  readonly group?: string;
  readonly fallback?: string;
  /** For our own scripts: not in the help. */
  readonly hidden?: boolean;
}

export interface Positional {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

export interface Invocation {
  readonly flags: { readonly [name: string]: unknown };
  readonly positionals: readonly string[];
  /** What follows the command, unread; for commands that hand it on. */
  readonly rest: readonly string[];
  /** When it all began, on the clock of `performance`. */
  readonly startedMs: number;
}

/** Ends with the exit status. */
export type Run = (invocation: Invocation) => Promise<number>;

export interface Command {
  /** One or two words. */
  readonly path: string;
  readonly summary: string;
  readonly positionals: readonly Positional[];
  readonly flags: readonly Flag[];
  readonly epilogue?: string;
  /** Hands everything on to another program instead of reading it. */
  readonly passesThrough?: boolean;
  readonly load: () => Promise<Run>;
}

export const EXIT = {
  /** All went well; for `resolve`: the answer is secure. */
  ok: 0,
  /** Something failed that should not have. */
  failure: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  insecure: 3,
  bogus: 4,
  /** No verdict: indeterminate, or no server could be reached. */
  noAnswer: 5,
  /** For `dane`: the domain takes no mail. */
  noMail: 6,
} as const;
