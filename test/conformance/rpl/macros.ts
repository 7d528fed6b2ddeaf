/** `${...}` in scenarios: variables, arithmetic from left to right, and a few functions. */

export interface Clocks {
  /** Seconds. */
  time(): number;
  /** Whole seconds until the next timer. */
  timeout(): number;
}

/** A difference between the scenario and us, not a mistake in the scenario. */
export class OutOfRange extends Error {}

export class Macros {
  readonly #variables = new Map<string, string>();
  readonly #clocks: Clocks;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  assign(name: string, text: string): void {
    this.#variables.set(name, this.expand(text));
  }

  expand(text: string): string {
    for (;;) {
      const start = text.lastIndexOf('${');
      if (start < 0) return text;
      const end = text.indexOf('}', start);
      if (end < 0) throw new Error(`unclosed macro: ${text}`);
      const value = this.#evaluate(text.slice(start + 2, end).trim());
      text = text.slice(0, start) + value + text.slice(end + 1);
    }
  }

  #evaluate(inner: string): string {
    if (inner === 'time') return String(this.#clocks.time());
    if (inner === 'timeout') return String(this.#clocks.timeout());
    if (inner.startsWith('ctime')) return ctime(Number(this.#arithmetic(inner.slice(5).trim())));
    if (inner.startsWith('range')) {
      const words = inner.slice(5).trim().split(/\s+/);
      const [least = 0, value = 0, most = 0] = words.map((word) => Number(this.#arithmetic(word)));
      // Our probes are not shortened at random, so the ends belong to the range.
      if (value < least || value > most)
        throw new OutOfRange(`${value} is not in ${least} to ${most}`);
      return String(value);
    }
    return this.#arithmetic(inner);
  }

  #arithmetic(text: string): string {
    const tokens = text.match(/\$\w+|[\d.]+|[-+*/]/g) ?? [];
    if (tokens.length === 1 && tokens[0]!.startsWith('$')) return this.#variable(tokens[0]!);
    const number = (token: string): number =>
      Number(token.startsWith('$') ? this.#variable(token) : token);
    let value = number(tokens[0] ?? '0');
    for (let at = 1; at + 1 < tokens.length; at += 2) {
      const operand = number(tokens[at + 1]!);
      if (tokens[at] === '+') value += operand;
      else if (tokens[at] === '-') value -= operand;
      else if (tokens[at] === '*') value *= operand;
      else value /= operand;
    }
    return String(Number(value.toPrecision(12)));
  }

  #variable(token: string): string {
    const value = this.#variables.get(token.slice(1));
    if (value === undefined) throw new Error(`no variable ${token}`);
    return value;
  }
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function ctime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const named = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day}`;
  return `${named} ${time} ${date.getUTCFullYear()}`;
}
