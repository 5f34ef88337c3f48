package exchange

import (
	"os"
	"testing"
)

// Every reader has its fuzz target; testdata are its seeds. What is accepted must
// be a model that can be written.

func fuzz(f *testing.F, format Format, o Options) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range files {
		if !e.IsDir() {
			f.Add(testdata(f, e.Name()))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o.Format = format
		attempt(t, "fuzz", text, o)
	})
}

func FuzzDetected(f *testing.F)     { fuzz(f, "", Options{}) }
func FuzzDimodJSON(f *testing.F)    { fuzz(f, DimodJSON, Options{}) }
func FuzzBQM(f *testing.F)          { fuzz(f, DimodBQM, Options{}) }
func FuzzCOO(f *testing.F)          { fuzz(f, COO, Options{Vartype: BINARY}) }
func FuzzGSet(f *testing.F)         { fuzz(f, GSet, Options{}) }
func FuzzQUBO(f *testing.F)         { fuzz(f, QUBO, Options{}) }
func FuzzUAI(f *testing.F)          { fuzz(f, UAI, Options{Floor: 1e-6}) }
func FuzzEdges(f *testing.F)        { fuzz(f, Edges, Options{Once: true}) }
func FuzzMatrixMarket(f *testing.F) { fuzz(f, MatrixMarket, Options{Couplings: true}) }

// FuzzEvidence reads evidence for a good network.
func FuzzEvidence(f *testing.F) {
	for _, s := range []string{"2 3 1 4 1", "1\n2 3 1 4 1", "0", "1 0", "2 3 1 3 1", "-1 99999999999999999999"} {
		f.Add([]byte(s))
	}
	network := testdata(f, "burglary.uai")
	f.Fuzz(func(t *testing.T, text []byte) {
		attempt(t, "burglary.uai", network, Options{Evidence: append([]byte{}, text...), EvidenceName: "evid"})
	})
}
