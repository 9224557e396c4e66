// Cutter is a TCP proxy that cuts connections on which nothing has passed for a while, as many boxes do.
//
//	go run .ci/programs/cutter.go 127.0.0.1:7072 127.0.0.1:7070 12s
package main

import (
	"io"
	"log"
	"net"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: cutter LISTEN TO AFTER")
	}
	after, err := time.ParseDuration(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(client, os.Args[2], after)
	}
}

func serve(client net.Conn, to string, after time.Duration) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	cut := time.AfterFunc(after, func() { client.Close(); server.Close() })
	defer cut.Stop()
	go carry(client, server, func() { cut.Reset(after) })
	carry(server, client, func() { cut.Reset(after) })
}

func carry(from, to net.Conn, passed func()) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			passed()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				from.Close()
			}
			return
		}
	}
}
