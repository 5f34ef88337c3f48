// Package schema makes the JSON schema (draft 2020-12) of the model file, which
// editors use to complete keys, to explain them and to underline mistakes.
//
// The grammar of the model file is written down once: as the code of package
// spec that reads it. This package has no second copy of it. It asks the reader.
// At every place of a model file it tries values and looks whether they are
// taken:
//
//   - a key that no grammar has makes the reader list the keys there are;
//   - texts of several kinds, of which a name, a reference or a file name takes
//     some and not others, tell which of these stands there;
//   - numbers on both sides of every bound tell the range;
//   - lists of many lengths tell how long a list may be;
//   - mappings with some of the keys tell which keys need or exclude others: what
//     is missing the reader says, and what is added is tried in turn.
//
// Words of a fixed set are found among the words of the reader's messages, and
// every word counts only if the reader takes it. So the schema allows what the
// reader was seen to take, and a key that spec learns is in the schema as soon as
// it is made again:
//
//	go generate ./gen/schema
//
// Only the descriptions are written by hand, in describe.go. What no schema can
// say (a reference to a variable that is not there, weights of the wrong shape)
// is left to `thrmlgen check`.
package schema

//go:generate go test -run TestCheckedIn -update
