/** What is to be resolved. */
import type { Name } from '../wire/index.js';

export interface Question {
  readonly name: Name;
  readonly type: number;
}
