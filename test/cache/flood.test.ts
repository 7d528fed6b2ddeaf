/**
 * A full cache under a flood of names that are asked for once: it keeps its bound in octets, in
 * what it counts and in what the process takes, and the names in use. 100,000 RRsets unless
 * ANCHORITE_FLOOD_RRSETS says how many (1,000,000 in continuous integration).
 */
import t from 'tap';
import { MEGABYTE, measure } from './measure-cache.js';

const COUNT = Number(process.env.ANCHORITE_FLOOD_RRSETS ?? 100_000);
/** Garbage that V8 has not returned yet. */
const HEAP_SLACK_OCTETS = 60 * MEGABYTE;

t.setTimeout(240_000);

t.test(`room for ${COUNT} RRsets, and half as many again that nobody asks for twice`, (t) => {
  const { count, sizeOctets, usedOctets, rssOctets, rssBeforeOctets, flood } = measure(
    'flood',
    COUNT,
  );
  if (flood === undefined) throw new Error('no flood was measured');
  const { roomOctets, largestOctets, hotHits, hotAsked, recentKept, recent } = flood;
  const ofRoom = (octets: number) => `${Math.round((100 * octets) / roomOctets)} %`;
  const grown = rssOctets - rssBeforeOctets;
  t.comment(
    `${count} kept; of ${Math.round(roomOctets / MEGABYTE)} MB counted ${ofRoom(sizeOctets)}, ` +
      `used ${ofRoom(usedOctets)}, resident ${ofRoom(grown)}`,
  );
  t.ok(count > COUNT * 0.9, 'as many as there is room for');
  t.ok(largestOctets <= roomOctets, 'the bound holds at every moment');
  t.ok(usedOctets < roomOctets * 1.1, `used ${usedOctets} of ${roomOctets}`);
  t.ok(usedOctets > roomOctets * 0.75, `used ${usedOctets} of ${roomOctets}`);
  t.ok(grown < roomOctets * 1.1 + HEAP_SLACK_OCTETS, `the process has grown by ${grown}`);
  t.ok(hotHits >= hotAsked * 0.99, `hot names: ${hotHits} hits of ${hotAsked}`);
  // Control: it is a cache, not a museum, and new names get in.
  t.ok(recentKept > recent * 0.5, `new names: ${recentKept} of the last ${recent} are there`);
  t.end();
});
