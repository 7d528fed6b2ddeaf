/** What is wrong between a mailer and its resolver: facts in, findings out. Asks nobody. */
export { readEximSettings } from './exim-settings.js';
export type * from './facts.js';
export type { Finding } from './check.js';
export { diagnose, FINDING_CODES } from './findings.js';
export { readMainCf, readSmtpClients } from './postfix-settings.js';
export { readNsswitch, readResolvConf } from './resolver-files.js';
