// Asks with Go's own resolver: "addresses N", "mail hosts N" or "error: why".
//
//	lookup address|mail NAME [tcp]
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
)

func main() {
	resolver := &net.Resolver{PreferGo: true}
	if len(os.Args) > 3 {
		resolver.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, os.Args[3], address)
		}
	}
	name := os.Args[2]
	var count int
	var err error
	if os.Args[1] == "mail" {
		var found []*net.MX
		found, err = resolver.LookupMX(context.Background(), name)
		count = len(found)
	} else {
		var found []net.IP
		found, err = resolver.LookupIP(context.Background(), "ip4", name)
		count = len(found)
	}
	var failure *net.DNSError
	switch {
	case err == nil:
		fmt.Printf("found %d\n", count)
	case errors.As(err, &failure) && failure.IsNotFound:
		fmt.Println("error: not found")
	default:
		fmt.Printf("error: %v\n", err)
	}
}
