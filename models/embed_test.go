package models

import (
	"bytes"
	"io/fs"
	"testing"
)

func TestEveryModelIsNamedAfterItsFile(t *testing.T) {
	names := Names()
	if len(names) < 8 {
		t.Fatalf("only %v are embedded", names)
	}
	for _, name := range names {
		text, err := fs.ReadFile(FS(), name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte("# ")) {
			t.Errorf("%s: the first line does not say what the model is", name)
		}
		if !bytes.Contains(text, []byte("\nmodel: ")) {
			t.Errorf("%s: no model key", name)
		}
	}
}
