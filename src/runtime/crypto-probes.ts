/**
 * One known-good signature per algorithm, made with throw-away keys over the word below. A crypto
 * library that does not accept them cannot do that algorithm, whatever its version says: system
 * policies switch algorithms off without a trace.
 */
export const PROBED_DATA = 'anchorite';

export interface CryptoProbe {
  readonly algorithm: number;
  /** base64 of the DNSKEY public key field and of the RRSIG signature field. */
  readonly publicKey: string;
  readonly signature: string;
}

const RSA_2048_KEY =
  'AwEAAc1xSh7TzUj2Z9JLGB0FRyR/k30vVNFpDKxPjMjFhGudoWNdRHThtyaoJBRgB0FNPU+wfLb8oFBE+7ca2KAX' +
  'GBT4MJ+NGtjtuSr8e5wT0xqwUukIJV1WyOatpAHOcASP6vg2v5Vy17Df+nkbI5R4RAdOqPsArh+NVpcxL2NPNV78' +
  'mLLgvIczp9ZNgltri86p964SqL1xDUlyqQAN9QgU3109YY4UT+PZ+fg4+YhZtGgdl9U/lLJSHd9J6b1AJEb2V7X/' +
  'aA2IGfKhDG6flNMsj+eeeXDrGNovENRYjFBV4qneV9NEEDuLBPvp2WwPFAzBd6yB9Afq/nJF9njt4YSm3B8=';

const RSA_SHA1_SIGNATURE =
  'gTB+x64iY+5lChQJMkpm3VCJ82oH3vcUJgJ00LXtZl9VrQUjLjEWh9S0skF/L4mDERCWIAOCAOQWu3FJJVr9nVOl' +
  'WaonbVRigr+6Eej+YEcUL+Ttm0uePfTqFWiz0QUrBvKTgYJ5wNf+kW8+xH4mnZ/PIOcjSf3dsTZgGcWcGriHdqso' +
  'Gdnni+S5xKF9KV2To/rV0NHdWhoB7UyEEi3b4kXn+MMa5LFDY1a8z2s1yAb/vBvwGXvBRw2GRRcWuA7qXI8ZAg8h' +
  'zwCNQ7+6+3TH0x/PvBJxDkXIgOH5lY28qlnZ6yaog4VrQLVmd37wPhQFgx8vQVbVGhV2aiWKkD72ZA==';

export const CRYPTO_PROBES: readonly CryptoProbe[] = [
  { algorithm: 5, publicKey: RSA_2048_KEY, signature: RSA_SHA1_SIGNATURE },
  { algorithm: 7, publicKey: RSA_2048_KEY, signature: RSA_SHA1_SIGNATURE },
  {
    algorithm: 8,
    publicKey: RSA_2048_KEY,
    signature:
      'nNVUkh8LbRtgjJAU5e3QX0SKcDePuhSjSWFYM6kDMmdk5b5dPNdUaDCK+x9kuZ1K3jwBkHrDepaaFkTpxyKoaNOv' +
      'cawLU4oRO6R3ISMBKG6ppxQAdT91oNkN/6vJzyPCtuK0eHVURMsB69K53tXh8CsK3fhByQ3VangsRTtX0qs/O07m' +
      'z3VPAyW4UySy/2pWlAhz7mZb5S346Lu0aNVzyOhMwmZCxWuin91LDDhuzthvv20JjX/t4ttf+lPUEzlO5t+/jtup' +
      'hUb1ocEsd8DGaobEjZcFxQ26+k97qoXnTddICSvrRGvQFCIMmkNN1+RlMPmUWB3N+XcpDshnOGCV4Q==',
  },
  {
    algorithm: 10,
    publicKey: RSA_2048_KEY,
    signature:
      'jFquhARJs3+3+Gc7FteS0wE/jNwULxL7Lsl71eEL8khZwyCroNRsG4KmhMXyZgxcZ+/Ja7wlxphUyZU8JxLlQBQJ' +
      'KXnudD7RKr2yco/BkYfSdh4AnyleChXOoxAuwAzV5UciS8tV1mikL8l2/jwWEJD0vagsX5kNTdRRp7uFENDmK2kl' +
      'ZrjoYBgTkrldn/UdoiQjEnAJEi4tRwCOKBk7/XzVNoNUUvwGJFLfREWo+Cblee1U38mPy6IteLGwvsk8ppOd6VPZ' +
      'jBZuz4D9ab1ZXY1weC3optrUZ9IEL/+F+BYUKbXkos0FtX274TQau9zX5HaWGJs7iGg6FA/rGAa32g==',
  },
  {
    algorithm: 13,
    publicKey:
      'J9U1Y6ATRZlZAaSjlGyQu6PrzmUzac3PCZgzlzqkrTFfS3mOtgxI0u0hkPSMt5Q2uVCkbUffaKYnxn7aEaGExg==',
    signature:
      '3NenvA6EkqBcrIl/+sDom1lnu+aycTp3cCUz7r8OyRdtbIkBvfSca7FL9HBpXDqI1oT+VlJbLbEkzOqAB8wHig==',
  },
  {
    algorithm: 14,
    publicKey:
      '1J7/gfJXejNQlFmjjpCJ+q6HCTBDjlc0oZgRCgF+hPVh45bKNjEhCdzv9AQVRI87u1aq7D9vezSp7H27aJqDl2cq' +
      'gYEWmpXPKuJC+hifsh0pPgY9bi5DQC86lkWFcc1s',
    signature:
      '2SbzSBG7FS1Y+WZ+E1cjNoRHba+edt7YM9Gm8On+gkwNM0mZMLDAYTpVXVOPmiR5th4aQGDTm/MetaEgZyHR3v1k' +
      'BGZckfTJYlyc1rzqDGv2HV5KFVWsv2uphzI9WPAa',
  },
  {
    algorithm: 15,
    publicKey: 'LMU21TrQnjTcr36T616KX03c5mCgFHiL2XqGOXmRRm8=',
    signature:
      'FVoWHf4Ri8wqxLN8UQazaGquD24iy6w57FXcfOdonetLz7ejJOKqm5f/BqoCW3YEb29C2qAXwuRg1b8Kdpz2Bg==',
  },
  {
    algorithm: 16,
    publicKey: '5HaEEX/Ixmc3pMEpB0eU4Yqjie0DCVnRgWQdkcB7YTIXvQuSJOBD/1vERPNqN0aHVU61/DnVoNWA',
    signature:
      'v2NKNQsDOQw4BiNuiRD5SZIss2e7RZJ2i99zyrv0qA2hfoVQc9rh2ZOrIM1GVV8Cwi+1vOX8LOwAs2xiNDHmqHiU' +
      'TillLr/9u3/MMLqJBMf+SQyIp8LLR4r4TvpD7sOb+0BfCUXVxrY9oyNsHmHgeA4A',
  },
];
