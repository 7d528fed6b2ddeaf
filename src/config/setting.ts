/** What a setting is: a row of the schema, and the kinds of value that a row can have. */

/** A value as YAML, a flag or a caller's option gives it. */
export type RawScalar = string | number | boolean;

export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export interface Kind<T> {
  /** What is allowed, as it follows 'must be'. */
  readonly allowed: string;
  /** The placeholder in the help text: ADDRESS, N, FILE… */
  readonly placeholder: string;
  read(raw: RawScalar): Read<T>;
  /** The canonical form; reading it again gives an equal value. */
  write(value: T): RawScalar;
}

export type Group = 'listening' | 'trust' | 'resolution' | 'cache' | 'process';

interface Described {
  readonly name: string;
  readonly group: Group;
  /** One sentence for help texts and the reference. */
  readonly description: string;
  /** Why it exists or why the default is what it is: an RFC, an attack, a measurement. */
  readonly reason: string;
  readonly example: string;
}

export interface ScalarSetting<T> extends Described {
  readonly list: false;
  readonly kind: Kind<T>;
  readonly fallback: T;
}

/** A setting that may be given several times. Values that are given replace the default. */
export interface ListSetting<T> extends Described {
  readonly list: true;
  readonly kind: Kind<T>;
  readonly fallback: readonly T[];
}

/** A setting whose absence means something that no value can say. */
export interface OptionalSetting<T> extends Described {
  readonly list: 'optional';
  readonly kind: Kind<T>;
  readonly fallback: undefined;
  /** What happens when it is not given. */
  readonly absent: string;
}

/** Both: not given is one thing, an empty list another. */
export interface OptionalListSetting<T> extends Described {
  readonly list: 'optional list';
  readonly kind: Kind<T>;
  readonly fallback: undefined;
  readonly absent: string;
}

export type Setting<T> =
  ScalarSetting<T> | ListSetting<T> | OptionalSetting<T> | OptionalListSetting<T>;

export function isList(setting: Setting<unknown>): boolean {
  return setting.list === true || setting.list === 'optional list';
}

type Row<T, S extends Setting<T>> = Omit<S, 'list'>;

export function scalar<T>(row: Row<T, ScalarSetting<T>>): ScalarSetting<T> {
  return { list: false, ...row };
}

export function list<T>(row: Row<T, ListSetting<T>>): ListSetting<T> {
  return { list: true, ...row };
}

export function optional<T>(row: Omit<Row<T, OptionalSetting<T>>, 'fallback'>): OptionalSetting<T> {
  return { list: 'optional', fallback: undefined, ...row };
}

export function optionalList<T>(
  row: Omit<Row<T, OptionalListSetting<T>>, 'fallback'>,
): OptionalListSetting<T> {
  return { list: 'optional list', fallback: undefined, ...row };
}
