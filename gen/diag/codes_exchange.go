package diag

// The codes of problems of files in the formats of other programs, and of models
// that such a format cannot hold.
const (
	UnknownFormat = "unknown-format" // a file whose format is not recognised
	BadHeader     = "bad-header"     // a first line or header that is not the format's
	BadLine       = "bad-line"       // a line with the wrong number of fields
	BadCount      = "bad-count"      // more or fewer entries than announced
	BadNode       = "bad-node"       // a node that is not among those announced
	BadLabel      = "bad-label"      // a label of a variable that cannot be one
	SelfPair      = "self-pair"      // a node joined to itself
	Asymmetric    = "asymmetric"     // a matrix that differs from its transpose
	NoVartype     = "no-vartype"     // SPIN or BINARY is not said
	ZeroWeight    = "zero-weight"    // a probability of 0, which no finite energy has
	Truncated     = "truncated"      // a file that ends too early
	NotExported   = "not-exported"   // a model that a format cannot hold
)
