/** The door of the lab: a signed Internet in a box. */

export type { HostedZone } from './hosted-zone.js';
export { type LabReply, LabServer } from './lab-server.js';
export {
  isRealAlgorithm,
  LAB_ALGORITHMS,
  type LabKeyPair,
  type LabPrivateKey,
  type LabSigner,
} from './lab-signer.js';
export {
  absoluteName,
  buildLab,
  type Lab,
  type LabOptions,
  type RootServer,
} from './laboratory.js';
export * from './network.js';
export { SeededRandom } from './seeded-random.js';
export type { LabTransport, ServerBehaviour } from './server-behaviour.js';
export { labWorld, TOP_LEVEL_DOMAINS } from './world.js';
export * from './world-spec.js';
export { Zone, type ZoneRRset } from './zone.js';
export type { ZoneFault } from './zone-faults.js';
export * as zoneFaults from './zone-faults.js';
export { type LabTools, ZoneSigner } from './zone-signer.js';
