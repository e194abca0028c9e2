// readlog reads a log with the tools of Go's checksum database, which know nothing of Playtrail:
//
//	readlog <folder or URL of the log> <file with verifier keys> [tlog-proof file, entry file]...
//
// It checks the signature, every leaf, tile and the root, and proofs of its own making, and prints
// "ok <size> <root>". The pairs are proofs of the log's making, with the entries that they prove.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8
const tileWidth = 1 << tileHeight

func main() {
	log.SetFlags(0)
	root, keyFile, proofs := os.Args[1], os.Args[2], os.Args[3:]
	verifiers := readVerifiers(keyFile)
	tree := openCheckpoint(read(root, "checkpoint"), verifiers)
	reader := tlog.TileHashReader(tree, tiles{root, tree.N})
	checkEntries(root, tree)
	checkLeaves(tree, reader)
	checkTrees(tree, reader)
	for i := 0; i+1 < len(proofs); i += 2 {
		checkProof(proofs[i], proofs[i+1], verifiers)
	}
	fmt.Println("ok", tree.N, tree.Hash)
}

func readVerifiers(path string) note.Verifiers {
	text, err := os.ReadFile(path)
	check(err)
	var verifiers []note.Verifier
	for _, line := range strings.Fields(string(text)) {
		verifier, err := note.NewVerifier(line)
		check(err)
		verifiers = append(verifiers, verifier)
	}
	return note.VerifierList(verifiers...)
}

// openCheckpoint fails unless all verifiers that are known to it signed.
func openCheckpoint(text []byte, verifiers note.Verifiers) tlog.Tree {
	opened, err := note.Open(text, verifiers)
	check(err)
	lines := strings.Split(opened.Text, "\n")
	require(len(lines) == 4 && lines[3] == "", "the checkpoint has three lines")
	require(opened.Sigs[0].Name == lines[0], "the checkpoint is signed in the name of its origin")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err)
	require(len(root) == tlog.HashSize, "the root has 32 bytes")
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}
}

// tiles reads tiles where https://c2sp.org/tlog-tiles has them; tlog's own layout is an older one.
type tiles struct {
	root string
	size int64
}

func (t tiles) Height() int { return tileHeight }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data := read(t.root, path(strconv.Itoa(tile.L), tile.N, tile.W))
		require(len(data) == tile.W*tlog.HashSize, "a tile has as many hashes as its name says")
		all = append(all, data)
	}
	return all, nil
}

func path(level string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < tileWidth {
		name += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + level + "/" + name
}

// checkEntries makes the tree anew of the entries.
func checkEntries(root string, tree tlog.Tree) {
	var stored storedHashes
	for n := int64(0); n < tree.N; {
		width := int(min(tileWidth, tree.N-n))
		bundle := read(root, path("entries", n/tileWidth, width))
		for i := 0; i < width; i++ {
			require(len(bundle) >= 2, "a bundle has as many entries as its name says")
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			require(len(bundle) >= length, "an entry is as long as the bundle says")
			hashes, err := tlog.StoredHashes(n, bundle[2:length], stored)
			check(err)
			stored = append(stored, hashes...)
			bundle = bundle[length:]
			n++
		}
		require(len(bundle) == 0, "nothing is behind the entries of a bundle")
	}
	hash, err := tlog.TreeHash(tree.N, stored)
	check(err)
	require(hash == tree.Hash, "the entries give the root")
}

type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		hashes = append(hashes, s[index])
	}
	return hashes, nil
}

// checkLeaves reads every leaf hash through the tiles, which the reader checks against the root, and proves some.
func checkLeaves(tree tlog.Tree, reader tlog.HashReader) {
	const step = 1 << 12
	for first := int64(0); first < tree.N; first += step {
		var indexes []int64
		for n := first; n < min(first+step, tree.N); n++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n))
		}
		_, err := reader.ReadHashes(indexes)
		check(err)
	}
	for _, n := range []int64{0, 1, 254, 255, 256, 65535, 65536, tree.N / 2, tree.N - 1} {
		if n < 0 || n >= tree.N {
			continue
		}
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		check(err)
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, n, hashes[0]))
	}
}

// checkTrees proves that the log grew out of smaller ones.
func checkTrees(tree tlog.Tree, reader tlog.HashReader) {
	for _, n := range []int64{1, 2, 255, 256, 257, 65536, tree.N / 2, tree.N - 1, tree.N} {
		if n < 1 || n > tree.N {
			continue
		}
		old, err := tlog.TreeHash(n, reader)
		check(err)
		proof, err := tlog.ProveTree(tree.N, n, reader)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, n, old))
	}
}

// checkProof checks a file of https://c2sp.org/tlog-proof.
func checkProof(proofFile, entryFile string, verifiers note.Verifiers) {
	text, err := os.ReadFile(proofFile)
	check(err)
	entry, err := os.ReadFile(entryFile)
	check(err)
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	require(found, "a proof has a checkpoint behind an empty line")
	lines := strings.Split(head, "\n")
	require(len(lines) >= 2 && lines[0] == "c2sp.org/tlog-proof@v1", "a proof says what it is")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check(err)
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		check(err)
		proof = append(proof, hash)
	}
	tree := openCheckpoint([]byte(checkpoint), verifiers)
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
}

func read(root, path string) []byte {
	if !strings.HasPrefix(root, "http") {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		check(err)
		return data
	}
	response, err := http.Get(root + "/" + path)
	check(err)
	defer response.Body.Close()
	require(response.StatusCode == http.StatusOK, path+" is served: "+response.Status)
	data, err := io.ReadAll(response.Body)
	check(err)
	return data
}

func require(holds bool, what string) {
	if !holds {
		log.Fatal("not so: ", what)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
