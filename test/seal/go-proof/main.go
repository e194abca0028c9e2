// readproof checks a proof of one event with torchwood, which knows nothing of Playtrail:
//
//	readproof <file with the log's verifier key> <tlog-proof file> <entry file>
//
// It sees neither the log nor any other entry, and prints "ok" if the key signed a tree that the entry is in.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(os.Args[1]))))
	check(err)
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(verifier.Name()), torchwood.SingleVerifierPolicy(verifier))
	check(torchwood.VerifyProof(policy, tlog.RecordHash(read(os.Args[3])), read(os.Args[2])))
	fmt.Println("ok")
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
