/** A side door: loads @noble, so it is imported only where the second provider is wanted. */
export { NobleCryptoProvider } from './noble-provider.js';
