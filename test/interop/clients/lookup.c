/*
 * Asks as a program in C asks, with whichever C library it is linked to.
 *   lookup address NAME        getaddrinfo, IPv4: "addresses N" or "error: why"
 *   lookup records NAME TYPE   res_mkquery and res_send: "rcode R ad A tc T answers N" or "failed";
 *                              with `truncated`, content with a truncated answer; with an
 *                              address, asked of that server (glibc only)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int addresses(const char *name) {
  struct addrinfo hints, *all, *one;
  int count = 0, status;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  status = getaddrinfo(name, NULL, &hints, &all);
  if (status != 0) {
    printf("error: %s\n", gai_strerror(status));
    return 0;
  }
  for (one = all; one != NULL; one = one->ai_next) count += 1;
  printf("addresses %d\n", count);
  freeaddrinfo(all);
  return 0;
}

static int records(const char *name, int type, const char *how) {
  static unsigned char query[512], answer[65536];
  int asked, length;
  if (res_init() != 0) return 1;
  if (strcmp(how, "truncated") == 0) _res.options |= RES_IGNTC;
  else if (*how != 0) inet_pton(AF_INET, how, &_res.nsaddr_list[0].sin_addr);
  asked = res_mkquery(QUERY, name, C_IN, type, NULL, 0, NULL, query, sizeof query);
  if (asked < 0) return 1;
  length = res_send(query, asked, answer, sizeof answer);
  if (length < 12) {
    printf("failed\n");
    return 0;
  }
  /* RFC 1035 4.1.1, RFC 4035 3.2.3: flags and counts of the header. */
  printf("rcode %d ad %d tc %d answers %d\n", answer[3] & 15, answer[3] >> 5 & 1,
         answer[2] >> 1 & 1, answer[6] << 8 | answer[7]);
  return 0;
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "address") == 0) return addresses(words[2]);
  if (count >= 4 && strcmp(words[1], "records") == 0) {
    return records(words[2], atoi(words[3]), count > 4 ? words[4] : "");
  }
  return 2;
}
