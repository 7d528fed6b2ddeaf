/**
 * RFC 5702 §6, RFC 6605 §6 and RFC 8080 §6: the keys, DS records and signatures that stand there,
 * through both crypto providers, and the same with one bit changed.
 */
import t from 'tap';
import { digestMatches } from '../../../src/dnssec/digests.js';
import { keyTag } from '../../../src/dnssec/index.js';
import { groupRRsets, parseDs, RRType } from '../../../src/wire/index.js';
import { name } from '../../dnssec/signed-zone.js';
import { PROVIDERS, recordsOf, tampered, WorkedExample } from './worked-example.js';

interface Example {
  readonly section: string;
  readonly zone: string;
  readonly time: string;
  readonly tag: number;
  readonly text: string;
}

const EXAMPLES: readonly Example[] = [
  {
    section: 'RFC 5702 §6.1: RSASHA256',
    zone: 'example.net',
    time: '20100101000000',
    tag: 9033,
    text: `example.net. 3600 IN DNSKEY ( 256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2
        Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk= )
      www.example.net. 3600 IN A 192.0.2.91
      www.example.net. 3600 IN RRSIG ( A 8 3 3600 20300101000000 20000101000000 9033 example.net.
        kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==
        )`,
  },
  {
    section: 'RFC 5702 §6.2: RSASHA512',
    zone: 'example.net',
    time: '20100101000000',
    tag: 3740,
    text: `example.net. 3600 IN DNSKEY ( 256 3 10 AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLr
        oROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpz
        tNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL )
      www.example.net. 3600 IN A 192.0.2.91
      www.example.net. 3600 IN RRSIG ( A 10 3 3600 20300101000000 20000101000000 3740 example.net.
        tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYg
        ZBWm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw= )`,
  },
  {
    section: 'RFC 6605 §6.1: ECDSA P-256',
    zone: 'example.net',
    time: '20100820000000',
    tag: 55648,
    text: `example.net. 3600 IN DNSKEY ( 257 3 13
        GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==
        )
      example.net. 3600 IN DS 55648 13 2 (
        b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17 )
      www.example.net. 3600 IN A 192.0.2.1
      www.example.net. 3600 IN RRSIG ( A 13 3 3600 20100909100439 20100812100439 55648 example.net.
        qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==
        )`,
  },
  {
    section: 'RFC 6605 §6.2: ECDSA P-384',
    zone: 'example.net',
    time: '20100820000000',
    tag: 10771,
    text: `example.net. 3600 IN DNSKEY ( 257 3 14
        xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8
        /uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40 )
      example.net. 3600 IN DS 10771 14 4 (
        72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0
        563a9b5f4d288405c3008a946df983d6 )
      www.example.net. 3600 IN A 192.0.2.1
      www.example.net. 3600 IN RRSIG ( A 14 3 3600 20100909102025 20100812102025 10771 example.net.
        /L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuz
        WTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm )`,
  },
  {
    section: 'RFC 8080 §6.1: Ed25519, first',
    zone: 'example.com',
    time: '20150805000000',
    tag: 3613,
    text: `example.com. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=
      example.com. 3600 IN DS 3613 15 2 (
        3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b )
      example.com. 3600 IN MX 10 mail.example.com.
      example.com. 3600 IN RRSIG ( MX 15 2 3600 1440021600 1438207200 3613 example.com.
        oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==
        )`,
  },
  {
    section: 'RFC 8080 §6.1: Ed25519, second',
    zone: 'example.com',
    time: '20150805000000',
    tag: 35217,
    text: `example.com. 3600 IN DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=
      example.com. 3600 IN DS 35217 15 2 (
        401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c )
      example.com. 3600 IN MX 10 mail.example.com.
      example.com. 3600 IN RRSIG ( MX 15 2 3600 1440021600 1438207200 35217 example.com.
        zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==
        )`,
  },
  {
    section: 'RFC 8080 §6.2: Ed448, first',
    zone: 'example.com',
    time: '20150805000000',
    tag: 9713,
    text: `example.com. 3600 IN DNSKEY ( 257 3 16
        3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA )
      example.com. 3600 IN DS 9713 16 2 (
        6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7 )
      example.com. 3600 IN MX 10 mail.example.com.
      example.com. 3600 IN RRSIG ( MX 16 2 3600 1440021600 1438207200 9713 example.com.
        3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NBtOXf
        t0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA )`,
  },
  {
    section: 'RFC 8080 §6.2: Ed448, second',
    zone: 'example.com',
    time: '20150805000000',
    tag: 38353,
    text: `example.com. 3600 IN DNSKEY ( 257 3 16
        kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA )
      example.com. 3600 IN DS 38353 16 2 (
        645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4 )
      example.com. 3600 IN MX 10 mail.example.com.
      example.com. 3600 IN RRSIG ( MX 16 2 3600 1440021600 1438207200 38353 example.com.
        E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/9l4m0AsQ4f7qI1gVnM
        L8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3kUZmQ0YQUA )`,
  },
];

for (const { section, zone, time, tag, text } of EXAMPLES) {
  t.test(section, (t) => {
    const rrsets = groupRRsets(recordsOf(text.replaceAll(/^ +/gm, '')));
    const example = new WorkedExample(zone, rrsets, { time });
    const dnskey = example.get(zone, 'DNSKEY').rdatas[0]!;
    t.equal(keyTag(dnskey), tag);
    const signed = rrsets.find(({ signatures }) => signatures.length > 0)!;
    t.equal(example.answer(signed), 'secure');
    t.equal(example.answer(tampered(signed)), 'signature does not verify');
    for (const at of [30, 60]) {
      const rrsig = signed.signatures[0]!.slice();
      rrsig[rrsig.length - at] = rrsig[rrsig.length - at]! ^ 4;
      const flipped = { ...signed, signatures: [rrsig] };
      t.equal(example.answer(flipped), 'signature does not verify', `octet -${at}`);
    }
    const ds = rrsets.find(({ type }) => type === RRType.DS)?.rdatas[0];
    t.equal(ds === undefined, section.startsWith('RFC 5702'), 'only RFC 5702 has no DS records');
    for (const crypto of ds === undefined ? [] : PROVIDERS) {
      t.ok(digestMatches(parseDs(ds!)!, name(zone), dnskey, crypto), crypto.name);
      t.notOk(digestMatches(parseDs(ds!)!, name('other'), dnskey, crypto), crypto.name);
    }
    t.end();
  });
}
