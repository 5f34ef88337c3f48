package diag

// The codes of problems. The list is closed: a layer that finds a new kind of
// problem adds it here, with what it means. Codes are words of the interface
// (scripts match them), so they are added and never renamed.
const (
	// The text of the file.
	Encoding       = "encoding"        // not UTF-8
	ControlChar    = "control-char"    // NUL, a control or an invisible direction character
	TooLarge       = "too-large"       // the file or a value in it passes a size limit
	EmptyFile      = "empty-file"      // nothing but blanks and comments
	Syntax         = "syntax"          // not YAML
	SecondDocument = "second-document" // more than one YAML document
	Alias          = "alias"           // an anchor, alias or merge key
	Tag            = "tag"             // a YAML tag such as !!float
	Depth          = "depth"           // nested too deeply

	// Keys and values.
	UnknownKey   = "unknown-key"   // a key the grammar does not have
	DuplicateKey = "duplicate-key" // a key written twice
	BadKey       = "bad-key"       // a key that is not plain text
	MissingKey   = "missing-key"   // a key that must be there
	Conflict     = "conflict"      // keys that exclude each other
	WrongType    = "wrong-type"    // a list where a number is due, and the like
	BadNumber    = "bad-number"    // not a number by the rules of the model file
	OutOfRange   = "out-of-range"  // a number outside what is allowed
	BadChoice    = "bad-choice"    // not one of a fixed set of words
	BadName      = "bad-name"      // not [a-z][a-z0-9_]*
	Duplicate    = "duplicate"     // the same thing declared twice
	Empty        = "empty"         // nothing where something is due
	Ragged       = "ragged"        // a nested list whose parts differ in shape
	BadReference = "bad-reference" // a reference that cannot be read
	BadPath      = "bad-path"      // a file name that is not allowed
	BadSet       = "bad-set"       // an assignment of --set that cannot be applied
	Length       = "length"        // a list of the wrong length
)
