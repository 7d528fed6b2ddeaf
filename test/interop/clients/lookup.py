"""Asks with Python: dnspython, which can see AD, or the system's resolver through socket.

    lookup.py dnspython|socket NAME TYPE [tcp|truncated]

Prints "rcode R ad A answers N over udp|tcp", "addresses N" or "error: why".
"""

import socket
import sys

how, name, rdtype, *more = sys.argv[1:]
server = [line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver")][0]

if how == "socket":
    try:
        print("addresses", len(socket.gethostbyname_ex(name)[2]))
    except OSError as error:
        print("error:", error)
else:
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode

    small = more == ["truncated"]
    query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=512 if small else 1232)
    if more == ["tcp"]:
        reply, transport = dns.query.tcp(query, server, timeout=10), "tcp"
    else:
        reply, used_tcp = dns.query.udp_with_fallback(query, server, timeout=10)
        transport = "tcp" if used_tcp else "udp"
    records = [rrset for rrset in reply.answer if rrset.rdtype != dns.rdatatype.RRSIG]
    print(
        "rcode", dns.rcode.to_text(reply.rcode()),
        "ad", int(bool(reply.flags & dns.flags.AD)),
        "answers", sum(len(rrset) for rrset in records),
        "over", transport,
    )
