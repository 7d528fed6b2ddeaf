// The job itself: real mail programs with DANE, using the subject as their resolver, must deliver
// where they should, verified or not, and keep the mail where they should. What counts is each
// program's own log and what arrived. Prints a table; the last line counts.
//   node mta.js [--subject anchorite|unbound|blind] [--zones FOLDER] [--programs a,b]
//               [--only DOMAIN] [--record FILE]

import { parseArgs } from 'node:util';
import { subject as subjectPlace } from './addresses.js';
import { type MailCase, mailCases } from './mail-cases.js';
import { judgeMail, type Verdict } from './mail-judge.js';
import {
  forgetResolver,
  type MailProgram,
  type MailProgramId,
  mailProgramIds,
  useResolver,
} from './mail-program.js';
import { arrivals, makeProgram, recipientOf, sendToAll, startSink, subjectOf } from './mail-run.js';
import { printTable, recordTable, type Row } from './mail-table.js';
import { whyNotHere } from './namespaces.js';
import { isSubjectKind, type SubjectKind, startSubject } from './resolvers.js';
import { inWorld, type World } from './world.js';

interface MtaOptions {
  readonly subject: SubjectKind;
  readonly zonesFolder: string | undefined;
  readonly programs: readonly MailProgramId[];
  readonly cases: readonly MailCase[];
  readonly record: string | undefined;
}

/** Lets one program send to every domain, and judges. */
async function runProgram(
  world: World,
  program: MailProgram,
  cases: readonly MailCase[],
): Promise<Row> {
  const version = await program.version();
  const verdicts = new Map<string, Verdict>();
  await program.start();
  const begun = performance.now();
  try {
    const outcomes = await sendToAll(
      world,
      program,
      cases.map(({ domain }) => domain),
    );
    const arrived = await arrivals(world);
    for (const mailCase of cases) {
      const recipient = recipientOf(program.id, mailCase.domain);
      const own = arrived.filter(({ subject }) => subject === subjectOf(recipient));
      const verdict = judgeMail(mailCase, program, outcomes.get(recipient), own);
      verdicts.set(mailCase.domain, verdict);
      for (const fault of verdict.faults) {
        console.log(`FAILED ${program.id} ${mailCase.domain} (${mailCase.shows}): ${fault}`);
      }
    }
  } finally {
    await program.end();
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${version}: ${cases.length} domains in ${seconds} s`);
  return {
    version,
    verdicts,
    notes: program.complaints === undefined ? [] : await program.complaints(),
  };
}

async function runAll(options: MtaOptions): Promise<boolean> {
  let rows: readonly Row[];
  try {
    rows = await inWorld(options.zonesFolder, async (world) => {
      await startSubject(world, options.subject);
      await startSink(world);
      await useResolver(subjectPlace.ipv4);
      const programs = options.programs.map((id) => makeProgram(id, world));
      return await Promise.all(programs.map((each) => runProgram(world, each, options.cases)));
    });
  } finally {
    await forgetResolver();
  }
  if (options.record !== undefined) await recordTable(options.record, rows, options.cases);
  return printTable(rows, options.cases, options.subject);
}

function readOptions(): MtaOptions {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', default: 'anchorite' },
      zones: { type: 'string' },
      programs: { type: 'string', default: mailProgramIds.join(',') },
      only: { type: 'string' },
      record: { type: 'string' },
    },
  });
  if (!isSubjectKind(values.subject)) throw new Error(`no such subject: ${values.subject}`);
  const wanted = values.programs.split(',');
  return {
    subject: values.subject,
    zonesFolder: values.zones,
    // Only Anchorite has the table.
    programs: mailProgramIds.filter(
      (id) => wanted.includes(id) && (id !== 'postfix-table' || values.subject === 'anchorite'),
    ),
    cases: mailCases.filter(({ domain }) => domain === (values.only ?? domain)),
    record: values.record,
  };
}

const skipped = await whyNotHere();
if (skipped === undefined) {
  process.exitCode = (await runAll(readOptions())) ? 0 : 1;
} else {
  console.log(`mta: SKIPPED: ${skipped}\n0 passed, 0 failed`);
}
