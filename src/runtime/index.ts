/** The door of the runtime room: sockets, clocks, entropy, files and the loop. Decides nothing. */
export * from './ask-server.js';
export { certificateTools } from './certificates.js';
export * from './clock.js';
export * from './crypto.js';
export * from './daemon.js';
export { decideWith, type DecisionEnd } from './decide-dane.js';
export { readDomain } from './domain-text.js';
export * from './driver.js';
export * from './entropy.js';
export * from './files.js';
export * from './inherited-sockets.js';
export { labSigner } from './lab-signer.js';
export { type MailHost, readMailHost } from './mail-host.js';
export type { ListenAddress } from './listen-udp.js';
export { MetricsServer, type MetricsStart } from './metrics-server.js';
export { probeNetwork, probeResolver, type ProbeTargets } from './network-probes.js';
export { presentedCertificates } from './presented-chain.js';
export { type ProbedServer, probeSmtp } from './smtp-probe.js';
export * from './socketmap-server.js';
export * from './systemd.js';
export {
  type LostQuestion,
  QuestionJournal,
  openJournalFile,
  unansweredIn,
} from './question-journal.js';
export * from './upstream.js';
export { openSockets } from './upstream-sockets.js';
