/** The commands of `anchorite`, as data: the parser, the help and the dispatch read this table. */
import { FLAGS, type FlagDescription } from '../config/index.js';
import { type Command, EXIT, type Flag } from './command.js';
import { keepHeapSmall } from './memory.js';

function settingFlag(setting: FlagDescription): Flag {
  const { name, description, placeholder, repeatable, fallback, group } = setting;
  return { name, description, placeholder, repeatable, fallback, group };
}

const settingFlags = FLAGS.map(settingFlag);

const configFlag: Flag = {
  name: 'config',
  placeholder: 'FILE',
  description: 'Configuration file (YAML); flags override it.',
};

const labFlags: readonly Flag[] = [
  { name: 'lab', description: 'Run on the built-in signed Internet instead of the real one.' },
  {
    name: 'lab-delay',
    placeholder: 'MS',
    description: 'One-way delay of each packet in the lab, in milliseconds.',
  },
  {
    name: 'lab-loss',
    placeholder: 'PERCENT',
    description: 'Share of packets that the lab loses.',
  },
];

/** A single look-up listens nowhere and is one process. */
const resolveSettings = settingFlags.filter(
  ({ group, name }) => group !== 'listening' && !['workers', 'log-queries'].includes(name),
);

const RESOLVE_EPILOGUE = `Exit status:
  ${EXIT.ok}  the answer, or the proof that there is none, is secure
  ${EXIT.insecure}  insecure: there is proof that the zone is not signed
  ${EXIT.bogus}  bogus: signatures or proofs are missing or wrong
  ${EXIT.noAnswer}  no answer: servers do not answer, or the verdict is indeterminate
  ${EXIT.usage}  the command line or the configuration is wrong
  ${EXIT.failure}  anything else
With --server, secure means that the server set the AD bit; whether to believe it is up to you.`;

const DOCTOR_EPILOGUE = `Exit status:
  ${EXIT.ok}  nothing wrong was found
  ${EXIT.failure}  something was found: what, why it matters for mail, and the line that repairs it
  ${EXIT.usage}  the command line or the configuration is wrong`;

const DANE_EPILOGUE = `Exit status:
  ${EXIT.ok}  MX validated, every server to be authenticated; with --connect, each of them was
  ${EXIT.insecure}  mail can be delivered, but the MX or a server cannot be authenticated
  ${EXIT.bogus}  with --connect: a server was refused, or could not be reached
  ${EXIT.noAnswer}  mail has to wait: look-ups failed
  ${EXIT.noMail}  the domain takes no mail
  ${EXIT.usage}  the command line or the configuration is wrong
  ${EXIT.failure}  anything else`;

export const COMMANDS: readonly Command[] = [
  {
    path: 'serve',
    summary: 'Run the resolver as a daemon.',
    positionals: [],
    flags: [
      configFlag,
      ...labFlags,
      { name: 'suggest', description: 'Print a command to try when ready.', hidden: true },
      ...settingFlags,
    ],
    load: async () => {
      // Before so much is loaded that stays, and makes V8 expect that more will.
      keepHeapSmall();
      return (await import('./serve.js')).serve;
    },
  },
  {
    path: 'resolve',
    summary: 'Resolve and validate one name, without a server.',
    positionals: [
      { name: 'NAME', description: 'Domain name.', required: true },
      { name: 'TYPE', description: 'Record type; A when it is not given.', required: false },
    ],
    flags: [
      { name: 'trace', description: 'Show the walk: each server, zone cut, key and signature.' },
      { name: 'json', description: 'Print the result as JSON.' },
      {
        name: 'server',
        placeholder: 'ADDRESS[:PORT]',
        description: 'Ask this running server instead.',
      },
      configFlag,
      ...labFlags,
      ...resolveSettings,
    ],
    epilogue: RESOLVE_EPILOGUE,
    load: async () => (await import('./resolve.js')).resolve,
  },
  {
    path: 'why',
    summary: 'Say why a name is bogus or insecure, since when, and what to do about it.',
    positionals: [
      { name: 'NAME', description: 'Domain name.', required: true },
      {
        name: 'TYPE',
        description: 'Record type; TLSA below _tcp, otherwise MX, when it is not given.',
        required: false,
      },
    ],
    flags: [
      { name: 'letter', description: "Print a letter to the zone's contact, and nothing else." },
      { name: 'json', description: 'Print the explanation as JSON.' },
      configFlag,
      ...labFlags,
      ...resolveSettings,
    ],
    epilogue: RESOLVE_EPILOGUE.replace(/\nWith --server.*$/s, ''),
    load: async () => (await import('./why.js')).why,
  },
  {
    path: 'doctor',
    summary: 'Find what is wrong between the mailer on this host and its resolver.',
    positionals: [],
    flags: [
      { name: 'json', description: 'Print the findings as JSON.' },
      {
        name: 'root',
        placeholder: 'FOLDER',
        description: "Read the host's files below this folder, such as a container's root.",
      },
      {
        name: 'server',
        placeholder: 'ADDRESS[:PORT]',
        description: 'Ask this resolver instead of those in resolv.conf.',
      },
      { name: 'offline', description: 'Look at files only; ask nobody.' },
      configFlag,
      ...settingFlags.filter(({ group }) => group === 'trust' || group === 'resolution'),
    ],
    epilogue: DOCTOR_EPILOGUE,
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    path: 'dane',
    summary: 'Say what a mailer that does DANE has to do with mail for a domain.',
    positionals: [{ name: 'DOMAIN', description: 'Mail domain.', required: true }],
    flags: [
      { name: 'port', placeholder: 'PORT', description: 'Port of the servers; 25.' },
      { name: 'host', description: 'DOMAIN is a host: no MX look-up.' },
      { name: 'json', description: 'Print the decision as JSON.' },
      {
        name: 'connect',
        description:
          'Connect to the servers, and check STARTTLS (on port 465: TLS) and their certificates.',
      },
      {
        name: 'connect-to',
        placeholder: 'ADDRESS[:PORT]',
        description: 'Connect here in place of the addresses of the servers.',
      },
      configFlag,
      ...labFlags,
      ...resolveSettings,
    ],
    epilogue: DANE_EPILOGUE,
    load: async () => (await import('./dane.js')).dane,
  },
  {
    path: 'config check',
    summary: 'Check a configuration file and the files that it names.',
    positionals: [{ name: 'FILE', description: 'Configuration file (YAML).', required: true }],
    flags: [],
    load: async () => (await import('./config-commands.js')).checkConfig,
  },
  {
    path: 'config show',
    summary: 'Print the effective configuration as YAML.',
    positionals: [],
    flags: [configFlag, ...settingFlags],
    load: async () => (await import('./config-commands.js')).printConfig,
  },
  {
    path: 'lab list',
    summary: 'Say what each domain of the lab shows and what to expect.',
    positionals: [],
    flags: [{ name: 'json', description: 'Print the list as JSON.' }],
    load: async () => (await import('./lab-list.js')).listLab,
  },
  {
    path: 'bench',
    summary: 'Run the benchmark, from a checkout (see bench/).',
    positionals: [],
    flags: [],
    passesThrough: true,
    load: async () => (await import('./bench.js')).bench,
  },
];
