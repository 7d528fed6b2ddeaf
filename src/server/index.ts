/** The door of the server room: clients' requests to questions, answers to replies. Pure. */
export * from './access.js';
export * from './client.js';
export * from './client-cookie.js';
export * from './client-limits.js';
export * from './nameserver.js';
export * from './reply.js';
export * from './request.js';
export { sipHash24 } from './sip-hash.js';
export * from './tcp-session.js';
